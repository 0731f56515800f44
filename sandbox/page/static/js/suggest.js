// The list of suggestions above an input: commands, mentions, autocomplete. The focus stays in the
// input; aria-activedescendant says which suggestion is chosen.

import { h, replace, uid } from "./dom.js";

export class Suggest {
  /**
   * @param {HTMLElement} input
   * @param {HTMLElement} host where the list is put
   * @param {Function} onPick called with the picked item
   */
  constructor(input, host, onPick, label) {
    this.input = input;
    this.onPick = onPick;
    this.items = [];
    this.list = h("ul.suggest", { id: uid("suggest"), role: "listbox", "aria-label": label, hidden: true });
    host.append(this.list);
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-autocomplete", "list");
    // a text area can't be a combobox: of it only the chosen suggestion is said
    this.combobox = input.tagName === "INPUT";
    if (this.combobox) input.setAttribute("role", "combobox");
    this.#expanded();
  }

  get open() {
    return !this.list.hidden;
  }

  /** Offer items; `draw` turns one into nodes, `at` is the one chosen at first, -1 for none. */
  show(items, draw, at = 0) {
    this.items = items;
    this.at = at;
    this.list.hidden = items.length === 0;
    this.#expanded();
    replace(this.list, items.map((item, n) => h("li.option", { role: "option", id: `${this.list.id}-${n}`, on: {
      pointerdown: (event) => event.preventDefault(),
      click: () => this.pick(n),
    } }, draw(item))));
    this.#mark();
  }

  #expanded() {
    if (this.combobox) this.input.setAttribute("aria-expanded", String(this.open));
  }

  hide() {
    this.show([], () => "");
  }

  pick(n) {
    const item = this.items[n];
    this.hide();
    this.onPick(item);
  }

  /** Handle a key; returns whether it was for the list. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const last = this.items.length - 1;
    if (step > 0) this.at = this.at < last ? this.at + 1 : 0;
    else if (step < 0) this.at = this.at > 0 ? this.at - 1 : last;
    else if (this.at >= 0 && (event.key === "Enter" || event.key === "Tab")) this.pick(this.at);
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.#mark();
    return true;
  }

  #mark() {
    [...this.list.children].forEach((item, n) => {
      item.setAttribute("aria-selected", String(n === this.at));
      if (n === this.at) item.scrollIntoView({ block: "nearest" });
    });
    if (this.open && this.at >= 0) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
