// Rows of the metric list: a family, and under it its metrics, each with the last minute as a small line.

import { countAt, isCounting, isDistribution, ownLabels } from "./catalog.js";
import { element, labelNodes, labelText, setText } from "./dom.js";
import { drawSpark } from "./line_chart.js";
import { counted, formatOf, plainNumber, rateText } from "./numbers.js";
import { bucketGrowth, bucketTotals, quantileOf, recentMean } from "./quantile.js";
import { SummedHistory } from "./summed_history.js";

const kFamilyHeight = 52;
const kMetricHeight = 34;
const kRateSeconds = 10;
const kQuantileSeconds = 60;

class Row {
  constructor(family, metric, shown, isUnder) {
    this.family = family;
    this.metric = metric;
    this.shown = shown; // metrics found, of a family
    this.isUnder = isUnder;
  }

  get key() {
    return this.isUnder ? this.metric.key : this.family.name;
  }
}

// A family with one metric and no labels is one row.
export function rowsOf(found) {
  const rows = [];
  for (const { family, metrics } of found) {
    const alone = family.metrics.length === 1 && Object.keys(family.metrics[0].labels).length === 0;
    rows.push(new Row(family, alone ? family.metrics[0] : null, metrics.length, false));
    if (alone) continue;
    for (const metric of metrics) rows.push(new Row(family, metric, 1, true));
  }
  return rows;
}

export function rowHeight(item) {
  return item.isUnder ? kMetricHeight : kFamilyHeight;
}

export function makeRow() {
  const parts = {
    title: element("div", { class: "title" }),
    help: element("div", { class: "help" }),
    labels: element("div", { class: "labels" }),
    spark: element("canvas", { "aria-hidden": "true" }),
    value: element("div", { class: "value" }),
    rate: element("div", { class: "rate" }),
  };
  const row = element("div", { class: "row" }, element("div", { class: "what" }, parts.title, parts.help, parts.labels), parts.spark,
    parts.value, parts.rate);
  row.parts = parts;
  return row;
}

export function fillRow(row, item, index) {
  const { title, help, labels, spark, value, rate } = row.parts;
  row.className = `row ${item.isUnder ? "metric" : "family"}${index === 0 ? " first" : ""}`;
  for (const part of [title, help]) part.hidden = Boolean(item.isUnder);
  labels.hidden = !item.isUnder;
  for (const part of [spark, value, rate]) part.hidden = !item.metric && !addsUp(item.family);
  if (item.isUnder) {
    labels.replaceChildren(...labelNodes(ownLabels(item.metric), item.metric.sample));
    labels.title = labelText(item.metric.labels);
    return;
  }
  const count = item.family.metrics.length;
  const shown = item.shown < count ? `${item.shown} of ${counted(count, "metric")}` : item.metric ? "" : counted(count, "metric");
  title.replaceChildren(element("span", { class: "name", title: item.family.name }, item.family.name),
    element("span", { class: "badge" }, item.family.type), element("span", { class: "dim num" }, shown),
    Object.keys(item.family.common).length > 0 ? element("span", { class: "labels common", title: "labels all of them have" }, ...labelNodes(item.family.common)) : "");
  help.textContent = item.family.help || "no help text";
}

// The quantiles of the last minute, or of all there is while nothing came in it.
export function recentQuantile(history, metric, q) {
  const grown = bucketGrowth(history, metric, history.pollBefore(kQuantileSeconds), history.length - 1);
  const recent = grown ? quantileOf(metric.bounds, grown, q) : NaN;
  return Number.isNaN(recent) ? quantileOf(metric.bounds, bucketTotals(history, metric) || [], q) : recent;
}

// Whether the values of a family's metrics are one sum.
function addsUp(family) {
  return family.metrics.length > 1 && family.metrics.every(isCounting);
}

// A family of counters as a whole.
function tickTotal(row, family, history) {
  const { spark, value, rate } = row.parts;
  if (!family.total || family.total.source !== history) family.total = new SummedHistory(history, family.metrics);
  family.total.sync();
  const speed = family.total.meanRate(0, kRateSeconds);
  const format = formatOf(family);
  setText(value, format(family.total.last[0]));
  value.title = `${family.total.last[0]} in all`;
  setText(rate, rateText(speed, format));
  row.classList.toggle("still", !(speed > 0));
  drawSpark(spark, family.total, (poll) => family.total.rate(0, poll), true);
}

export function tickRow(row, item, history) {
  const { metric } = item;
  if (history.length === 0) return;
  if (!metric) {
    if (addsUp(item.family)) tickTotal(row, item.family, history);
    return;
  }
  const { spark, value, rate } = row.parts;
  const format = formatOf(metric.family);
  if (isDistribution(metric)) {
    const count = countAt(metric);
    setText(rate, rateText(history.meanRate(count, kRateSeconds)));
    const middle = metric.family.type === "histogram" ? recentQuantile(history, metric, 0.5) : recentMean(history, count);
    setText(value, Number.isNaN(middle) ? "–" : `${metric.family.type === "histogram" ? "p50" : "avg"} ${format(middle)}`);
    value.title = `${plainNumber(history.value(count))} observations`;
    drawSpark(spark, history, (poll) => history.rate(count, poll), true);
    return;
  }
  const counting = isCounting(metric);
  const now = history.value(metric.at);
  const speed = counting ? history.meanRate(metric.at, kRateSeconds) : NaN;
  setText(value, format(now));
  value.title = String(now);
  setText(rate, counting ? rateText(speed, format) : "");
  row.classList.toggle("still", counting && !(speed > 0));
  drawSpark(spark, history, counting ? (poll) => history.rate(metric.at, poll) : (poll) => history.value(metric.at, poll), counting);
}
