// What was polled so far: one row of numbers a poll, shared by every chart.
//
// Rows are Float64Arrays in the order of the series document; an unchanged poll costs a reference. When the set of
// series changes, rows are brought into the new order, with NaN for what was not there.

const kMostNumbers = 4e6;
const kMostPolls = 300;

function asNumber(value) {
  if (typeof value === "number") return value;
  return value === "+Inf" ? Infinity : value === "-Inf" ? -Infinity : NaN;
}

export class History {
  constructor() {
    this.times = [];
    this.rows = [];
  }

  get length() {
    return this.rows.length;
  }

  get last() {
    return this.rows[this.rows.length - 1] || null;
  }

  // `values` null: as they were.
  add(time, values) {
    const row = values ? Float64Array.from(values, asNumber) : this.last;
    if (!row) return;
    this.times.push(time);
    this.rows.push(row);
    const most = Math.max(30, Math.min(kMostPolls, Math.floor(kMostNumbers / Math.max(1, row.length))));
    const extra = this.rows.length - most;
    if (extra > 0) {
      this.times.splice(0, extra);
      this.rows.splice(0, extra);
    }
  }

  // `from[i]` is where the new order's value i stood, or -1.
  reorder(from) {
    const done = new Map();
    this.rows = this.rows.map((old) => {
      if (!done.has(old)) done.set(old, Float64Array.from(from, (index) => (index < 0 ? NaN : old[index])));
      return done.get(old);
    });
  }

  value(at, poll) {
    const row = this.rows[poll === undefined ? this.rows.length - 1 : poll];
    return row && at < row.length ? row[at] : NaN;
  }

  // Per second between this poll and the one before; NaN where it is not known, or fell (a restart, not a rate).
  rate(at, poll) {
    if (poll < 1 || poll >= this.rows.length) return NaN;
    const seconds = this.times[poll] - this.times[poll - 1];
    const grown = this.rows[poll][at] - this.rows[poll - 1][at];
    return seconds > 0 && grown >= 0 ? grown / seconds : NaN;
  }

  // Over the last `seconds`, for a number that does not jump from poll to poll.
  meanRate(at, seconds) {
    const end = this.rows.length - 1;
    const begin = this.pollBefore(seconds);
    if (begin >= end) return NaN;
    const grown = this.rows[end][at] - this.rows[begin][at];
    return grown >= 0 ? grown / (this.times[end] - this.times[begin]) : NaN;
  }

  // The oldest poll not older than `seconds` before the last.
  pollBefore(seconds) {
    const end = this.rows.length - 1;
    let poll = end;
    while (poll > 0 && this.times[end] - this.times[poll - 1] <= seconds + 0.05) poll -= 1;
    return Math.max(0, poll);
  }
}
