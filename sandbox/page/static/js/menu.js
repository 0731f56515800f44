// Menus: a message's (right click, long press, Shift+F10, the "more" button), with the bot's own
// entries under "Apps".

import { confirm, dialog, fail, toast } from "./dialog.js";
import { h, ICONS, svg } from "./dom.js";
import { glyph } from "./emoji.js";
import { popover } from "./popover.js";
import { pickReaction, toggleReaction } from "./reactions.js";

const QUICK = ["✅", "❌", "❤️", "⭐"];

/**
 * Open a menu.
 * @param {Array<{label: string, icon?: string, danger?: boolean, run: Function}|"line"|{heading: string}|Node>} entries
 */
export function openMenu(beside, entries, label) {
  const list = h("div.menu", { role: "presentation" });
  const { box, close } = popover(beside, list, label, { role: "menu" });
  for (const entry of entries) {
    if (entry === "line") list.append(h("hr", { role: "separator" }));
    else if (entry instanceof Node) list.append(entry);
    else if (entry.heading) list.append(h("div.menu-heading", { role: "presentation" }, entry.heading));
    else list.append(h("button.menu-item", { type: "button", role: "menuitem", tabindex: "-1", class: entry.danger ? "danger" : "", on: { click: () => {
      close();
      entry.run();
    } } }, h("span", {}, entry.label), entry.icon && svg(ICONS[entry.icon], 18)));
  }
  const items = () => [...list.querySelectorAll("[role=menuitem]")];
  list.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next !== undefined) all[(next + all.length) % all.length].focus();
    else if (event.key.length === 1 && event.key !== " ") all.find((item, n) => n > at && item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    event.preventDefault();
  });
  // Placed before its entries were in: place it anew.
  const { width, height } = box.getBoundingClientRect();
  const anchor = beside instanceof Element ? beside.getBoundingClientRect() : new DOMRect(beside.x, beside.y, 0, 0);
  const x = beside instanceof Element ? anchor.right - width : anchor.left;
  box.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(anchor.bottom + 4, innerHeight - height - 8))}px`;
  items()[0]?.focus();
}

/** The menu of a message. */
export function messageMenu(store, message, beside, actions) {
  const channel = store.channel(message.channel_id);
  const apps = message.ephemeral ? [] : store.commands.message;
  const element = document.getElementById(`message-${message.id}`);
  const quick = h("div.menu-quick", { role: "presentation" }, QUICK.map((emoji) =>
    h("button.palette-item", { type: "button", role: "menuitem", tabindex: "-1", "aria-label": `React with ${emoji}`, on: { click: () => {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
      toggleReaction(store, message, emoji);
    } } }, glyph(emoji))));
  const entries = [];
  if (!message.ephemeral) entries.push(quick, { label: "Add a reaction…", icon: "smile", run: () => pickReaction(store, message, element ?? beside) });
  if (message.mine && !message.interaction_metadata) entries.push({ label: "Edit", icon: "pencil", run: () => actions.edit(message) });
  if (!message.ephemeral && channel.can_send) entries.push({ label: "Reply", icon: "reply", run: () => actions.reply(message) });
  if (!message.ephemeral) entries.push({ label: "Forward…", icon: "forward", run: () => forward(store, message) });
  if (message.content) entries.push({ label: "Copy the text", icon: "copy", run: () => copy(message.content) });
  if (!message.ephemeral) {
    const server = store.server(message.channel_id);
    const link = `https://discord.com/channels/${server?.id ?? "@me"}/${message.channel_id}/${message.id}`;
    entries.push({ label: "Copy Message Link", icon: "link", run: () => copy(link) });
  }
  if (apps.length) {
    entries.push("line", { heading: "Apps" });
    for (const command of apps) entries.push({ label: command.name, icon: "app", run: () => runApp(store, message, command) });
  }
  if (message.ephemeral) entries.push({ label: "Dismiss", icon: "close", run: () => remove(store, message) });
  else if (message.can_delete) entries.push("line", { label: "Delete", icon: "trash", danger: true, run: () => askAndRemove(store, message) });
  openMenu(beside, entries, "Message");
}

async function runApp(store, message, command) {
  const data = { id: command.id, name: command.name, type: command.type, target_id: message.id };
  try {
    await store.ask(2, data, { channelId: message.channel_id });
  } catch (error) {
    fail(error);
  }
}

export async function remove(store, message) {
  try {
    await store.api.delete(`/channels/${message.channel_id}/messages/${message.id}`);
  } catch (error) {
    fail(error);
  }
}

export async function askAndRemove(store, message) {
  if (await confirm("Delete this message?", "It is gone for everybody. This can't be undone.", "Delete")) await remove(store, message);
}

function forward(store, message) {
  const targets = store.channels.filter((channel) => channel.can_send);
  const { close } = dialog("Forward to", h("div.choice-list", {}, targets.map((channel) =>
    h("button.choice", { type: "button", on: { click: async () => {
      close();
      try {
        const reference = { type: 1, message_id: message.id, channel_id: message.channel_id };
        await store.api.post(`/channels/${channel.id}/messages`, { message_reference: reference });
        toast(`Forwarded to ${channel.type === 1 ? "" : "#"}${store.name(channel)}.`);
      } catch (error) {
        fail(error);
      }
    } } }, svg(channel.type === 11 ? ICONS.thread : ICONS.hash, 18), store.name(channel)))));
}

function copy(text) {
  navigator.clipboard?.writeText(text).then(() => toast("Copied."), () => toast("The browser didn't allow copying.", "error"));
}
