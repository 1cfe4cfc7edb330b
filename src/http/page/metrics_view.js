// The first view: search, the list of families and metrics, and what was chosen beside it.

import { DetailPane } from "./detail_pane.js";
import { element, setText } from "./dom.js";
import { fillRow, makeRow, rowHeight, rowsOf, tickRow } from "./metric_rows.js";
import { counted } from "./numbers.js";
import { VirtualList } from "./virtual_list.js";

const kRestMilliseconds = 80;

export class MetricsView {
  constructor(page) {
    this.page = page;
    this.words = "";
    this.input = element("input", { type: "search", placeholder: "Search names, labels, help", "aria-label": "Search metrics",
      "aria-keyshortcuts": "/", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
      oninput: () => this.search(this.input.value), onkeydown: (event) => this.onSearchKey(event) });
    this.found = element("output", { "aria-live": "polite" });
    this.list = new VirtualList({ label: "Metrics", heightOf: rowHeight, make: makeRow, fill: fillRow,
      tick: (row, item) => tickRow(row, item, page.history), onChoose: (item, enter) => this.choose(item, enter) });
    this.nothing = element("div", { class: "empty", hidden: true });
    this.detail = new DetailPane(page, () => this.close());
    this.left = element("div", { class: "left" }, element("div", { class: "search", role: "search" }, this.input, this.found), this.list.node,
      this.nothing);
    this.node = element("div", { class: "view metrics" }, this.left, this.detail.node);
  }

  // Another set of series, or the first.
  changed() {
    this.search(this.words);
    if (this.wanted) this.open(this.wanted);
    this.detail.refresh();
  }

  search(text) {
    this.words = text;
    if (this.input.value !== text) this.input.value = text;
    const found = this.page.catalog.search(text.toLowerCase().split(/\s+/).filter(Boolean));
    const items = rowsOf(found);
    const metrics = found.reduce((sum, one) => sum + one.metrics.length, 0);
    this.list.setItems(items);
    this.list.node.hidden = items.length === 0;
    this.nothing.hidden = items.length > 0;
    setText(this.found, items.length > 0 ? `${counted(found.length, "family", "families")}, ${counted(metrics, "metric")}` : "");
    if (items.length === 0) this.fillNothing();
    this.page.remember();
  }

  fillNothing() {
    const { catalog, status } = this.page;
    if (catalog.families.length > 0) {
      this.nothing.replaceChildren(element("h2", {}, "Nothing matches"),
        element("p", {}, `No family or label holds “${this.words}”. Every word must be found in a metric's name, type, help or labels.`),
        element("button", { class: "quiet", onclick: () => this.search("") }, "Clear the search"));
    } else if (!this.page.heard) {
      this.nothing.replaceChildren(element("p", {}, "Waiting for the exporter's first answer …"));
    } else if (this.page.exporter.unread) {
      this.nothing.replaceChildren(element("h2", {}, "Nothing could be read"), element("p", {}, this.page.exporter.unread.message),
        element("p", {}, "The exporter runs and tries again; metrics appear here by themselves."));
    } else {
      this.nothing.replaceChildren(element("h2", {}, "No writer yet"),
        element("p", {}, "The exporter runs and reads its source; no process has written a metric there so far."),
        status && status.how_to_write ? element("pre", {}, status.how_to_write) : null,
        element("p", {}, "Metrics appear here by themselves, within a second of being written."));
    }
  }

  // Moving on before the detail is drawn leaves it to where one stops: holding a key down must not stutter.
  choose(item, enter) {
    clearTimeout(this.showing);
    const show = () => {
      this.detail.show(item.family, item.isUnder ? item.metric : null);
      this.page.remember();
    };
    if (enter) show();
    else this.showing = setTimeout(show, kRestMilliseconds);
    // On narrow screens the detail takes the list's place: moving through the list must not.
    if (enter || !matchMedia("(max-width: 1000px)").matches) this.node.classList.add("open");
  }

  // By name, as an address names it.
  open(name) {
    const at = this.list.items.findIndex((item) => !item.isUnder && item.family.name === name);
    if (at < 0) return;
    this.wanted = null;
    if (this.detail.family && this.detail.family.name === name) return;
    this.list.choose(at, true);
  }

  close() {
    this.clear();
    this.list.node.focus();
    this.page.remember();
  }

  // Nothing is chosen.
  clear() {
    clearTimeout(this.showing);
    this.node.classList.remove("open");
    this.wanted = null;
    this.detail.show(null, null);
    this.list.markChosen(-1);
  }

  onSearchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.list.node.focus();
      if (this.list.chosenAt < 0) this.list.choose(0, event.key === "Enter");
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (this.input.value) this.search("");
      else this.list.node.focus();
    }
  }

  tick() {
    this.list.draw();
    this.list.tick();
    this.detail.tick();
  }

  statusChanged() {
    if (!this.nothing.hidden) this.fillNothing();
  }
}
