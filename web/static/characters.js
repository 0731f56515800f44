// The list of characters, any number of them: blocks near the window are filled, the others empty.

import {call, element} from "./page.js";

const people = document.getElementById("people");
const total = Number(people.dataset.total);
const size = Number(people.dataset.page);
const MARGIN = 1200;
// A rim of a block at the upper edge is not what somebody looks at.
const RIM = 48;
const WAIT_MS = 5000;

/** A block of entries, in sight or not. What it showed is kept, so that it comes back at once. */
class Block {
  constructor(number) {
    this.start = number * size;
    this.count = Math.min(size, total - this.start);
    this.place = element("div", "block");
    this.place.dataset.start = this.start;
    this.found = null;
    this.asked = null;
  }

  get filled() {
    return this.place.hasChildNodes();
  }

  /** Show the entries, asking for them where they were never shown. */
  async fill() {
    if (this.filled || this.asked) return;
    if (!this.found) {
      this.asked = new AbortController();
      const query = new URLSearchParams(location.search);
      query.set("start", this.start);
      query.set("count", this.count);
      try {
        this.found = (await call(`/api/v1/characters?${query}`, {signal: this.asked.signal})).characters;
      } catch (error) {
        // What is still in sight is asked for again, when the site says so.
        if (error.name !== "AbortError") setTimeout(() => watch(this), error.retry ? 1000 * error.retry : WAIT_MS);
        return;
      } finally {
        this.asked = null;
      }
    }
    const list = element("ul", "people");
    list.append(...this.found.map((one, index) => entry(one, this.start + index)));
    this.show(list);
  }

  show(list) {
    this.place.replaceChildren(list);
    this.place.style.minHeight = "";
  }

  /** Take the entries off the page; where the focus is, they stay. */
  empty() {
    this.asked?.abort();
    if (!this.filled || this.place.contains(document.activeElement)) return;
    this.place.style.minHeight = `${this.place.offsetHeight}px`;
    this.place.replaceChildren();
  }

  /** Be about as high as the entries would be, so that the bar at the side tells the truth. */
  guess(row, columns) {
    if (!this.filled) this.place.style.minHeight = `${Math.ceil(this.count / columns) * row}px`;
  }
}

function entry(one, index) {
  const item = element("li");
  item.setAttribute("aria-setsize", String(total));
  item.setAttribute("aria-posinset", String(index + 1));
  const link = element("a");
  link.href = `/characters/${encodeURIComponent(one.id)}`;
  link.append(element("b", "", one.name));
  if (one.native_name) link.append(native(one.native_name));
  if (one.series) link.append(element("small", "", one.series));
  if (!one.named) link.append(element("small", "faint", "not by face yet"));
  item.append(link);
  return item;
}

function native(text) {
  const made = element("span", "", text);
  made.lang = "ja";
  return made;
}

const blocks = Array.from({length: Math.ceil(total / size)}, (_, number) => new Block(number));
const byPlace = new Map(blocks.map((block) => [block.place, block]));
const near = new IntersectionObserver((seen) => {
  for (const each of seen) {
    const block = byPlace.get(each.target);
    if (each.isIntersecting) block.fill();
    else block.empty();
  }
}, {rootMargin: `${MARGIN}px`});
let settled = 0;

/** Look anew whether a block is near the window. */
function watch(block) {
  near.unobserve(block.place);
  near.observe(block.place);
}

/** Guess the height of what is empty by what is shown. */
function measure() {
  const shown = document.querySelector("#people ul.people");
  const columns = getComputedStyle(shown).gridTemplateColumns.split(" ").length;
  const row = shown.offsetHeight / Math.ceil(shown.children.length / columns);
  for (const block of blocks) block.guess(row, columns);
}

/** Keep in the address which block is in sight: a reload, and a link to it, lead there again. */
function remember() {
  const first = blocks.find((block) => block.place.getBoundingClientRect().bottom > RIM) ?? blocks[0];
  const address = new URL(location.href);
  if (first.start) address.searchParams.set("start", first.start);
  else address.searchParams.delete("start");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

if (total > size) {
  const here = blocks[Number(people.dataset.start) / size];
  const served = people.querySelector("ul");
  people.querySelector("nav").remove();
  people.append(...blocks.map((block) => block.place));
  here.show(served);
  measure();
  if (here.start) {
    history.scrollRestoration = "manual";
    here.place.scrollIntoView();
  }
  blocks.forEach(watch);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) measure();
    width = innerWidth;
  });
  addEventListener("scroll", () => {
    clearTimeout(settled);
    settled = setTimeout(remember, 200);
  }, {passive: true});
}
