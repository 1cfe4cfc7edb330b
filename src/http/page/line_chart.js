// Lines over time: the small one in a row, the large one with axes.

import { clockText } from "./numbers.js";
import { contextOf, niceTicks, strokePoints, timeTicks } from "./canvas.js";
import { colours, kDashes } from "./theme.js";

export const kSparkSeconds = 60;
const kLongestGap = 6;

// A minute of one series, without axes: its shape, scaled to what it shows.
export function drawSpark(canvas, history, valueOf, fromZero) {
  const drawing = contextOf(canvas);
  if (!drawing || history.length === 0) return;
  const { context, width, height } = drawing;
  const end = history.times[history.length - 1];
  const first = history.pollBefore(kSparkSeconds);
  let low = fromZero ? 0 : Infinity;
  let high = fromZero ? 0 : -Infinity;
  const seen = [];
  for (let poll = first; poll < history.length; poll += 1) {
    const value = valueOf(poll);
    seen.push(value);
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, height - 0.5);
  context.lineTo(width, height - 0.5);
  context.stroke();
  if (!(high >= low)) return;
  const span = high - low || 1;
  const flat = high === low;
  const y = (value) => (flat ? (fromZero ? height - 2 : height / 2) : height - 2 - ((value - low) / span) * (height - 5));
  const points = seen.map((value, i) => {
    const time = history.times[first + i];
    return [width - 2 - ((end - time) / kSparkSeconds) * (width - 3), Number.isFinite(value) ? y(value) : NaN, time];
  });
  context.strokeStyle = colours.accent;
  context.lineWidth = 1.4;
  context.lineJoin = "round";
  context.lineCap = "round";
  strokePoints(context, points, kLongestGap);
}

// The span of time a large chart shows: a minute at least, then all there is.
export function timeSpan(history) {
  const end = history.times[history.length - 1];
  return [Math.min(history.times[0], end - 60), end];
}

function drawFrame(context, width, height, margin, [begin, end], [low, high], format) {
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of niceTicks(low, high, 4)) {
    const y = Math.round(margin.top + (1 - (tick - low) / (high - low)) * (height - margin.top - margin.bottom)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(margin.left, y);
    context.lineTo(width - margin.right, y);
    context.stroke();
    context.fillStyle = colours.dim;
    context.fillText(format(tick), margin.left - 7, y);
  }
  drawTimes(context, width, height, margin, [begin, end]);
}

export function drawTimes(context, width, height, margin, [begin, end]) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.dim;
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  const inside = width - margin.left - margin.right;
  for (const tick of timeTicks(begin, end, inside, 74)) {
    const x = margin.left + ((tick - begin) / (end - begin)) * inside;
    if (x < margin.left + 20 || x > width - 24) continue;
    context.fillText(clockText(tick), x, height - 5);
  }
}

// `lines`: [{valueOf(poll)}], at most six. `format` writes the axis.
export function drawLines(canvas, history, lines, format, fromZero) {
  const drawing = contextOf(canvas);
  if (!drawing || history.length === 0) return;
  const { context, width, height } = drawing;
  const margin = { left: 62, right: 6, top: 8, bottom: 22 };
  const [begin, end] = timeSpan(history);
  let low = fromZero ? 0 : Infinity;
  let high = fromZero ? 0 : -Infinity;
  const all = lines.map((line) => history.rows.map((_, poll) => line.valueOf(poll)));
  for (const values of all) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!(high >= low)) [low, high] = [0, 1];
  if (high === low) [low, high] = fromZero ? [0, high || 1] : [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1];
  else [low, high] = [fromZero ? low : low - (high - low) * 0.06, high + (high - low) * 0.06];
  drawFrame(context, width, height, margin, [begin, end], [low, high], format);
  const inside = height - margin.top - margin.bottom;
  all.forEach((values, i) => {
    context.strokeStyle = colours.lines[i % colours.lines.length];
    context.setLineDash(kDashes[i % kDashes.length]);
    context.lineWidth = 1.7;
    context.lineJoin = "round";
    strokePoints(context, values.map((value, poll) => [
      margin.left + ((history.times[poll] - begin) / (end - begin)) * (width - margin.left - margin.right),
      Number.isFinite(value) ? margin.top + (1 - (value - low) / (high - low)) * inside : NaN,
      history.times[poll]]), kLongestGap);
  });
  context.setLineDash([]);
}
