// Canvases as sharp as the screen: sized in CSS pixels, drawn in device pixels.

// A cleared context to draw on in CSS pixels, or null while the canvas is not shown.
export function contextOf(canvas) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0 || height === 0) return null;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

// Round steps that divide low…high into about `count`.
export function niceTicks(low, high, count) {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-6; tick += step) ticks.push(Math.abs(tick) < step * 1e-6 ? 0 : tick);
  return ticks;
}

// Times on a clock's round numbers, at most about one each `pixels`.
export function timeTicks(begin, end, width, pixels) {
  const step = [5, 10, 15, 30, 60, 120, 300].find((seconds) => ((end - begin) / seconds) * pixels <= width) || 300;
  const ticks = [];
  for (let tick = Math.ceil(begin / step) * step; tick <= end; tick += step) ticks.push(tick);
  return ticks;
}

// Points as lines; NaN and long silences are gaps, a lone point is a dot.
export function strokePoints(context, points, longestGap) {
  context.beginPath();
  let before = null;
  for (const [x, y, time] of points) {
    if (Number.isNaN(y)) {
      before = null;
      continue;
    }
    if (before !== null && time - before <= longestGap) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      context.lineTo(x + 0.01, y);
    }
    before = time;
  }
  context.stroke();
}
