// The signs that the bot and the menus use, drawn: not every machine has a font with emoji.

import { h } from "./dom.js";

const DRAWN = {
  "✅": ["#2f9e63", "M7 12.500l3.500 3.500L17.500 8.500"],
  "❌": ["#d8404f", "M8 8l8 8M16 8l-8 8"],
  "⏳": ["#6f66b3", "M7.500 6h9M7.500 18h9M9 6c0 7 6 5 6 12M15 6c0 7-6 5-6 12", 2],
  "❤": ["#c23a84", "M12 17.500C2.500 11 8 4.500 12 9.500c4-5 9.500 1.500 0 8z", 2.400],
  "⭐": ["#c98a12", "M12 6l1.800 4 4.200.400-3.200 2.800 1 4.300-3.800-2.300-3.800 2.300 1-4.300L6 10.400l4.200-.400z", 2],
};
const SIGNS = new RegExp(`((?:${Object.keys(DRAWN).join("|")})\\ufe0f?)`);

const drawing = (emoji) => DRAWN[emoji.replaceAll("\ufe0f", "")];

/** Return an emoji as a drawing where there is one, else as text. */
export function glyph(emoji) {
  const drawn = drawing(emoji);
  if (!drawn) return h("span.emoji", {}, emoji);
  const [color, path, width = 3.4] = drawn;
  const picture = document.createElement("span");
  picture.className = "emoji drawn";
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", emoji);
  picture.style.setProperty("--sign", color);
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("stroke-width", width);
  const line = document.createElementNS(ns, "path");
  line.setAttribute("d", path);
  svg.append(line);
  picture.append(svg);
  return picture;
}

/** Return a text with its drawn emoji in their places. */
export function withGlyphs(text) {
  return text.split(SIGNS).filter(Boolean).map((part) => (drawing(part) ? glyph(part) : part));
}
