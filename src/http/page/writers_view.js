// Who writes: processes alive, ended, folded, and what became of them while one looked.

import { element, setText } from "./dom.js";
import { bytesText, clockText, counted, plainNumber, secondsText } from "./numbers.js";

const kMostEvents = 100;
const kMostRows = 500;
const kWhat = {
  alive: "its process runs",
  dead: "its process has ended; what it counted is kept",
  unknown: "this host cannot tell whether it lives",
  folded: "the past: what ended writers counted, added up",
};

export class WritersView {
  constructor(page) {
    this.page = page;
    this.before = null; // states by name
    this.events = [];
    this.lead = element("p", { class: "lead", "aria-live": "polite" });
    this.log = element("ul", { class: "events" });
    this.logPanel = element("section", { class: "card panel", hidden: true }, element("h3", {}, "Since this page is open"), this.log);
    this.body = element("tbody");
    this.head = element("tr");
    this.tablePanel = element("section", { class: "card panel" }, element("table", {}, element("thead", {}, this.head), this.body));
    this.empty = element("div", { class: "empty", hidden: true });
    this.node = element("div", { class: "view page", tabindex: "-1" }, this.lead, this.logPanel, this.tablePanel, this.empty);
  }

  note(text) {
    this.events.unshift({ time: Date.now() / 1000, text });
    this.events.length = Math.min(this.events.length, kMostEvents);
  }

  // Called at every status, seen or not: the log must not miss what happens meanwhile.
  statusChanged() {
    const { writers } = this.page.status;
    if (writers && writers.listed === writers.list.length) this.compare(writers.list);
    if (!this.node.hidden) this.tick();
  }

  compare(list) {
    const now = new Map(list.map((writer) => [writer.name, writer.state]));
    for (const [name, state] of this.before || []) {
      if (now.has(name) && now.get(name) !== state) {
        this.note(now.get(name) === "dead" ? `writer ${name} ended` : `writer ${name} is ${now.get(name)}, was ${state}`);
      } else if (!now.has(name)) {
        this.note(state === "dead" || state === "alive" ? `writer ${name} was folded or removed` : `${name} is gone`);
      }
    }
    for (const [name, state] of this.before ? now : []) if (!this.before.has(name)) this.note(state === "folded" ? "an archive holds the past now" : `writer ${name} came`);
    this.before = now;
  }

  tick() {
    const { status } = this.page;
    if (!status || this.node.hidden || this.drawn === status) return;
    this.drawn = status;
    const { writers } = status;
    this.tablePanel.hidden = !writers || writers.list.length === 0;
    this.empty.hidden = !this.tablePanel.hidden;
    if (!writers) {
      setText(this.lead, "");
      this.empty.replaceChildren(element("h2", {}, status.writers_error ? "The writers cannot be listed" : "Writers are not known"),
        element("p", {}, status.writers_error || "This source does not tell its writers apart."));
      return;
    }
    this.fillLead(writers);
    if (writers.list.length === 0) {
      this.empty.replaceChildren(element("h2", {}, "No writer yet"), element("p", {}, "No process has written here so far."),
        element("pre", {}, status.how_to_write));
      return;
    }
    this.fillTable(writers);
    this.logPanel.hidden = this.events.length === 0;
    this.log.replaceChildren(...this.events.map((event) => element("li", {}, element("time", {}, clockText(event.time)), event.text)));
  }

  fillLead({ alive, dead, unknown, folded }) {
    const parts = [`${plainNumber(alive)} alive`, dead ? `${plainNumber(dead)} dead` : "none dead"];
    if (unknown) parts.push(`${plainNumber(unknown)} unknown`);
    if (folded) parts.push("the past is in an archive");
    const fact = (name) => this.page.ownMetric(name);
    const moved = fact("weir_fold_files_total") ?? fact("weir_fold_sources_total");
    const note = moved ? `${counted(moved, "file or writer", "files or writers")} folded since the exporter started` : "";
    this.lead.replaceChildren(parts.join(" · "), element("span", { class: "dim" }, note));
  }

  // True when a file that could not be read carries its name.
  hasSkipped(name) {
    return this.page.problems.some(({ subject }) => subject.endsWith(`_${name}.db`));
  }

  fillTable({ list, alive, dead, unknown, folded }) {
    const all = alive + dead + unknown + folded;
    const files = list.some((writer) => writer.files);
    const values = list.some((writer) => writer.values);
    const hosts = list.some((writer) => writer.host);
    const lags = list.some((writer) => writer.last_flush_age);
    const columns = [["Writer", ""], ["State", ""], hosts && ["Host", ""], files && ["Files", "number"], files && ["In use", "number"],
      values && ["Values", "number"], lags && ["Last flush", "number"], ["", ""]].filter(Boolean);
    this.head.replaceChildren(...columns.map(([name, kind]) => element("th", { class: kind }, name)));
    const shown = list.slice(0, kMostRows);
    this.body.replaceChildren(...shown.map((writer) => element("tr", { class: writer.state },
      element("td", { class: "mono" }, writer.name),
      element("td", {}, element("span", { class: `badge ${writer.state}` }, writer.state),
        this.hasSkipped(writer.name) ? [" ", element("span", { class: "badge bad" }, "file skipped")] : null),
      hosts ? element("td", {}, writer.host || "") : null,
      files ? element("td", { class: "number" }, plainNumber(writer.files ?? null)) : null,
      files ? element("td", { class: "number" }, bytesText(writer.bytes ?? null)) : null,
      values ? element("td", { class: "number" }, plainNumber(writer.values ?? null)) : null,
      lags ? element("td", { class: "number" }, writer.last_flush_age ? `${secondsText(writer.last_flush_age)} ago` : "–") : null,
      element("td", { class: "dim wide-only" }, kWhat[writer.state]))));
    if (shown.length < all) {
      this.body.append(element("tr", {}, element("td", { colspan: columns.length, class: "dim" }, `and ${plainNumber(all - shown.length)} more`)));
    }
  }
}
