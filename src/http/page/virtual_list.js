// A list of any length that holds only the rows one sees: 10,000 items, some forty elements.
//
//   const list = new VirtualList({ label, heightOf, make, fill, tick, onChoose });
//   list.setItems(items);            // [{key, …}]; the chosen one stays chosen while its key is there
//   list.tick();                     // new values: visible rows alone are touched
//
// Keyboard: arrows, page keys, Home and End move; Enter (or a click) chooses. Rows are options of a listbox, told their
// place in the whole, so that a screen reader hears "row 9,001 of 10,000".

import { element } from "./dom.js";

const kBeyond = 6; // rows kept beyond each edge, so that scrolling never shows an empty one

export class VirtualList {
  constructor(parts) {
    this.parts = parts;
    this.items = [];
    this.tops = new Float64Array(1);
    this.rows = new Map(); // index to element
    this.spare = [];
    this.chosen = null; // its key
    this.chosenAt = -1;
    this.room = element("div", { class: "room", role: "presentation" });
    this.node = element("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": parts.label,
      onscroll: () => this.queue(), onkeydown: (event) => this.onKey(event) }, this.room);
    new ResizeObserver(() => this.queue()).observe(this.node);
  }

  setItems(items) {
    this.items = items;
    this.chosenAt = this.chosen === null ? -1 : items.findIndex((item) => item.key === this.chosen);
    this.tops = new Float64Array(items.length + 1);
    items.forEach((item, i) => {
      this.tops[i + 1] = this.tops[i] + this.parts.heightOf(item);
    });
    this.room.style.height = `${this.tops[items.length]}px`;
    for (const row of this.rows.values()) this.retire(row);
    this.rows.clear();
    this.draw();
  }

  queue() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      this.draw();
    });
  }

  indexAt(offset) {
    let low = 0;
    let high = this.items.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  draw() {
    if (this.items.length === 0 || this.node.clientHeight === 0) return;
    const first = Math.max(0, this.indexAt(this.node.scrollTop) - kBeyond);
    const last = Math.min(this.items.length - 1, this.indexAt(this.node.scrollTop + this.node.clientHeight) + kBeyond);
    for (const [index, row] of this.rows) {
      if (index >= first && index <= last) continue;
      this.retire(row);
      this.rows.delete(index);
    }
    for (let index = first; index <= last; index += 1) if (!this.rows.has(index)) this.show(index);
  }

  retire(row) {
    row.hidden = true;
    row.removeAttribute("id");
    this.spare.push(row);
  }

  show(index) {
    const row = this.spare.pop() || this.room.appendChild(this.make());
    const item = this.items[index];
    row.hidden = false;
    row.id = `row-${index}`;
    row.style.transform = `translateY(${this.tops[index]}px)`;
    row.style.height = `${this.tops[index + 1] - this.tops[index]}px`;
    row.setAttribute("aria-setsize", this.items.length);
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-selected", index === this.chosenAt);
    this.rows.set(index, row);
    this.parts.fill(row, item, index);
    this.parts.tick(row, item);
  }

  make() {
    const row = this.parts.make();
    row.setAttribute("role", "option");
    row.addEventListener("click", () => this.choose(Number(row.id.slice(4)), true));
    return row;
  }

  tick() {
    for (const [index, row] of this.rows) this.parts.tick(row, this.items[index]);
  }

  choose(index, enter) {
    const item = this.items[index];
    if (!item) return;
    this.markChosen(index);
    const top = this.tops[index];
    const bottom = this.tops[index + 1];
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    if (bottom > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = bottom - this.node.clientHeight;
    this.draw();
    this.node.setAttribute("aria-activedescendant", `row-${index}`);
    this.parts.onChoose(item, enter);
  }

  // -1: none.
  markChosen(at) {
    this.chosenAt = at;
    this.chosen = at < 0 ? null : this.items[at].key;
    for (const [index, row] of this.rows) row.setAttribute("aria-selected", index === at);
    if (at < 0) this.node.removeAttribute("aria-activedescendant");
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.chosenAt;
    const page = Math.max(1, this.indexAt(this.node.scrollTop + this.node.clientHeight) - this.indexAt(this.node.scrollTop) - 1);
    const steps = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0,
      End: this.items.length - 1, Enter: at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(this.items.length - 1, steps[event.key])), event.key === "Enter");
  }
}
