// Keys that work everywhere on the page but while one types.

import { element } from "./dom.js";

const kKeys = [["/", "search"], ["↑ ↓  j k", "move through the list"], ["Enter", "open what is chosen"], ["Esc", "close it"],
  ["1 2 3 4", "metrics, writers, storage, skipped"], ["p", "pause, and go on"], ["t", "light or dark"], ["?", "this list"]];

export function startKeyboard(page) {
  const close = element("button", { class: "quiet", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { "aria-label": "Keys" }, element("h2", {}, "Keys"),
    element("dl", { class: "keys" }, ...kKeys.flatMap(([key, what]) => [element("dt", {}, ...key.split(/ +/).flatMap((one) => [element("kbd", {}, one), " "])),
      element("dd", {}, what)])), element("p", {}, element("br"), close));
  document.body.append(dialog);
  const acts = {
    "/": () => {
      page.go("metrics");
      page.views.metrics.input.focus();
      page.views.metrics.input.select();
    },
    Escape: () => page.view === "metrics" && page.views.metrics.detail.family && page.views.metrics.close(),
    p: () => page.togglePause(),
    t: () => page.toggleTheme(),
    "?": () => dialog.showModal(),
  };
  page.order.forEach((view, i) => {
    acts[String(i + 1)] = () => page.go(view);
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || dialog.open) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  });
}
