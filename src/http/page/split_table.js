// Who counted it: one family (or metric) writer by writer, asked for while it is open.

import { element, labelText, setText } from "./dom.js";
import { counted, formatOf, plainNumber } from "./numbers.js";

const kEverySeconds = 2;
const kMostRows = 200;

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
    page.exporter.forget(this.path); // what another table was told, this one was not
    this.asked = 0;
  }

  tick() {
    if (performance.now() - this.asked > kEverySeconds * 1000) this.ask();
  }

  async ask() {
    if (this.asking || this.page.exporter.state === "lost") return;
    this.asked = performance.now();
    this.asking = true;
    try {
      const split = await this.page.exporter.ask(this.path);
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
    const wanted = metric ? labelText(metric.labels) : null;
    const rows = new Map();
    for (const share of split.shares) {
      if (adds && !share.sample.endsWith(ending)) continue;
      const text = adds && wanted === null ? "" : labelText(share.labels);
      // A gauge of the mode `all` has its writer as a label once it is merged.
      const matches = wanted === null || wanted === text || wanted === labelText({ ...share.labels, pid: share.writer });
      if (!matches) continue;
      const key = adds || metric ? share.writer : `${share.writer}\n${text}`;
      const row = rows.get(key) || { writer: share.writer, state: share.state, labels: adds || metric ? "" : text, value: 0 };
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
      bar.style.transform = `scaleX(${size(row) / most})`;
      return element("tr", { class: row.state }, element("td", { class: "mono" }, row.writer, row.labels ? element("div", { class: "dim" }, row.labels) : null),
        element("td", {}, element("span", { class: `badge ${row.state}` }, row.state)),
        element("td", { class: "number" }, format(row.value)),
        element("td", { class: "number dim" }, this.adds ? `${((size(row) / sum) * 100).toFixed(size(row) / sum < 0.1 ? 1 : 0)} %` : ""), element("td", { class: "bar" }, element("div", { class: "meter" }, bar)));
    }));
  }
}
