// The page: what is known, which view is shown, and the exporter's answers brought to it.

import { Catalog } from "./catalog.js";
import { element, icon, setText } from "./dom.js";
import { Exporter } from "./exporter.js";
import { History } from "./history.js";
import { startKeyboard } from "./keyboard.js";
import { MetricsView } from "./metrics_view.js";
import { clockText, plainNumber, secondsText } from "./numbers.js";
import { SkippedView } from "./skipped_view.js";
import { StorageView } from "./storage_view.js";
import { startTheme } from "./theme.js";
import { WritersView } from "./writers_view.js";

const kTitles = { metrics: "Metrics", writers: "Writers", storage: "Storage", skipped: "Skipped" };
const kStates = { starting: ["M2 6H10", "Starting"], live: ["M1 6H3.4L5 2.5L7 9.5L8.6 6H11", "Live"], paused: ["M4 2.5V9.5M8 2.5V9.5", "Paused"],
  lost: ["M2.5 2.5L9.5 9.5M9.5 2.5L2.5 9.5", "No answer"], unread: ["M6 2V7M6 9.2V9.6", "Not readable"] };
const kSources = { redis: "The Redis", files: "The directory" };

class Page {
  constructor() {
    this.order = Object.keys(kTitles);
    this.view = "metrics";
    this.catalog = new Catalog(null);
    this.history = new History();
    this.status = null;
    this.own = new Map();
    this.problems = [];
    this.problemsTotal = 0;
    this.heard = false;
    this.exporter = new Exporter({ onSeries: (document) => this.onSeries(document), onValues: (time, document) => this.onValues(time, document),
      onUnread: (document) => this.onUnread(document), onStatus: (status) => this.onStatus(status), onState: () => this.onState() });
    this.views = { metrics: new MetricsView(this), writers: new WritersView(this), storage: new StorageView(this), skipped: new SkippedView(this) };
  }

  start() {
    this.toggleTheme = startTheme(() => this.tick());
    this.source = element("p", { class: "source mono" });
    this.pause = element("button", { class: "quiet state", title: "Pause or go on (p)", onclick: () => this.togglePause() });
    this.tabs = {};
    const nav = element("nav", { class: "tabs", "aria-label": "Views" }, ...this.order.map((view) => {
      const count = element("span", {});
      const more = element("span", { class: "wide-only" });
      const note = element("span", { class: "count" }, count, more);
      const button = element("button", { onclick: () => this.go(view) }, kTitles[view], note);
      this.tabs[view] = { button, count, more, note };
      return button;
    }));
    this.banner = element("div", { class: "banner bad", role: "alert", hidden: true });
    const mark = icon(22, 22, ["M1.5 6c2.6-2 5 2 8 0M1.5 11c2.6-2 5 2 8 0M1.5 16c2.6-2 5 2 8 0M13.5 2.5v17M16.5 11H20.5"], { class: "mark" });
    document.getElementById("app").append(
      element("header", { class: "top" }, mark, element("h1", {}, "Weir"), this.source,
        element("button", { class: "quiet wide-only", title: "Light or dark (t)", onclick: () => this.toggleTheme() }, "Theme"), this.pause),
      nav, this.banner, element("main", {}, ...this.order.map((view) => this.views[view].node)));
    startKeyboard(this);
    this.recall();
    window.addEventListener("hashchange", () => this.recall());
    window.addEventListener("resize", () => this.tick());
    this.onState();
    this.views.metrics.changed();
    setInterval(() => this.isOld && this.onState(), 1000);
    this.exporter.start();
  }

  go(view) {
    this.view = view;
    this.exporter.wantsStatus = view === "writers" || view === "storage";
    for (const name of this.order) {
      this.views[name].node.hidden = name !== view;
      this.tabs[name].button.setAttribute("aria-current", name === view ? "page" : "false");
    }
    this.fillTitle();
    this.remember();
    this.tick();
  }

  // Where one is stands in the address, so that it can be kept and sent.
  remember() {
    if (!this.tabs) return;
    const { words, detail } = this.views.metrics;
    const wanted = this.views.metrics.wanted || (detail.family && detail.family.name);
    const parts = new URLSearchParams();
    if (this.view !== "metrics") parts.set("view", this.view);
    if (words) parts.set("search", words);
    if (wanted) parts.set("family", wanted);
    const hash = parts.toString() ? `#${parts}` : "";
    if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
  }

