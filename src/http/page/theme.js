// The page's colours for canvases, and the choice of light or dark.

const kNames = ["ink", "dim", "line", "strong-line", "card", "accent", "line-1", "line-2", "line-3", "line-4", "line-5", "line-6", "heat-0",
  "heat-1", "heat-2", "heat-3", "heat-4", "heat-5"];

export const colours = {};
// Six lines at most in one chart: told apart by dashes too.
export const kDashes = [[], [6, 3], [2, 3], [9, 3, 2, 3], [4, 2], [1, 4]];

export function readColours() {
  const probe = document.createElement("span");
  document.body.append(probe);
  for (const name of kNames) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  colours.lines = [1, 2, 3, 4, 5, 6].map((i) => colours[`line-${i}`]);
  colours.heat = [0, 1, 2, 3, 4, 5].map((i) => colours[`heat-${i}`]);
  colours.ramp = rampOf(colours.heat);
}

// 64 colours from few: even steps between neighbours. Lightness goes one way along it, so that it reads without hue.
function rampOf(stops) {
  const parts = stops.map((stop) => stop.match(/[\d.]+/g).slice(0, 3).map(Number));
  const ramp = [];
  for (let i = 0; i < 64; i += 1) {
    const at = (i / 63) * (parts.length - 1);
    const low = Math.min(Math.floor(at), parts.length - 2);
    const mix = parts[low].map((channel, c) => Math.round(channel + (parts[low + 1][c] - channel) * (at - low)));
    ramp.push(`rgb(${mix.join()})`);
  }
  return ramp;
}

function stored() {
  try {
    return localStorage.getItem("weir-theme") || "";
  } catch {
    return "";
  }
}

export function startTheme(onChange) {
  const apply = () => {
    readColours();
    onChange();
  };
  if (stored()) document.documentElement.dataset.theme = stored();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  readColours();
  return function toggle() {
    const dark = document.documentElement.dataset.theme === "dark" ||
      (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("weir-theme", document.documentElement.dataset.theme);
    } catch {
      // A browser that keeps nothing: the choice holds while the page is open.
    }
    apply();
  };
}
