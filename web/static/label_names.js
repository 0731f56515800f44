// A field that finds characters as one types: the combobox pattern of the ARIA practices guide.

import {call, element} from "./page.js";

const WAIT_MS = 60;

/**
 * Let `input` find characters of a server; `chosen(name)` hears of the one that was chosen. With
 * `fresh` what is typed can be chosen as a new character, too: it has no id.
 */
export function findsNames(input, list, server, chosen, {fresh = false} = {}) {
  let found = [];
  let at = -1;
  let asked = null;
  let timer = 0;
  let answered = "";

  function show(names) {
    found = names;
    at = names.length ? 0 : -1;
    list.replaceChildren(...names.map((name, index) => {
      const item = element("li");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      item.append(element("b", "", name.id ? name.name : `New character: ${name.name}`));
      if (name.native_name) item.append(native(name.native_name));
      if (name.series) item.append(element("small", "", name.series));
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => choose(index));
      return item;
    }));
    list.hidden = !names.length;
    input.setAttribute("aria-expanded", String(names.length > 0));
    mark();
  }

  function native(text) {
    const made = element("span", "", text);
    made.lang = "ja";
    return made;
  }

  function mark() {
    [...list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === at));
      if (index === at) item.scrollIntoView({block: "nearest"});
    });
    if (at >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const name = found[index];
    clear();
    if (name) chosen(name);
  }

  function clear() {
    asked?.abort();
    clearTimeout(timer);
    input.value = answered = "";
    show([]);
  }

  async function look() {
    clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const typed = input.value.trim();
    if (!typed) {
      answered = "";
      show([]);
      return;
    }
    try {
      const query = new URLSearchParams({q: typed});
      const answer = await call(`/api/v1/label/${server}/names?${query}`, {signal: asked.signal});
      answered = typed;
      show(fresh ? [...answer.names, {name: typed}] : answer.names);
    } catch (error) {
      if (error.name !== "AbortError") show([]);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      // Who types fast presses Enter before the list has come: it is for what is typed now.
      if (answered !== input.value.trim()) await look();
      if (at >= 0) choose(at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      clear();
      input.blur();
    }
  });
  input.addEventListener("blur", () => show([]));
  return clear;
}
