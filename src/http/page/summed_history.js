// A history whose only metric is the sum of several of another's: value by value, from place 0 on.

export class SummedHistory {
  constructor(history, metrics) {
    this.source = history;
    this.metrics = metrics;
    this.made = new Map(); // the source's row to ours
    this.rows = [];
    this.times = [];
    this.length = 0;
    this.last = null;
  }

  // Brings the sums up to date; rows the source forgot go.
  sync() {
    const made = new Map();
    for (const row of this.source.rows) made.set(row, this.made.get(row) || this.sum(row));
    this.made = made;
    this.rows = this.source.rows.map((row) => made.get(row));
    this.times = this.source.times;
    this.length = this.rows.length;
    this.last = this.rows[this.length - 1] || null;
  }

  // What was not there yet counts as nothing.
  sum(row) {
    const total = new Float64Array(this.metrics[0].size);
    for (const metric of this.metrics) for (let i = 0; i < total.length; i += 1) total[i] += row[metric.at + i] || 0;
    return total;
  }

  rate(at, poll) {
    return this.source.rate.call(this, at, poll);
  }

  meanRate(at, seconds) {
    return this.source.meanRate.call(this, at, seconds);
  }

  pollBefore(seconds) {
    return this.source.pollBefore(seconds);
  }
}
