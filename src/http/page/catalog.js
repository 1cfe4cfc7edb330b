// The families and metrics of a series document, ready to be searched, and where their values stand.
//
// A metric is what a row shows: {family, labels, sample, at, bounds, size, key}. `bounds` are a histogram's upper bounds
// or a summary's quantiles; then the values from `at` on are one each, a count and a sum.

const kInfinityText = "+Inf";

export function isDistribution(metric) {
  return metric.bounds !== null;
}
export function countAt(metric) {
  return metric.at + metric.bounds.length;
}
// Counts up: shown as a rate.
export function isCounting(metric) {
  return metric.family.type === "counter" && !(metric.sample || "").endsWith("_created");
}

class Metric {
  #key = null;
  #text = null;

  constructor(family, given) {
    const bounds = given.le || given.quantile || null;
    this.family = family;
    this.labels = given.labels;
    this.sample = given.sample || "";
    this.at = given.at;
    this.bounds = bounds && bounds.map((bound) => (bound === kInfinityText ? Infinity : bound));
    this.size = bounds ? bounds.length + 2 : 1;
  }

  // Made when first wanted: of 10,000 metrics few are ever looked for.
  get key() {
    this.#key ??= `${this.family.name}\n${this.sample}\n${JSON.stringify(this.labels)}\n${this.bounds ? this.bounds.join() : ""}`;
    return this.#key;
  }

  // What search looks in: `code="200" code=200 …`.
  get text() {
    this.#text ??= `${Object.entries(this.labels).map(([name, value]) => `${name}="${value}" ${name}=${value}`).join(" ")} ${this.sample}`.toLowerCase();
    return this.#text;
  }
}

// The labels that every metric of a family has with one value: said once, at the family.
function commonLabels(metrics) {
  const common = metrics.length > 1 ? { ...metrics[0].labels } : {};
  for (const { labels } of metrics) {
    for (const name in common) if (labels[name] !== common[name]) delete common[name];
  }
  return common;
}

// What of a metric's labels tells it from its family's others.
export function ownLabels(metric) {
  const own = {};
  for (const name in metric.labels) if (!(name in metric.family.common)) own[name] = metric.labels[name];
  return own;
}

export class Catalog {
  constructor(document) {
    this.size = document ? document.values : 0;
    this.families = (document ? document.families : []).map((given) => {
      const family = { name: given.name, type: given.type, help: given.help, unit: given.unit, metrics: [] };
      family.text = `${given.name} ${given.type} ${given.help}`.toLowerCase();
      family.metrics = given.metrics.map((metric) => new Metric(family, metric));
      family.common = commonLabels(family.metrics);
      return family;
    });
  }

  get series() {
    return this.size;
  }

  family(name) {
    return this.families.find((family) => family.name === name) || null;
  }

  // For History.reorder(): where each value of this catalog stood in the one before.
  placesIn(before) {
    const known = new Map();
    if (before.size === 0) return new Int32Array(this.size).fill(-1);
    for (const family of before.families) for (const metric of family.metrics) known.set(metric.key, metric);
    const from = new Int32Array(this.size).fill(-1);
    for (const family of this.families) {
      for (const metric of family.metrics) {
        const old = known.get(metric.key);
        for (let i = 0; old && i < metric.size; i += 1) from[metric.at + i] = old.at + i;
      }
    }
    return from;
  }

  // Families with the metrics in which every word of the search stands, in name, type, help or labels.
  search(words) {
    if (words.length === 0) return this.families.map((family) => ({ family, metrics: family.metrics }));
    const found = [];
    for (const family of this.families) {
      const left = words.filter((word) => !family.text.includes(word));
      const metrics = left.length === 0 ? family.metrics
        : family.metrics.filter((metric) => left.every((word) => metric.text.includes(word)));
      if (metrics.length > 0) found.push({ family, metrics });
    }
    return found;
  }
}
