// A histogram: heat map with quantiles, their figures, and the buckets as a table for those who would rather read.
//
// Several label sets of one family are added up: the sum of histograms with the same bounds is a histogram.

import { countAt } from "./catalog.js";
import { element, icon, setText } from "./dom.js";
import { drawHeat } from "./heat_map.js";
import { counted, formatOf, plainNumber, rateText } from "./numbers.js";
import { bucketGrowth, bucketTotals, kQuantiles, quantileOf } from "./quantile.js";
import { SummedHistory } from "./summed_history.js";
import { kDashes } from "./theme.js";

const kWindowSeconds = 60;

export class DistributionPlot {
  constructor(history, family, metrics) {
    const bounds = metrics[0].bounds.join();
    const alike = metrics.filter((metric) => metric.bounds.join() === bounds);
    this.history = new SummedHistory(history, alike);
    this.metric = { ...metrics[0], at: 0 };
    this.format = formatOf(family);
    this.canvas = element("canvas", { class: "tall", role: "img",
      "aria-label": `Heat map of ${family.name}: observations by bucket over time; figures and a table follow` });
    this.scale = element("div", { class: "scale" });
    this.figures = element("dl", { class: "figures" });
    this.table = element("tbody");
    const note = metrics.length === 1 ? "" : alike.length === metrics.length ? `the sum of ${counted(metrics.length, "metric")}`
      : `the sum of ${alike.length} of ${counted(metrics.length, "metric")}: the others have other buckets`;
    this.buckets = element("details", {}, element("summary", {}, "Buckets as a table"),
      element("table", {}, element("thead", {}, element("tr", {}, ...["Up to", "Last minute", "", "Since the beginning"].map((text, i) =>
        element("th", { class: i % 2 ? "number" : "" }, text)))), this.table));
    this.buckets.addEventListener("toggle", () => this.tick());
    this.node = element("section", {},
      element("div", { class: "heading" }, element("h3", {}, "Distribution over time"), element("span", { class: "dim" }, note)),
      element("div", { class: "plot" }, this.canvas), this.scale, this.figures, this.buckets);
    this.makeFigures();
  }

  makeFigures() {
    this.numbers = {};
    const add = (key, name, dash) => {
      this.numbers[key] = element("dd");
      const stroke = dash ? icon(18, 8, ["M1 4H17"], { "stroke-dasharray": dash.join(" ") || "none" }) : null;
      if (stroke) stroke.style.color = "var(--line-2)";
      this.figures.append(element("div", {}, element("dt", {}, stroke, name), this.numbers[key]));
    };
    kQuantiles.forEach((q, i) => add(q, `p${q * 100}`, kDashes[i]));
    add("mean", "mean");
    add("rate", "observations");
    add("count", "in all");
    this.most = element("span");
    this.scale.append(element("span", {}, "0"), element("span", { class: "steps" }, ...[0, 1, 2, 3, 4, 5].map((i) => {
      const step = element("i");
      step.style.background = `var(--heat-${i})`;
      return step;
    })), this.most);
  }

  tick() {
    this.history.sync();
    if (this.history.length === 0) return;
    const { history, metric, format } = this;
    const most = drawHeat(this.canvas, history, metric, format);
    setText(this.most, `${plainNumber(Number(most.toPrecision(2)))} observations a second in one bucket`);
    const end = history.length - 1;
    const begin = history.pollBefore(kWindowSeconds);
    const grown = bucketGrowth(history, metric, begin, end);
    const recent = grown && grown.some((count) => count > 0);
    const totals = bucketTotals(history, metric);
    const counts = recent ? grown : totals;
    for (const q of kQuantiles) setText(this.numbers[q], this.text(quantileOf(metric.bounds, counts, q)));
    const at = countAt(metric);
    const sums = (i) => (recent ? history.rows[end][i] - history.rows[begin][i] : history.rows[end][i]);
    setText(this.numbers.mean, this.text(sums(at + 1) / sums(at)));
    const seconds = history.times[end] - history.times[begin];
    setText(this.numbers.rate, rateText(seconds > 0 ? (history.rows[end][at] - history.rows[begin][at]) / seconds : NaN) || "–");
    setText(this.numbers.count, plainNumber(history.rows[end][at]));
    if (this.buckets.open) this.fillTable(grown, totals);
  }

  text(value) {
    return Number.isNaN(value) ? "–" : this.format(value);
  }

  fillTable(grown, totals) {
    const most = Math.max(1, ...(grown || [0]));
    if (this.table.childElementCount !== this.metric.bounds.length) {
      this.table.replaceChildren(...this.metric.bounds.map(() => element("tr", {}, element("td", { class: "mono" }), element("td", { class: "number" }),
        element("td", { class: "bar" }, element("div", { class: "meter" }, element("i"))), element("td", { class: "number" }))));
    }
    this.metric.bounds.forEach((bound, i) => {
      const [name, minute, bar, all] = this.table.children[i].children;
      setText(name, bound === Infinity ? "+Inf" : this.format(bound));
      setText(minute, grown ? plainNumber(grown[i]) : "–");
      bar.firstChild.firstChild.style.transform = `scaleX(${grown ? grown[i] / most : 0})`;
      setText(all, plainNumber(totals[i]));
    });
  }
}
