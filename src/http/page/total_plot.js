// The rate of a whole family of counters: its metrics added up, as one line.

import { element, setText } from "./dom.js";
import { drawLines } from "./line_chart.js";
import { counted, formatOf, rateText } from "./numbers.js";
import { SummedHistory } from "./summed_history.js";

const kRateSeconds = 10;

export class TotalPlot {
  constructor(history, family, metrics) {
    this.history = new SummedHistory(history, metrics);
    this.format = formatOf(family);
    this.canvas = element("canvas", { class: "low", role: "img", "aria-label": `Rate of all of ${family.name} over time` });
    this.now = element("dd");
    this.total = element("dd");
    this.node = element("section", {},
      element("div", { class: "heading" }, element("h3", {}, "All together, per second"), element("span", { class: "dim" }, counted(metrics.length, "metric"))),
      element("div", { class: "plot" }, this.canvas),
      element("dl", { class: "figures" }, element("div", {}, element("dt", {}, "now"), this.now), element("div", {}, element("dt", {}, "in all"), this.total)));
  }

  tick() {
    this.history.sync();
    if (this.history.length === 0) return;
    drawLines(this.canvas, this.history, [{ valueOf: (poll) => this.history.rate(0, poll) }], this.format, true);
    setText(this.now, rateText(this.history.meanRate(0, kRateSeconds), this.format) || "–");
    setText(this.total, this.format(this.history.last[0]));
  }
}
