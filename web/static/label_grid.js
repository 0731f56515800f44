// A grid of any number of crops: only what is in sight is on the page, and rows are used again.

import {Thumbnails} from "./label_thumbnails.js";
import {element} from "./page.js";

const SIDE = 112;
const OVERSCAN = 3;

export class Grid {
  /**
   * `page(start, count)` gives {total, crops}; `chosen(ids)` hears of what is chosen.
   * `atOnce` crops are asked for at a time.
   */
  constructor(box, {server, page, chosen, atOnce = 200}) {
    Object.assign(this, {box, server, page, chosen, atOnce});
    this.sheet = element("div", "grid-sheet");
    this.thumbnails = new Thumbnails(server, (ids) => this.came(new Set(ids)));
    box.replaceChildren(this.sheet);
    this.cells = [];
    this.columns = 1;
    this.clear();
    box.addEventListener("scroll", () => this.draw(), {passive: true});
    new ResizeObserver(() => this.measure()).observe(box);
    box.addEventListener("click", (event) => this.clicked(event));
    box.addEventListener("keydown", (event) => this.pressed(event));
    box.addEventListener("focus", () => this.point(this.at));
  }

  /** Read everything anew, from the top. */
  async load() {
    this.clear();
    this.box.scrollTop = 0;
    await this.fetch(0);
    this.measure();
    this.draw();
  }

  clear() {
    this.items = [];
    this.total = 0;
    this.asked = new Set();
    this.at = 0;
    this.shown = new Set();
    this.thumbnails.clear();
    this.pick([]);
  }

  async fetch(part) {
    if (this.asked.has(part)) return;
    this.asked.add(part);
    const asked = this.asked;
    const start = part * this.atOnce;
    let found;
    try {
      found = await this.page(start, this.atOnce);
    } catch (error) {
      asked.delete(part);  // it is asked for again with the next scroll
      throw error;
    }
    const {total, crops} = found;
    if (asked !== this.asked) return;
    this.total = total;
    crops.forEach((crop, index) => {
      this.items[start + index] = crop;
    });
    this.measure();
    this.draw(true);
  }

  measure() {
    this.columns = Math.max(1, Math.floor(this.sheet.clientWidth / SIDE));
    this.sheet.style.height = `${Math.ceil(this.total / this.columns) * (SIDE + 24)}px`;
    this.draw(true);
  }

  draw(anew = false) {
    const row = SIDE + 24;
    const first = Math.max(0, Math.floor(this.box.scrollTop / row) - OVERSCAN);
    const rows = Math.ceil(this.box.clientHeight / row) + 2 * OVERSCAN;
    const start = first * this.columns;
    const end = Math.min(this.total, start + rows * this.columns);
    if (!anew && start === this.start && end === this.end) return;
    [this.start, this.end] = [start, end];
    const needed = rows * this.columns;
    while (this.cells.length < needed) this.cells.push(this.cell());
    // A crop keeps its cell while it is in sight, so that no picture is drawn twice.
    for (const [slot, cell] of this.cells.entries()) {
      const index = start + ((((slot - start) % needed) + needed) % needed);
      if (index >= end) cell.hidden = true;
      else if (anew || cell.hidden || Number(cell.dataset.index) !== index) this.fill(cell, index);
    }
    const seen = this.items.slice(start, end).filter((item) => item && !this.covered(item));
    this.thumbnails.want(seen.map((item) => item.id));
    for (let part = Math.floor(start / this.atOnce); part * this.atOnce < end; part += 1) this.fetch(part).catch(() => {});
  }

  /** Show the thumbnails that came; the other cells stay as they are. */
  came(ids) {
    for (const cell of this.cells) {
      const index = Number(cell.dataset.index);
      if (!cell.hidden && ids.has(this.items[index]?.id)) this.fill(cell, index);
    }
  }

  cell() {
    const made = element("div", "grid-cell");
    made.setAttribute("role", "option");
    const image = element("img");
    image.alt = "";
    image.decoding = "async";
    made.append(image, element("small"));
    this.sheet.append(made);
    return made;
  }

  fill(cell, index) {
    const item = this.items[index];
    cell.hidden = false;
    cell.id = `crop-${index}`;
    cell.dataset.index = index;
    const place = `translate(${(index % this.columns) * SIDE}px, ${Math.floor(index / this.columns) * (SIDE + 24)}px)`;
    if (cell.style.transform !== place) cell.style.transform = place;
    const [image, caption] = cell.children;
    cell.setAttribute("aria-posinset", String(index + 1));
    cell.setAttribute("aria-setsize", String(this.total));
    if (!item) {
      image.removeAttribute("src");
      cell.dataset.src = caption.textContent = "";
      cell.setAttribute("aria-label", "Not loaded yet");
      return;
    }
    const covered = this.covered(item);
    const source = covered ? "" : this.thumbnails.of(item.id);
    if (cell.dataset.src !== source) {
      cell.dataset.src = source;
      if (source) image.src = source;
      else image.removeAttribute("src");
    }
    cell.classList.toggle("covered", covered);
    const text = [covered ? "spoiler" : "", item.name || "no label", item.note].filter(Boolean).join(", ");
    caption.textContent = item.note || item.name || (covered ? "spoiler" : "");
    cell.setAttribute("aria-label", text);
    cell.setAttribute("aria-selected", String(this.picked.has(item.id)));
    cell.classList.toggle("at", index === this.at);
  }

  /** Whether a crop is a spoiler that nobody asked for yet: then it is not even loaded. */
  covered(item) {
    return item.hidden && !this.shown.has(item.id);
  }

  clicked(event) {
    const cell = event.target.closest(".grid-cell");
    if (!cell) return;
    const index = Number(cell.dataset.index);
    if (event.shiftKey) this.range(this.at, index);
    else this.toggle(index);
    this.point(index);
  }

  toggle(index) {
    const item = this.items[index];
    if (!item) return;
    if (item.hidden && !this.shown.has(item.id)) this.shown.add(item.id);
    else if (!this.picked.delete(item.id)) this.picked.add(item.id);
    this.told();
  }

  range(from, to) {
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
      if (this.items[index]) this.picked.add(this.items[index].id);
    }
    this.told();
  }

  pick(ids) {
    this.picked = new Set(ids);
    this.told();
  }

  told() {
    this.chosen([...this.picked]);
    this.draw(true);
  }

  pressed(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / (SIDE + 24))) * this.columns;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -page, PageDown: page, Home: -this.total, End: this.total,
    };
    if (event.key === " ") {
      event.preventDefault();
      this.toggle(this.at);
    } else if (event.key in steps) {
      event.preventDefault();
      const before = this.at;
      this.point(this.at + steps[event.key]);
      if (event.shiftKey) this.range(before, this.at);
    }
  }

  /** Let the keys be at a crop, and bring it in sight. */
  point(index) {
    if (!this.total) return;
    this.at = Math.min(this.total - 1, Math.max(0, index));
    const top = Math.floor(this.at / this.columns) * (SIDE + 24);
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const below = top + SIDE + 24 - this.box.clientHeight;
    if (below > this.box.scrollTop) this.box.scrollTop = below;
    this.draw(true);
    this.box.setAttribute("aria-activedescendant", `crop-${this.at}`);
  }
}
