// Who counted it: one family (or metric) writer by writer, asked for while it is open.

import { element, labelText, setText } from "./dom.js";
import { counted, formatOf, plainNumber } from "./numbers.js";

// An exporter reads files for it, so large families are asked for less often.
const kEverySeconds = 2;
const kEverySecondsOfMany = 10;
const kMany = 2000;
const kMostRows = 200;

// The last answer: moving through a family's metrics asks once, not for each.
const last = { path: "", at: 0, split: null };

// Whether a value of a writer belongs to a merged metric; a gauge of the mode `all` has its writer as a label once merged.
function belongs(share, labels) {
  let own = 0;
  for (const name in share.labels) {
    if (labels[name] !== share.labels[name]) return false;
    own += 1;
  }
  const names = Object.keys(labels).length;
  return names === own || (names === own + 1 && labels.pid === share.writer);
}

export class SplitTable {
  constructor(page, family, metric) {
    this.page = page;
    this.family = family;
    this.metric = metric;
    this.ending = { counter: "_total", histogram: "_count", summary: "_count" }[family.type];
    this.adds = this.ending !== undefined; // values of several writers are one sum
    this.body = element("tbody");
    this.note = element("span", { class: "dim" });
    this.table = element("table", { hidden: true }, element("thead", {}, element("tr", {}, element("th", {}, "Writer"), element("th", {}, "State"),
      element("th", { class: "number" }, family.type === "histogram" || family.type === "summary" ? "Observations" : "Value"),
      element("th", { class: "number" }, this.adds ? "Share" : ""), element("th", {}))), this.body);
    this.node = element("section", { class: "split" }, element("div", { class: "heading" }, element("h3", {}, "By writer"), this.note), this.table);
    this.path = `api/v1/split?family=${encodeURIComponent(family.name)}`;
    this.asked = 0;
    if (last.path === this.path) this.fill(last.split);
    else page.exporter.forget(this.path); // what another table was told, this one was not
  }

  every() {
    const many = last.path === this.path && last.split.shares.length > kMany;
    return (many ? kEverySecondsOfMany : kEverySeconds) * 1000;
  }

  tick() {
    if (performance.now() - this.asked > this.every()) this.ask();
  }

  async ask() {
    if (this.asking || this.page.isOld || this.page.exporter.unread) return; // its answer would be a failure too
    this.asked = performance.now();
    if (last.path === this.path && this.asked - last.at < this.every()) return;
    this.asking = true;
    try {
      const split = await this.page.exporter.ask(this.path);
      if (last.path === this.path || split) Object.assign(last, { path: this.path, at: this.asked, split: split || last.split });
      if (split) this.fill(split);
    } catch (error) {
      // The exporter's own banner tells when it is gone; this is about the split alone.
      setText(this.note, `not known now: ${error.message}`);
    }
    this.asking = false;
  }

  // Values of the chosen metric, or of all the family's where they add up.
  rowsOf(split) {
    const { metric, ending, adds } = this;
    const rows = new Map();
    for (const share of split.shares) {
      if (adds && !share.sample.endsWith(ending)) continue;
      if (metric && !belongs(share, metric.labels)) continue;
      const text = adds || metric ? "" : labelText(share.labels);
      const key = `${share.writer}\n${text}`;
      const row = rows.get(key) || { writer: share.writer, state: share.state, labels: text, value: 0 };
      row.value = adds ? row.value + Number(share.value) : Number(String(share.value).replace("Inf", "Infinity"));
      rows.set(key, row);
    }
    return [...rows.values()].sort((a, b) => b.value - a.value);
  }

  fill(split) {
    const rows = this.rowsOf(split);
    this.table.hidden = rows.length === 0;
    const cut = split.cut ? "; there are more than the exporter lists" : rows.length > kMostRows ? `; the ${kMostRows} largest are shown` : "";
    setText(this.note, !split.known ? "this source does not tell its writers apart"
      : rows.length === 0 ? "no writer has it now" : `${counted(new Set(rows.map((row) => row.writer)).size, "writer")}${cut}`);
    const size = (row) => Math.abs(row.value) || 0;
    const most = Math.max(...rows.map(size)) || 1;
    const sum = rows.reduce((total, row) => total + size(row), 0) || 1;
    const distribution = this.family.type === "histogram" || this.family.type === "summary";
    const format = distribution ? plainNumber : formatOf(this.family);
    this.body.replaceChildren(...rows.slice(0, kMostRows).map((row) => {
      const bar = element("i");
      bar.style.transform = `scaleX(${size(row) / (this.adds ? sum : most)})`; // a share of the whole, where there is one
      return element("tr", { class: row.state }, element("td", { class: "mono" }, row.writer, row.labels ? element("div", { class: "dim" }, row.labels) : null),
        element("td", {}, element("span", { class: `badge ${row.state}` }, row.state)),
        element("td", { class: "number" }, format(row.value)),
        element("td", { class: "number dim" }, this.adds ? `${((size(row) / sum) * 100).toFixed(size(row) / sum < 0.1 ? 1 : 0)} %` : ""), element("td", { class: "bar" }, element("div", { class: "meter" }, bar)));
    }));
  }
}
