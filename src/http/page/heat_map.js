// A histogram over time: time to the right, buckets upwards, darker (in the dark: lighter) where more observations fell.
// Quantiles lie over it as dashed lines, each with its name at the right end.

import { contextOf } from "./canvas.js";
import { drawTimes, timeSpan } from "./line_chart.js";
import { bucketGrowth, kQuantiles, quantileOf } from "./quantile.js";
import { colours, kDashes } from "./theme.js";

const kMostColumns = 120;
const kMargin = { left: 62, right: 34, top: 8, bottom: 22 };

// Polls joined to columns of at least a few pixels: [{from, to, counts, seconds}].
export function heatColumns(history, metric) {
  const every = Math.max(1, Math.ceil((history.length - 1) / kMostColumns));
  const columns = [];
  for (let to = history.length - 1; to >= 1; to -= every) {
    const from = Math.max(0, to - every);
    const seconds = history.times[to] - history.times[from];
    if (seconds <= 6 * every) columns.unshift({ from, to, seconds, counts: bucketGrowth(history, metric, from, to) });
  }
  return columns;
}

// The upper bound's place on the axis: buckets are equally high, whatever their bounds.
function heightOf(bounds, value) {
  for (let i = 0; i < bounds.length; i += 1) {
    if (value <= bounds[i]) {
      const lower = i > 0 ? bounds[i - 1] : Math.min(0, bounds[0]);
      const within = bounds[i] === Infinity || bounds[i] === lower ? 1 : (value - lower) / (bounds[i] - lower);
      return i + within;
    }
  }
  return bounds.length;
}

function drawBounds(context, height, bounds, format) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.dim;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const inside = height - kMargin.top - kMargin.bottom;
  const every = Math.ceil(bounds.length / Math.max(1, Math.floor(inside / 16)));
  for (let i = bounds.length - 1; i >= 0; i -= every) {
    const y = kMargin.top + inside * (1 - (i + 1) / bounds.length);
    context.fillText(bounds[i] === Infinity ? "+Inf" : format(bounds[i]), kMargin.left - 7, Math.max(kMargin.top + 5, y));
  }
}

// Draws, and returns the most observations a second that one cell shows.
export function drawHeat(canvas, history, metric, format) {
  const drawing = contextOf(canvas);
  if (!drawing || history.length === 0) return 0;
  const { context, width, height } = drawing;
  const inside = { width: width - kMargin.left - kMargin.right, height: height - kMargin.top - kMargin.bottom };
  const [begin, end] = timeSpan(history);
  const x = (time) => kMargin.left + ((time - begin) / (end - begin)) * inside.width;
  const columns = heatColumns(history, metric);
  const rows = metric.bounds.length;
  const most = Math.max(0, ...columns.map(({ counts, seconds }) => (counts ? Math.max(...counts) / seconds : 0)));
  context.fillStyle = colours.ramp[0];
  context.fillRect(kMargin.left, kMargin.top, inside.width, inside.height);
  for (const { from, to, seconds, counts } of columns) {
    if (!counts) continue;
    const left = Math.floor(x(history.times[from]));
    const right = Math.ceil(x(history.times[to]));
    counts.forEach((count, row) => {
      if (count === 0) return;
      // By the square root: a cell with few observations is seen beside one with many.
      const shade = Math.max(6, Math.round(Math.sqrt(count / seconds / most) * 63));
      const top = kMargin.top + Math.round(inside.height * (1 - (row + 1) / rows));
      const bottom = kMargin.top + Math.round(inside.height * (1 - row / rows));
      context.fillStyle = colours.ramp[Math.min(63, shade)];
      context.fillRect(left, top, right - left, bottom - top - (inside.height / rows > 6 ? 1 : 0));
    });
  }
  drawBounds(context, height, metric.bounds, format);
  drawTimes(context, width, height, kMargin, [begin, end]);
  drawQuantiles(context, columns, history, metric, x, inside);
  return most;
}

function drawQuantiles(context, columns, history, metric, x, inside) {
  const rows = metric.bounds.length;
  let lowestName = Infinity;
  for (const [i, q] of kQuantiles.entries()) {
    let last = null;
    context.beginPath();
    let open = false;
    for (const { from, to, counts } of columns) {
      const value = counts ? quantileOf(metric.bounds, counts, q) : NaN;
      if (Number.isNaN(value)) {
        open = false;
        continue;
      }
      const y = kMargin.top + inside.height * (1 - heightOf(metric.bounds, value) / rows);
      const middle = (x(history.times[from]) + x(history.times[to])) / 2;
      if (open) context.lineTo(middle, y);
      else context.moveTo(middle, y);
      open = true;
      last = y;
    }
    context.setLineDash([]);
    context.strokeStyle = colours.card;
    context.lineWidth = 3.5;
    context.stroke();
    context.setLineDash(kDashes[i]);
    context.strokeStyle = colours["line-2"];
    context.lineWidth = 1.6;
    context.stroke();
    if (last === null) continue;
    // Names do not cover one another.
    lowestName = Math.min(lowestName - 12, Math.max(last, kMargin.top + 6 + 12 * (kQuantiles.length - 1 - i)));
    context.font = "600 11px system-ui, sans-serif";
    context.fillStyle = colours["line-2"];
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(`p${q * 100}`, x(history.times[history.length - 1]) + 5, lowestName);
  }
  context.setLineDash([]);
}
