// What was chosen, large: lines over time or a heat map, figures, and who counted it.

import { countAt, isCounting, isDistribution } from "./catalog.js";
import { DistributionPlot } from "./distribution_plot.js";
import { element, labelNodes } from "./dom.js";
import { LinesPlot } from "./lines_plot.js";
import { SplitTable } from "./split_table.js";
import { TotalPlot } from "./total_plot.js";

export class DetailPane {
  constructor(page, onClose) {
    this.page = page;
    this.onClose = onClose;
    this.family = null;
    this.node = element("aside", { class: "detail", "aria-label": "Chosen metric" });
    this.show(null, null);
  }

  show(family, metric) {
    this.family = family;
    this.metric = metric;
    this.plots = [];
    this.split = null;
    if (!family) {
      this.node.replaceChildren(element("div", { class: "hint" },
        element("p", {}, "Choose a family or a metric to see it over time, and which process counted what."),
        element("p", {}, element("kbd", {}, "/"), " searches, ", element("kbd", {}, "↑"), " ", element("kbd", {}, "↓"), " move, ",
          element("kbd", {}, "?"), " shows all keys")));
      return;
    }
    const metrics = metric ? [metric] : family.metrics;
    this.split = new SplitTable(this.page, family, metric);
    this.plots = this.plotsOf(family, metrics);
    this.node.replaceChildren(this.header(), ...this.plots.map((plot) => plot.node), this.split.node);
    this.node.scrollTop = 0;
    this.tick();
    this.split.ask();
  }

  header() {
    const { family, metric } = this;
    return element("div", {}, element("header", {},
      element("div", { class: "titles" }, element("h2", {}, family.name),
        element("div", { class: "about" }, element("span", { class: "badge" }, family.type),
          family.unit ? element("span", {}, `in ${family.unit}`) : null, element("span", {}, family.help || "no help text"))),
      element("button", { class: "quiet", onclick: this.onClose }, "Close")),
    metric ? element("div", { class: "chosen labels" }, labelNodes(metric.labels, metric.sample))
      : Object.keys(family.common).length > 0 ? element("div", { class: "chosen labels" }, element("span", { class: "dim" }, "all have "), labelNodes(family.common))
        : null);
  }

  plotsOf(family, metrics) {
    const { history } = this.page;
    const distributions = metrics.filter(isDistribution);
    const others = metrics.filter((metric) => !isDistribution(metric));
    const plots = [];
    if (family.type === "histogram" && distributions.length > 0) plots.push(new DistributionPlot(history, family, distributions));
    if (family.type === "summary" && distributions.length > 0) {
      const rates = distributions.map((metric) => ({ metric, at: countAt(metric), counting: true }));
      const means = distributions.map((metric) => ({ metric, at: countAt(metric) + 1, mean: true }));
      plots.push(new LinesPlot(history, family, means, "Mean"), new LinesPlot(history, family, rates, "Observations, per second"));
    }
    if (others.length > 0) {
      const counting = isCounting(others[0]);
      const lines = others.map((metric) => ({ metric, at: metric.at, counting: isCounting(metric) }));
      if (counting && others.length > 1) plots.push(new TotalPlot(history, family, others.filter(isCounting)));
      plots.push(new LinesPlot(history, family, lines, counting ? (others.length > 1 ? "Largest, per second" : "Rate, per second") : "Value"));
    }
    return plots;
  }

  // The series changed: the same family and metric, where they still are.
  refresh() {
    if (!this.family) return;
    const family = this.page.catalog.family(this.family.name);
    const metric = family && this.metric ? family.metrics.find((one) => one.key === this.metric.key) : null;
    const scrolled = this.node.scrollTop;
    if (!family) {
      this.show(null, null);
      return;
    }
    this.show(family, metric || null);
    this.node.scrollTop = scrolled;
  }

  tick() {
    for (const plot of this.plots) plot.tick();
    if (this.split) this.split.tick();
  }
}
