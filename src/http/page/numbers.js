// Numbers for people: short, in the unit a metric's name says, the same width from tick to tick.

const kNone = "–";

function grouped(text) {
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

function significant(value, digits) {
  const text = value.toPrecision(digits);
  return text.includes("e") ? Number(text).toString() : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

export function plainNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return value === null || value === undefined ? kNone : "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "−Inf";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 1e15) return sign + size.toExponential(3).replace("e+", "e");
  if (size >= 1e10) return sign + significant(size / 1e9, 5) + " G";
  if (Number.isInteger(size)) return sign + grouped(String(size));
  if (size >= 1e4) return sign + grouped(String(Math.round(size)));
  return sign + (size < 1e-4 ? size.toExponential(2) : significant(size, 4));
}

export function secondsText(value) {
  if (value === null || Number.isNaN(value)) return kNone;
  if (!Number.isFinite(value)) return plainNumber(value);
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${significant(value * 1e9, 3)} ns`;
  if (size < 1e-3) return `${significant(value * 1e6, 3)} µs`;
  if (size < 1) return `${significant(value * 1e3, 3)} ms`;
  if (size < 600) return `${significant(value, 3)} s`;
  if (size < 36000) return `${significant(value / 60, 3)} min`;
  return size < 864000 ? `${significant(value / 3600, 3)} h` : `${significant(value / 86400, 3)} d`;
}

export function bytesText(value) {
  if (value === null || !Number.isFinite(value)) return value === null ? kNone : plainNumber(value);
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${value < 0 ? "−" : ""}${significant(size, size < 10 ? 2 : 3)} ${units[unit]}`;
}

// A point in time, as far as it is one: today's by the clock, others with their day.
export function momentText(value) {
  if (!(value >= 1e8 && value < 1e11)) return value === null || Number.isNaN(value) ? kNone : plainNumber(value);
  const moment = new Date(value * 1000);
  if (moment.toDateString() === new Date().toDateString()) return clockText(value);
  const two = (number) => String(number).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clockText(value).slice(0, 5)}`;
}

// How values of this family are written: by its unit, else by its name's ending.
export function formatOf(family) {
  const unit = family.unit || (/_(seconds|bytes)(_total)?$/.exec(family.name) || [])[1];
  if (unit === "seconds") return /time(stamp)?_seconds$/.test(family.name) ? momentText : secondsText;
  if (unit === "bytes") return bytesText;
  return plainNumber;
}

// Three digits and no more: a rate is a mean over seconds.
function rateNumber(value) {
  if (value === 0 || value >= 1000 || value < 0.01) return plainNumber(value >= 1000 ? Math.round(value) : value);
  return value.toPrecision(3);
}

export function rateText(value, format) {
  if (value === null || Number.isNaN(value)) return "";
  const near = Math.abs(value) < 1e-12 ? 0 : value;
  return `${!format || format === plainNumber ? rateNumber(near) : format(near)}/s`;
}

export function clockText(unixSeconds) {
  return new Date(unixSeconds * 1000).toTimeString().slice(0, 8);
}

export function counted(count, one, many) {
  return `${grouped(String(count))} ${count === 1 ? one : many || `${one}s`}`;
}