  recall() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const { metrics } = this.views;
    metrics.words = parts.get("search") || "";
    metrics.input.value = metrics.words;
    if (!parts.has("family") && metrics.detail.family) metrics.clear();
    metrics.wanted = parts.get("family");
    this.go(this.order.includes(parts.get("view")) ? parts.get("view") : "metrics");
    if (this.heard) metrics.changed();
  }

  togglePause() {
    this.exporter.setPaused(!this.exporter.paused);
  }

  onSeries(document) {
    const before = this.catalog;
    this.catalog = new Catalog(document);
    this.history.reorder(this.catalog.placesIn(before));
    this.seriesChanged = true;
  }

  // Nothing could be read: what was known stays on the screen, and is said to be old.
  onUnread(document) {
    this.heard = true;
    this.takeProblems(document);
    if (this.history.length === 0) this.views.metrics.changed();
    this.tick();
  }

  takeProblems(document) {
    this.problems = document.problems;
    this.problemsTotal = document.problems_total;
    this.views.skipped.changed();
  }

  onValues(time, document) {
    this.heard = true;
    this.history.add(time, document && document.values);
    if (document) this.takeProblems(document);
    if (this.seriesChanged || !this.drawnOnce) this.views.metrics.changed();
    this.seriesChanged = false;
    this.drawnOnce = true;
    this.tick();
  }

  onStatus(status) {
    this.status = status;
    this.own = new Map(status.metrics.filter((metric) => Object.keys(metric.labels).length === 0).map((metric) => [metric.name, metric.value]));
    setText(this.source, status.source);
    this.source.title = `${status.source} · Weir ${status.weir}`;
    for (const view of this.order) this.views[view].statusChanged();
    this.fillTabs();
  }

  ownMetric(name) {
    const value = this.own.get(name);
    return typeof value === "number" ? value : null;
  }

  // True while what is shown is what was read last, not what is.
  get isOld() {
    return this.exporter.state === "lost" || this.exporter.state === "unread";
  }

  onState() {
    const { state, since, why } = this.exporter;
    const [path, text] = kStates[state];
    if (this.pause.dataset.state !== state) {
      this.pause.dataset.state = state;
      this.pause.replaceChildren(icon(12, 12, [path]), text);
      this.pause.setAttribute("aria-label", `${text}; press to ${state === "paused" ? "go on" : "pause"}`);
      this.fillTitle();
    }
    this.banner.hidden = !this.isOld;
    if (!this.isOld) return;
    const what = state === "lost" ? "No answer from the exporter" : `${kSources[this.status && this.status.storage] || "The source"} cannot be read`;
    const kept = this.history.length > 0 ? " What is shown is what was read last." : "";
    this.banner.replaceChildren(element("strong", {}, `${what} since ${clockText(since)}`),
      ` (${secondsText(Math.max(1, Math.round(Date.now() / 1000 - since)))}): ${why}.${kept} Asking again every second.`);
  }

  fillTitle() {
    const parts = [this.isOld ? kStates[this.exporter.state][1] : "", this.view === "metrics" ? "" : kTitles[this.view], "Weir"];
    document.title = parts.filter(Boolean).join(" · ");
  }

  fillTabs() {
    const writers = this.status && this.status.writers;
    const dead = writers && writers.dead ? `, ${plainNumber(writers.dead)} dead` : "";
    const texts = { metrics: plainNumber(this.catalog.series), writers: writers ? plainNumber(writers.alive) : "",
      storage: this.ownMetric("weir_redis_up") === 0 ? "no answer" : "", skipped: plainNumber(this.problemsTotal) };
    for (const view of this.order) setText(this.tabs[view].count, texts[view]);
    setText(this.tabs.writers.more, writers ? ` alive${dead}` : "");
    this.tabs.skipped.note.classList.toggle("alarm", this.problemsTotal > 0);
    this.tabs.storage.note.classList.toggle("alarm", texts.storage !== "");
  }

  tick() {
    this.fillTabs();
    this.views[this.view].tick();
  }
}

new Page().start();
