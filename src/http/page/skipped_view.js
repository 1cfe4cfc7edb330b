// What could not be read and was left out, each with why and what would be right.

import { element } from "./dom.js";
import { counted } from "./numbers.js";

export class SkippedView {
  constructor(page) {
    this.page = page;
    this.node = element("div", { class: "view page", tabindex: "-1" });
  }

  // Called when the values document changed.
  changed() {
    if (!this.node.hidden) this.tick();
  }

  statusChanged() {}

  tick() {
    const { problems, problemsTotal } = this.page;
    if (this.node.hidden || this.drawn === problems) return;
    this.drawn = problems;
    if (problems.length === 0) {
      this.node.replaceChildren(element("div", { class: "empty" }, element("h2", {}, "Nothing was skipped"),
        element("p", {}, "Everything that was found was read. A file, key or value that cannot be read is left out, named here with the reason, and everything else is served.")));
      return;
    }
    const more = problemsTotal - problems.length;
    const left = this.page.exporter.unread ? "Nothing else was found, so /metrics answers 503: no graph sees a drop to nothing."
      : "Everything else is served. The same list is at /readyz, and `weir check` shows more of each.";
    this.node.replaceChildren(
      element("p", { class: "lead" }, `${counted(problemsTotal, "thing")} could not be read as ${problemsTotal === 1 ? "it stands" : "they stand"}`,
        element("span", { class: "dim" }, left)),
      element("section", { class: "card panel" }, element("ul", { class: "problems" }, ...problems.map((problem) => element("li", {},
        element("div", {}, element("span", { class: "badge bad" }, problem.reason.replaceAll("_", " ")), " ", element("span", { class: "subject" }, problem.subject)),
        element("p", {}, problem.message))))),
      more > 0 ? element("p", { class: "dim" }, `and ${counted(more, "more", "more")}`) : "");
  }
}
