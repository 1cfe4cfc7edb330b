// Asking this page's exporter, again and again, for what changed: docs/api.md says what of.
//
// The series document is asked for when the values name another generation; values every interval, status every other
// time, or each while somebody looks at it. A document that did not change answers 304 and costs neither parsing nor
// drawing anew. Addresses are relative: the page works behind a proxy's path too.
//
// States: starting, live, paused, lost (the exporter does not answer), unread (it does, and could read nothing).

function reasonOf(error) {
  if (error.name === "TimeoutError") return "it does not answer within 10 s";
  return error instanceof TypeError ? "it cannot be reached" : error.message;
}

export class Exporter {
  constructor({ onSeries, onValues, onUnread, onStatus, onState }) {
    this.hear = { onSeries, onValues, onUnread, onStatus, onState };
    this.interval = 1000;
    this.state = "starting";
    this.since = 0; // of lost and unread, Unix seconds
    this.why = "";
    this.paused = false;
    this.generation = "";
    this.unread = null; // the first problem, while the source could not be read
    this.tags = new Map();
    this.turn = 0;
    this.wantsStatus = false;
    this.timer = 0;
    this.serverTime = 0;
    this.arrival = 0;
    document.addEventListener("visibilitychange", () => this.schedule(0));
  }

  start() {
    this.schedule(0);
  }

  setPaused(paused) {
    this.paused = paused;
    this.tell(paused ? "paused" : this.unread ? "unread" : "live", this.unread && this.unread.message);
    this.schedule(0);
  }

  schedule(delay) {
    clearTimeout(this.timer);
    if (this.paused || document.hidden) return;
    this.timer = setTimeout(() => this.poll(), delay);
  }

  tell(state, why) {
    if (state !== this.state) this.since = Date.now() / 1000;
    this.state = state;
    this.why = why || "";
    this.hear.onState(this);
  }

  forget(path) {
    this.tags.delete(path);
  }

  // The document, or null where it is as it was.
  async ask(path) {
    const headers = this.tags.has(path) ? { "If-None-Match": this.tags.get(path) } : {};
    const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (response.status === 304) return null;
    if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 200).trim()}`);
    const document = await response.json();
    if (response.headers.has("ETag")) this.tags.set(path, response.headers.get("ETag"));
    return document;
  }

  async poll() {
    const began = performance.now();
    try {
      await this.pollValues();
      if (this.wantsStatus || this.turn % 2 === 0) {
        const status = await this.ask("api/v1/status");
        if (status) this.hear.onStatus(status);
      }
      this.turn += 1;
      if (!this.paused) this.tell(this.unread ? "unread" : "live", this.unread && this.unread.message);
    } catch (error) {
      this.tags.clear();
      if (!this.paused) this.tell("lost", reasonOf(error));
    }
    this.schedule(Math.max(100, this.interval - (performance.now() - began)));
  }

  async pollValues() {
    const values = await this.ask("api/v1/values");
    const now = performance.now() / 1000;
    if (values) this.unread = values.values.length === 0 && values.problems_total > 0 ? values.problems[0] : null;
    if (this.unread) {
      if (values) this.hear.onUnread(values);
      return;
    }
    if (values && values.generation !== this.generation) {
      const series = await this.ask("api/v1/series");
      if (series) {
        this.generation = series.generation;
        this.hear.onSeries(series);
      }
      // The set of series may have changed between the two answers: then the next poll brings both anew.
      if (this.generation !== values.generation) {
        this.tags.clear();
        return;
      }
    }
    this.serverTime = values ? values.time : this.serverTime + now - this.arrival;
    this.arrival = now;
    this.hear.onValues(this.serverTime, values);
  }
}
