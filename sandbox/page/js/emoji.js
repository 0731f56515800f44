// The signs that votes are cast with, drawn: not every machine has a font with emoji.

import { h } from "./dom.js";

const DRAWN = {
  "✅": ["#2f9e63", "M7 12.500l3.500 3.500L17.500 8.500"],
  "❌": ["#d8404f", "M8 8l8 8M16 8l-8 8"],
};

/** Return an emoji as a drawing where there is one, else as text. */
export function glyph(emoji) {
  const drawn = DRAWN[emoji.replaceAll("\ufe0f", "")];
  if (!drawn) return h("span.emoji", {}, emoji);
  const [color, path] = drawn;
  const picture = document.createElement("span");
  picture.className = "emoji drawn";
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", emoji);
  picture.style.setProperty("--sign", color);
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const line = document.createElementNS(ns, "path");
  line.setAttribute("d", path);
  svg.append(line);
  picture.append(svg);
  return picture;
}

/** Return a text with its drawn emoji in their places. */
export function withGlyphs(text) {
  return text.split(/(✅|❌)/).filter(Boolean).map((part) => (DRAWN[part] ? glyph(part) : part));
}
