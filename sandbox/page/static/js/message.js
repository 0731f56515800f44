// One message, drawn.

import { Components, texts } from "./components.js";
import { h, ICONS, svg } from "./dom.js";
import { embed, usedByEmbeds } from "./embeds.js";
import { avatar, displayName, fullTime, sentAt, timeOf, when } from "./format.js";
import { hidesLink, inlineMarkdown, markdown } from "./markdown.js";
import { attachments, covered, sticker } from "./media.js";
import { remove } from "./menu.js";
import { pickReaction, reactions } from "./reactions.js";

const LAYOUT = 1 << 15;
const TALKED = new Set([0, 19, 20, 23]);
const SYSTEM = {
  6: "pinned a message.", 7: "joined the server.", 18: "started a thread: ", 21: "wrote what this thread is about.",
};

/**
 * Draw a message.
 * @param {boolean} compact whether it follows another of the same author closely
 * @param {{menu: Function, reply: Function, edit: Function, jump: Function}} actions
 */
export function messageElement(store, message, compact, actions) {
  const author = message.author;
  const sent = sentAt(message.id);
  const name = displayName(store.user(author.id) ?? author);
  const mentionsMe = message.mentions?.some((user) => user.id === store.me.id);
  const label = `${name}, ${timeOf(sent)}${message.ephemeral ? ", only you can see this" : ""}`;
  if (!TALKED.has(message.type)) return systemMessage(store, message, name, sent);
  const head = !compact && h("div.message-head", {},
    h("span.author", { class: author.bot ? "bot" : "" }, name),
    author.bot && h("span.app-badge", {}, "APP"),
    h("time.when", { datetime: sent.toISOString(), title: fullTime(sent) }, when(sent)));
  return h("article.message", {
    id: `message-${message.id}`, tabindex: "-1", "aria-label": label, data: { id: message.id },
    class: `${compact ? "compact" : ""} ${message.ephemeral ? "ephemeral" : ""} ${mentionsMe ? "mentions-me" : ""}`,
  },
    context(store, message, actions),
    h("div.message-row", {},
      compact ? h("time.gutter-time", { datetime: sent.toISOString(), "aria-hidden": "true" }, timeOf(sent)) : avatar(store.user(author.id) ?? author),
      h("div.message-main", {}, head, body(store, message),
        message.ephemeral && h("p.only-you", {}, svg(ICONS.eye, 15), "Only you can see this",
          h("button.text-button", { type: "button", on: { click: () => remove(store, message) } }, "Dismiss message")),
        reactions(store, message))),
    toolbar(store, message, actions));
}

function body(store, message) {
  if (message.loading) {
    return h("p.thinking", { role: "status" }, h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${displayName(store.user(message.author.id) ?? message.author)} is thinking…`);
  }
  const parts = contents(store, message, message.id);
  const used = message.components?.length ? new Components(store, message).all(message.components) : [];
  const edited = message.edited_timestamp && h("span.edited", { title: fullTime(new Date(message.edited_timestamp)) }, "(edited)");
  const forwarded = (message.message_snapshots ?? []).map((snapshot, n) =>
    h("div.forwarded", {}, h("p.forwarded-head", {}, svg(ICONS.forward, 15), "Forwarded"),
      inner(store, message, snapshot.message, `${message.id}.${n}`)));
  return h("div.message-body", {}, parts, forwarded, used, edited);
}

/** What a message shows of another one: of a forward's original, or of what a thread was opened on. */
function inner(store, message, other, key) {
  const whole = { embeds: [], attachments: [], ...other, id: message.id, channel_id: message.channel_id, mention_names: message.mention_names };
  return [contents(store, whole, key), new Components(store, whole, { still: true }).all(other.components ?? [])];
}

function contents(store, message, key) {
  const look = { names: message.mention_names, me: store.me.id };
  const layout = Boolean((message.flags ?? 0) & LAYOUT);
  if (layout) return [];
  const used = usedByEmbeds(message);
  const onlyEmoji = /^(?:\p{Extended_Pictographic}|\ufe0f|\u200d|\s){1,24}$/u.test(message.content ?? "");
  return [
    message.content && h("div.prose", { class: onlyEmoji ? "huge" : "" }, markdown(message.content, look)),
    attachments(message.attachments.filter((file) => !used.has(file.url)), key),
    message.embeds.map((data, n) => {
      const shown = embed(data, look, `${key}/embed${n}`);
      return hidesLink(message.content) ? covered(shown, `${key}/hidden${n}`) : shown;
    }),
    message.sticker_items?.map(sticker),
  ];
}

/** What a message answers: a reply's target, or the command that was used. */
function context(store, message, actions) {
  const used = message.interaction_metadata;
  if (message.type === 19) {
    const target = message.referenced_message;
    if (!target) return h("div.context", {}, svg(ICONS.reply, 15), h("em", {}, "The message was deleted."));
    const preview = target.content ? inlineMarkdown(target.content.split("\n")[0], { names: message.mention_names, still: true }) : h("em", {}, summary(target));
    return h("button.context", { type: "button", "aria-label": `Reply to ${displayName(target.author)}: go there`, on: { click: () => actions.jump(target.id) } },
      svg(ICONS.reply, 15), avatar(store.user(target.author.id) ?? target.author, "avatar-tiny"),
      h("strong", {}, displayName(store.user(target.author.id) ?? target.author)), h("span.context-text", {}, preview));
  }
  if (used && (message.type === 20 || message.type === 23)) {
    const user = store.user(used.user.id) ?? used.user;
    return h("div.context", {}, svg(ICONS.app, 15), avatar(user, "avatar-tiny"), h("strong", {}, displayName(user)), " used ",
      h("span.mention", {}, message.type === 20 ? `/${message.interaction?.name}` : message.interaction?.name));
  }
  return null;
}

/** Say in a few words what a message without text holds. */
export function summary(message) {
  const layout = texts(message.components ?? []).split("\n")[0];
  if (layout) return layout;
  if (message.sticker_items?.length) return `the sticker “${message.sticker_items[0].name}”`;
  const count = message.attachments?.length ?? 0;
  if (count) return count === 1 ? "a picture or file" : `${count} files`;
  return message.embeds?.[0]?.title || message.embeds?.[0]?.description?.split("\n")[0] || "a message";
}

function toolbar(store, message, actions) {
  if (message.loading) return null;
  const channel = store.channel(message.channel_id);
  const open = (event) => actions.menu(message, event.currentTarget);
  const button = (label, icon, run) => h("button.icon-button", { type: "button", tabindex: "-1", "aria-label": label, title: label, on: { click: run } }, svg(ICONS[icon], 18));
  return h("div.toolbar", {},
    !message.ephemeral && button("Add a reaction", "smile", (event) => pickReaction(store, message, event.currentTarget)),
    !message.ephemeral && channel?.can_send && button("Reply", "reply", () => actions.reply(message)),
    message.mine && button("Edit", "pencil", () => actions.edit(message)),
    button("More", "more", open));
}

function systemMessage(store, message, name, sent) {
  const words = SYSTEM[message.type] ?? "did something that this page doesn't know.";
  return h("article.message.system", { id: `message-${message.id}`, tabindex: "-1", data: { id: message.id } },
    h("p", {}, svg(ICONS.thread, 16), h("strong", {}, name), " ", words, message.type === 18 && message.content,
      h("time.when", { datetime: sent.toISOString() }, when(sent))),
    message.referenced_message && h("div.system-about", {}, inner(store, message, message.referenced_message, `${message.id}.about`)));
}
