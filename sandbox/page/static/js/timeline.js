// The messages of the open channel: drawn, kept up to date, scrolled and walked through by keys.

import { fail } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";
import { avatar, dayOf, displayName, sentAt } from "./format.js";
import { keepUncovered } from "./markdown.js";
import { decode, encode } from "./mentions.js";
import { askAndRemove, messageMenu } from "./menu.js";
import { messageElement } from "./message.js";

const NEAR = 7 * 60 * 1000;

export class Timeline {
  /** @param {Element} host where to live; `onReply` is called with the message to reply to */
  constructor(store, host, onReply) {
    this.store = store;
    this.content = h("div.timeline-content");
    this.scroller = h("div.timeline", { tabindex: "-1", role: "region", "aria-label": "Messages" },
      h("h2.visually-hidden", {}, "Messages"), this.content);
    this.newer = h("button.newer", { type: "button", hidden: true, on: { click: () => this.toEnd(true) } }, "New messages ↓");
    host.append(this.scroller, this.newer);
    this.pinned = true;
    this.scrolledTo = 0;
    this.actions = {
      menu: (message, beside) => messageMenu(store, message, beside, this.actions),
      reply: onReply,
      edit: (message) => this.edit(message),
      jump: (id) => this.jump(id),
    };
    this.#listen();
  }

  #listen() {
    const { store, scroller } = this;
    const here = (channelId) => channelId === store.currentId;
    store.on("messages", ({ channelId }) => here(channelId) && this.draw());
    store.on("channel", () => this.wait());
    store.on("older", ({ channelId }) => here(channelId) && this.keepPlace(() => this.draw(false)));
    store.on("created", ({ message, fresh }) => here(message.channel_id) && fresh && this.add(message));
    store.on("updated", ({ message }) => here(message.channel_id) && this.redraw(message.id));
    store.on("rerender", ({ messageId }) => this.redraw(messageId));
    store.on("deleted", ({ channelId }) => here(channelId) && this.keepPlace(() => this.draw(false)));
    scroller.addEventListener("scroll", () => {
      const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
      // pictures that load below, or a slow scroll that is under way, are no leaving of the end
      this.pinned = atEnd || (this.pinned && scroller.scrollTop >= this.scrolledTo);
      this.scrolledTo = scroller.scrollTop;
      if (this.pinned) this.newer.hidden = true;
      if (scroller.scrollTop < 200) store.loadOlder(store.currentId).catch(fail);
    });
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(this.content);
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(scroller);
    this.content.addEventListener("contextmenu", (event) => this.#contextMenu(event));
    this.content.addEventListener("keydown", (event) => this.#key(event));
    this.content.addEventListener("focusin", (event) => this.#rove(event.target.closest(".message")));
    this.content.addEventListener("focusout", (event) => {
      if (!this.content.contains(event.relatedTarget)) this.#rove(this.#newest);
    });
    this.#longPress();
  }

  get messages() {
    return this.store.messages.get(this.store.currentId) ?? [];
  }

  wait() {
    this.pinned = true;
    this.newer.hidden = true;
    if (!this.store.messages.has(this.store.currentId)) replace(this.content, h("p.dim.waiting", {}, "Reading the messages…"));
  }

  draw(toEnd = true) {
    const { store } = this;
    const channel = store.current;
    this.editing = undefined;
    this.scroller.setAttribute("aria-label", `Messages in ${store.name(channel)}`);
    const parts = store.complete.has(channel.id) ? [beginning(store, channel)] : [];
    let previous;
    for (const message of this.messages) {
      parts.push(...this.#withDivider(message, previous));
      previous = message;
    }
    replace(this.content, parts);
    for (const element of this.content.querySelectorAll(":scope > .message")) leaveOut(element);
    this.#rove(this.#newest);
    if (toEnd) this.toEnd();
  }

  add(message) {
    const list = this.messages;
    const previous = list[list.length - 2];
    this.content.append(...this.#withDivider(message, previous));
    const { me } = this.store;
    const awaited = message.mine || message.ephemeral || message.interaction_metadata?.user.id === me.id
      || message.referenced_message?.author.id === me.id;
    if (awaited || this.pinned) this.toEnd(awaited);
    else this.newer.hidden = false;
    leaveOut(this.content.lastElementChild);
    if (!this.content.contains(document.activeElement)) this.#rove(this.#newest);
  }

  redraw(id) {
    const old = document.getElementById(`message-${id}`);
    const message = this.store.message(this.store.currentId, id);
    if (!old || !message || this.editing === id) return;
    const focused = old.contains(document.activeElement) ? document.activeElement : undefined;
    const fresh = messageElement(this.store, message, old.classList.contains("compact"), this.actions);
    keepUncovered(old, fresh);
    old.replaceWith(fresh);
    if (old.tabIndex === 0) this.#rove(fresh);
    else leaveOut(fresh);
    if (focused) {
      const { key } = focused.dataset;
      const again = key && [...fresh.querySelectorAll("[data-key]")].find((item) => item.dataset.key === key && !item.disabled);
      (again ?? fresh).focus({ preventScroll: true });
    }
    if (this.pinned) this.toEnd();
  }

  #withDivider(message, previous) {
    const sent = sentAt(message.id);
    const before = previous && sentAt(previous.id);
    const newDay = !before || before.toDateString() !== sent.toDateString();
    const compact = !newDay && previous.author.id === message.author.id && sent - before < NEAR
      && message.type === 0 && [0, 19].includes(previous.type) && !previous.ephemeral && !message.ephemeral;
    const element = messageElement(this.store, message, compact, this.actions);
    return newDay ? [h("div.day", { role: "separator" }, h("span", {}, dayOf(sent))), element] : [element];
  }

  toEnd(smooth = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.newer.hidden = true;
    this.pinned = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
  }

  keepPlace(change) {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    change();
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  jump(id) {
    const element = document.getElementById(`message-${id}`);
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.classList.add("flash");
    setTimeout(() => element.classList.remove("flash"), 1600);
    element.focus({ preventScroll: true });
  }

  edit(message) {
    const element = document.getElementById(`message-${message.id}`);
    const place = element?.querySelector(".message-body");
    if (!place) return;
    this.editing = message.id;
    const area = h("textarea.edit-area", { rows: 2, "aria-label": "Edit the message", value: decode(this.store, message.content) });
    const done = () => {
      this.editing = undefined;
      this.redraw(message.id);
      document.getElementById(`message-${message.id}`)?.focus();
    };
    const save = async () => {
      const content = encode(this.store, area.value.trim());
      if (!content && !message.attachments.length) {
        done();
        askAndRemove(this.store, message);
        return;
      }
      try {
        if (content !== message.content) await this.store.api.patch(`/channels/${message.channel_id}/messages/${message.id}`, { content });
        done();
      } catch (error) {
        fail(error);
      }
    };
    area.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") done();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        save();
      }
    });
    const button = (words, run) => h("button.text-button", { type: "button", on: { click: run } }, words);
    replace(place, area, h("p.edit-help", {}, "Escape to ", button("cancel", done), " · Enter to ", button("save", save)));
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }

  /** Edit the own last message (the up arrow in an empty message box). */
  editLast() {
    const last = this.messages.findLast((message) => message.mine && message.content && !message.ephemeral);
    if (last) this.edit(last);
  }

  get #newest() {
    return this.content.querySelector(":scope > .message:last-child");
  }

