// Reactions under messages, and the small palette to pick one from.

import { fail } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";
import { glyph } from "./emoji.js";
import { displayName, plural } from "./format.js";
import { popover } from "./popover.js";

const EMOJI = [
  ["✅", "check"], ["❌", "cross"], ["👍", "thumbs up"], ["👎", "thumbs down"], ["❤️", "heart"], ["😂", "laughing"],
  ["😮", "surprised"], ["😢", "crying"], ["😡", "angry"], ["🎉", "party"], ["🤔", "thinking"], ["👀", "eyes"],
  ["🙏", "please"], ["🔥", "fire"], ["⭐", "star"], ["✨", "sparkles"], ["😊", "smile"], ["😍", "heart eyes"],
  ["😭", "sobbing"], ["😅", "sweat smile"], ["🥰", "in love"], ["😎", "cool"], ["🙄", "rolling eyes"], ["😴", "asleep"],
  ["🤗", "hug"], ["🫡", "salute"], ["💯", "hundred"], ["❓", "question"], ["❗", "exclamation"], ["🎨", "art"],
  ["🌸", "blossom"], ["🐱", "cat"], ["🐰", "rabbit"], ["🍵", "tea"], ["🚫", "forbidden"], ["🖼️", "picture"],
];

const sameEmoji = (a, b) => a.replaceAll("\ufe0f", "") === b.replaceAll("\ufe0f", "");

/** A reaction's emoji as the API's paths name it. */
const emojiOf = ({ emoji }) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);

export async function toggleReaction(store, message, emoji) {
  const now = store.message(message.channel_id, message.id) ?? message;
  const mine = now.reactions.find((reaction) => sameEmoji(reaction.emoji.name, emoji))?.me;
  const path = `/channels/${message.channel_id}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}/@me`;
  try {
    await (mine ? store.api.delete(path) : store.api.put(path));
  } catch (error) {
    fail(error);
  }
}

export function reactions(store, message) {
  if (!message.reactions.length) return null;
  return h("div.reactions", { role: "group", "aria-label": "Reactions" },
    message.reactions.map((reaction) => {
      const ids = store.reactorsOf(message, emojiOf(reaction)) ?? [];
      const who = ids.map((id) => store.user(id)).filter(Boolean).map(displayName).join(", ");
      return h("button.reaction", {
        type: "button", class: reaction.me ? "mine" : "", "aria-pressed": String(reaction.me),
        "aria-label": `${reaction.emoji.name}, ${plural(reaction.count, "reaction")}${who && `: ${who}`}`, title: who,
        data: { key: `reaction:${reaction.emoji.name}` },
        on: { click: () => toggleReaction(store, message, reaction.emoji.name) },
      }, glyph(reaction.emoji.name), h("span.count", {}, reaction.count));
    }),
    h("button.reaction.add", { type: "button", "aria-label": "Add a reaction", data: { key: "reaction-add" }, on: { click: (event) => pickReaction(store, message, event.currentTarget) } }, svg(ICONS.smile, 16), "+"));
}

/** Open the palette beside an element and react with what is picked. */
export function pickReaction(store, message, beside) {
  emojiPalette(beside, (emoji) => toggleReaction(store, message, emoji));
}

export function emojiPalette(beside, onPick) {
  const search = h("input.palette-search", { type: "search", placeholder: "Find an emoji", "aria-label": "Find an emoji" });
  const grid = h("div.palette-grid");
  const { close } = popover(beside, h("div.palette", {}, search, grid), "Emoji");
  const fill = () => {
    const wanted = search.value.trim().toLowerCase();
    replace(grid, EMOJI.filter(([sign, name]) => name.includes(wanted) || sign === wanted).map(([sign, name]) =>
      h("button.palette-item", { type: "button", "aria-label": name, title: name, on: { click: () => {
        close();
        onPick(sign);
      } } }, glyph(sign))));
  };
  search.addEventListener("input", fill);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") grid.firstElementChild?.click();
    if (event.key === "ArrowDown") grid.firstElementChild?.focus();
  });
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...grid.children];
    items[Math.min(items.length - 1, Math.max(0, items.indexOf(document.activeElement) + step))]?.focus();
  });
  fill();
  search.focus();
}
