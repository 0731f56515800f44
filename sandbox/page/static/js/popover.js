// Something small that opens beside an element (or a point) and closes when left.

import { h } from "./dom.js";

let openNow;

/**
 * @param {Element|{x: number, y: number}} beside
 * @param {Node} content
 * @param {string} label
 */
export function popover(beside, content, label, { role = "dialog" } = {}) {
  openNow?.(false);
  const back = document.activeElement;
  const box = h("div.popover", { role, "aria-label": label }, content);
  document.getElementById("chat").append(box);
  const anchor = beside instanceof Element ? beside.getBoundingClientRect() : new DOMRect(beside.x, beside.y, 0, 0);
  const { width, height } = box.getBoundingClientRect();
  const below = anchor.bottom + 6 + height <= innerHeight;
  const top = below ? anchor.bottom + 6 : Math.max(8, anchor.top - height - 6);
  box.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.min(top, innerHeight - height - 8)}px`;
  const close = (giveBack = true) => {
    if (openNow !== close) return;
    openNow = undefined;
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    if (giveBack && back?.isConnected) back.focus();
  };
  const outside = (event) => !box.contains(event.target) && close(false);
  const escape = (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    if (event.key === "Tab" && role !== "menu") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
  openNow = close;
  return { box, close };
}
