// What a histogram's buckets say: how many fell in each, and where a quantile lies.

// How many observations each bucket (not cumulative) took between two polls; null where that is not known.
export function bucketGrowth(history, metric, begin, end) {
  const old = history.rows[begin];
  const now = history.rows[end];
  if (!old || !now || begin === end) return null;
  const grown = [];
  let below = 0;
  for (let i = 0; i < metric.bounds.length; i += 1) {
    const cumulative = now[metric.at + i] - old[metric.at + i];
    if (!(cumulative >= 0)) return null;
    grown.push(Math.max(0, cumulative - below));
    below = Math.max(below, cumulative);
  }
  return grown;
}

// Since the beginning.
export function bucketTotals(history, metric) {
  const row = history.last;
  if (!row) return null;
  let below = 0;
  return metric.bounds.map((_, i) => {
    const own = Math.max(0, row[metric.at + i] - below);
    below = Math.max(below, row[metric.at + i]);
    return own;
  });
}

// Linear within the bucket, as Prometheus' histogram_quantile: the highest finite bound where it lies above it.
export function quantileOf(bounds, counts, q) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) return NaN;
  let rank = q * total;
  for (let i = 0; i < counts.length; i += 1) {
    if (rank > counts[i]) {
      rank -= counts[i];
      continue;
    }
    if (bounds[i] === Infinity) return i > 0 ? bounds[i - 1] : NaN;
    const lower = i > 0 ? bounds[i - 1] : Math.min(0, bounds[0]);
    return counts[i] > 0 ? lower + (bounds[i] - lower) * (rank / counts[i]) : bounds[i];
  }
  return bounds[bounds.length - 1];
}

export const kQuantiles = [0.5, 0.9, 0.99];

// The mean of what was observed between two polls, `count` being the count's place and the sum's the next; NaN where
// nothing was, or a process began anew.
export function meanBetween(history, count, begin, end) {
  if (begin < 0 || begin >= end) return NaN;
  const grown = (at) => history.value(at, end) - history.value(at, begin);
  return grown(count) > 0 ? grown(count + 1) / grown(count) : NaN;
}

const kMeanSeconds = 60;

// Of the last minute, or of all there is while nothing came in it.
export function recentMean(history, count) {
  const recent = meanBetween(history, count, history.pollBefore(kMeanSeconds), history.length - 1);
  return Number.isNaN(recent) ? history.value(count + 1) / history.value(count) : recent;
}
