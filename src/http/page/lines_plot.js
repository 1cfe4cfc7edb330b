// Up to six series of one family as lines, the largest first, with what they are in words below.

import { countAt, ownLabels } from "./catalog.js";
import { element, icon, labelNodes, setText } from "./dom.js";
import { drawLines } from "./line_chart.js";
import { counted, formatOf, plainNumber, rateText } from "./numbers.js";
import { meanBetween, recentMean } from "./quantile.js";
import { colours, kDashes } from "./theme.js";

const kMostLines = 6;
const kRateSeconds = 10;

export class LinesPlot {
  // `lines`: [{metric, at, counting, mean}]: counting ones are shown as rates, means are a summary's sum by its count.
  constructor(history, family, lines, title) {
    this.history = history;
    this.family = family;
    this.all = lines;
    this.format = formatOf(family);
    this.canvas = element("canvas", { role: "img", "aria-label": `${title} of ${family.name} over time; the list below has the numbers` });
    this.legend = element("ul", { class: "legend" });
    this.more = element("span", { class: "dim" });
    this.node = element("section", {}, element("div", { class: "heading" }, element("h3", {}, title), this.more),
      element("div", { class: "plot" }, this.canvas), this.legend);
    this.pick();
  }

  now(line) {
    if (line.mean) return recentMean(this.history, countAt(line.metric));
    return line.counting ? this.history.meanRate(line.at, kRateSeconds) : this.history.value(line.at);
  }

  valueAt(line, poll) {
    if (line.mean) return meanBetween(this.history, countAt(line.metric), poll - 1, poll);
    return line.counting ? this.history.rate(line.at, poll) : this.history.value(line.at, poll);
  }

  // Chosen once, so that lines do not swap colours while one looks.
  pick() {
    const size = (line) => Math.abs(this.history.value(line.at)) || 0;
    this.lines = [...this.all].sort((a, b) => size(b) - size(a)).slice(0, kMostLines);
    this.more.textContent = this.all.length > kMostLines
      ? `${kMostLines} of ${counted(this.all.length, "metric")}; choose one in the list to see it alone` : "";
    this.numbers = this.lines.map(() => element("span", { class: "mono num" }));
    this.legend.replaceChildren(...this.lines.map((line, i) => {
      const stroke = icon(26, 8, ["M1 4H25"], { "stroke-dasharray": kDashes[i].join(" ") || "none", "stroke-linecap": "butt" });
      stroke.style.color = `var(--line-${i + 1})`;
      return element("li", {}, stroke, element("span", { class: "labels" }, labelNodes(ownLabels(line.metric), line.metric.sample)), this.numbers[i]);
    }));
  }

  tick() {
    if (this.history.length === 0 || !colours.lines) return;
    const counting = this.lines.some((line) => line.counting);
    drawLines(this.canvas, this.history, this.lines.map((line) => ({
      valueOf: (poll) => this.valueAt(line, poll) })),
    (value) => this.axis(value), counting);
    this.lines.forEach((line, i) => {
      if (line.mean) {
        setText(this.numbers[i], Number.isNaN(this.now(line)) ? "–" : `${this.format(this.now(line))}, the last minute`);
        return;
      }
      const speed = line.counting ? rateText(this.now(line), this.valueFormat(line)) : "";
      setText(this.numbers[i], `${this.valueFormat(line)(this.history.value(line.at))}${speed ? `  ·  ${speed}` : ""}`);
    });
  }

  // A summary's count is a number, whatever its unit.
  valueFormat(line) {
    return line.metric.bounds && !line.mean ? plainNumber : this.format;
  }

  axis(value) {
    return this.lines.some((line) => this.valueFormat(line) === plainNumber) ? plainNumber(value) : this.format(value);
  }
}
