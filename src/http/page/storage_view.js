// How the storage does: what reading it costs, and of a Redis whether it answers, how far behind writers are, its memory.

import { element, setText } from "./dom.js";
import { drawSpark } from "./line_chart.js";
import { bytesText, plainNumber, secondsText } from "./numbers.js";

const kMostPolls = 120;
const kYesNo = (value) => (value === 1 ? "answers" : "does not answer");

// What is worth a card, of what the exporter counts about itself: name, title, how it is written, when it is bad.
const kFacts = [
  ["weir_redis_up", "Redis", kYesNo, (value) => value !== 1],
  ["weir_collect_last_duration_seconds", "Last collection took", secondsText],
  ["weir_collect_series", "Series", plainNumber],
  ["weir_collect_problems", "Could not be read", plainNumber, (value) => value > 0],
  ["weir_collect_files", "Files", plainNumber],
  ["weir_collect_files_skipped", "Files left out", plainNumber],
  ["weir_collect_read_bytes", "Read a collection", bytesText],
  ["weir_redis_flush_lag_seconds", "Longest time since a flush", secondsText, (value) => value > 30],
  ["weir_redis_memory_used_bytes", "Redis memory", bytesText],
  ["weir_redis_keys", "Keys", plainNumber],
  ["weir_redis_collect_commands", "Commands a collection", plainNumber],
  ["weir_redis_writers_refused", "Values refused", plainNumber, (value) => value > 0],
  ["weir_redis_writers_lost_leases", "Leases lost", plainNumber, (value) => value > 0],
  ["weir_fold_sources_total", "Folded so far", plainNumber],
  ["weir_fold_failures_total", "Folds that failed", plainNumber, (value) => value > 0],
  ["weir_http_requests_in_flight", "Requests in flight", plainNumber],
  ["process_resident_memory_bytes", "The exporter's memory", bytesText],
];

export class StorageView {
  constructor(page) {
    this.page = page;
    this.history = { times: [], rows: [], length: 0, pollBefore: () => 0 }; // of the facts, status by status
    this.cards = new Map();
    this.lead = element("p", { class: "lead" });
    this.grid = element("dl", { class: "facts" });
    this.body = element("tbody");
    this.all = element("details", { class: "card panel" }, element("summary", {}, "All the exporter counts about itself (/backend)"),
      element("table", { class: "all-metrics" }, this.body));
    this.all.addEventListener("toggle", () => this.fillAll());
    this.node = element("div", { class: "view page", tabindex: "-1" }, this.lead, this.grid, this.all);
  }

  statusChanged() {
    const { history } = this;
    history.times.push(this.page.status.time);
    history.rows.push(kFacts.map(([name]) => this.page.ownMetric(name) ?? NaN));
    if (history.rows.length > kMostPolls) {
      history.times.shift();
      history.rows.shift();
    }
    history.length = history.rows.length;
    history.pollBefore = (seconds) => {
      const end = history.length - 1;
      return Math.max(0, history.times.findIndex((time) => history.times[end] - time <= seconds));
    };
    if (!this.node.hidden) this.tick();
  }

  tick() {
    const { status } = this.page;
    if (!status || this.node.hidden || this.drawn === status) return;
    this.drawn = status;
    const kind = { files: "Multiprocess files", redis: "Redis" }[status.storage] || "A source of this program";
    this.lead.replaceChildren(kind, element("span", { class: "dim mono" }, status.source));
    kFacts.forEach(([name, title, format, isBad], index) => {
      const value = this.page.ownMetric(name);
      if (value === null) return;
      const card = this.card(name, title, index);
      card.node.classList.toggle("bad", Boolean(isBad && isBad(value)));
      setText(card.value, format(value));
      setText(card.note, this.noteOf(name));
      drawSpark(card.spark, this.history, (poll) => this.history.rows[poll][index], format !== bytesText);
    });
    this.fillAll();
  }

  card(name, title, index) {
    if (this.cards.has(name)) return this.cards.get(name);
    const card = { index, value: element("dd"), note: element("p"), spark: element("canvas", { "aria-hidden": "true" }) };
    card.node = element("div", { class: "card fact", title: name }, element("dt", {}, title), card.value, card.note, card.spark);
    this.cards.set(name, card);
    const after = [...this.cards.values()].filter((other) => other.index > index).sort((a, b) => a.index - b.index)[0];
    this.grid.insertBefore(card.node, after ? after.node : null);
    return card;
  }

  noteOf(name) {
    if (name === "weir_redis_memory_used_bytes") {
      const most = this.page.ownMetric("weir_redis_memory_max_bytes");
      return most ? `of ${bytesText(most)}` : "no limit is set";
    }
    if (name === "weir_collect_problems") return this.page.ownMetric(name) > 0 ? "see “Skipped”" : "everything found was read";
    return "";
  }

  fillAll() {
    if (!this.all.open || !this.page.status) return;
    this.body.replaceChildren(...this.page.status.metrics.map((metric) => element("tr", { title: metric.help },
      element("td", {}, metric.name, ...Object.entries(metric.labels).map(([name, value]) => element("span", { class: "dim" }, ` ${name}=${JSON.stringify(value)}`))),
      element("td", { class: "number" }, typeof metric.value === "number" ? plainNumber(metric.value) : metric.value))));
  }
}