  /** Have one message, and what can be pressed in it, in the order of the Tab key: no other. */
  #rove(element) {
    if (!element?.classList.contains("message")) return;
    const before = this.content.querySelector(".message[tabindex='0']");
    if (before && before !== element) leaveOut(before);
    takeIn(element);
  }

  #messageAt(target) {
    const element = target.closest?.(".message:not(.system)");
    return element && this.store.message(this.store.currentId, element.dataset.id);
  }

  #contextMenu(event) {
    const message = this.#messageAt(event.target);
    const own = event.target.closest("a, textarea, input, .select-box") || String(getSelection());
    if (!message || own || event.shiftKey) return;
    event.preventDefault();
    const byKey = event.clientX === 0 && event.clientY === 0;
    this.actions.menu(message, byKey ? event.target : { x: event.clientX, y: event.clientY });
  }

  #key(event) {
    const element = event.target;
    if (!element.classList.contains("message")) {
      if (event.key === "Escape") element.closest(".message")?.focus();
      return;
    }
    const message = this.#messageAt(element);
    const all = [...this.content.querySelectorAll(".message")];
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -all.length, End: all.length }[event.key];
    if (step) all[Math.min(all.length - 1, Math.max(0, all.indexOf(element) + step))].focus();
    else if (!message || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) this.actions.menu(message, element);
    else if (event.key === "r") this.actions.reply(message);
    else if (event.key === "e" && message.mine) this.edit(message);
    else if (event.key === "Delete" && message.can_delete) askAndRemove(this.store, message);
    else return;
    event.preventDefault();
  }

  #longPress() {
    let timer;
    const stop = () => clearTimeout(timer);
    this.content.addEventListener("touchstart", (event) => {
      const message = this.#messageAt(event.target);
      if (!message || event.touches.length > 1) return;
      const { clientX: x, clientY: y } = event.touches[0];
      timer = setTimeout(() => {
        if (!document.querySelector(".popover")) this.actions.menu(message, { x, y });
      }, 550);
    }, { passive: true });
    for (const name of ["touchend", "touchmove", "touchcancel"]) this.content.addEventListener(name, stop, { passive: true });
  }
}

const PRESSED = "a[href], button, input, textarea, [role=button]";

/** Leave a message out of the order of the Tab key: arrow keys and the pointer reach it still. */
function leaveOut(message) {
  message.setAttribute("tabindex", "-1");
  for (const item of message.querySelectorAll(PRESSED)) item.setAttribute("tabindex", "-1");
}

/** Take a message back into it; its toolbar stays out, for its menu says the same. */
function takeIn(message) {
  message.setAttribute("tabindex", "0");
  for (const item of message.querySelectorAll(PRESSED)) if (!item.closest(".toolbar")) item.setAttribute("tabindex", "0");
}

function beginning(store, channel) {
  if (channel.type === 1) {
    const other = channel.recipients?.find((user) => user.id !== store.me.id) ?? store.bot;
    const user = store.user(other.id) ?? other;
    return h("div.beginning", {}, avatar(user, "avatar-large"), h("h2", {}, displayName(user)),
      h("p", {}, user.bot ? "Only you two read this. Post a picture, and it is looked at: here nobody has to ask." : "Only you two read this."));
  }
  const watched = "In the demo every picture posted here is answered: /watch off ends that.";
  const hint = { general: watched, "fan-art": watched, quiet: "Nothing is answered here unless somebody asks." };
  return h("div.beginning", {}, h("span.beginning-sign", { "aria-hidden": "true" }, channel.type === 11 ? svg(ICONS.thread, 36) : "#"),
    h("h2", {}, `Welcome to ${channel.type === 11 ? "" : "#"}${channel.name}`),
    h("p", {}, hint[channel.name] ?? "This is the beginning."),
    h("p.dim", {}, "Drop a picture, or take one from the shelf."));
}
