// The box where messages are written: text, pictures with covers and descriptions, replies,
// mentions, and slash commands.

import { fail, toast } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";
import { displayName, size } from "./format.js";
import { encode, fitting } from "./mentions.js";
import { emojiPalette } from "./reactions.js";
import { CommandForm, flatten } from "./slash.js";
import { Suggest } from "./suggest.js";
import { Tray } from "./tray.js";

const MAX_FILES = 10;
const MAX_TEXT = 2000;

export class Composer {
  constructor(store, host, { onUp }) {
    this.store = store;
    this.tray = new Tray(() => this.#state());
    this.replyBar = h("div.reply-bar", { hidden: true });
    this.commandPlace = h("div.command-place");
    this.text = h("textarea", { id: "composer-text", rows: 1, "aria-label": "Message", enterkeyhint: "send", maxlength: 4000 });
    this.picker = h("input.visually-hidden", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true" });
    this.send = h("button.icon-button.send", { type: "submit", "aria-label": "Send" }, svg(ICONS.send));
    this.left = h("span.left", { "aria-live": "polite" });
    const row = h("div.composer-row", {},
      h("button.icon-button", { type: "button", "aria-label": "Add pictures or files", title: "Add pictures or files", on: { click: () => this.picker.click() } }, svg(ICONS.plus)),
      this.text, this.left,
      h("button.icon-button", { type: "button", "aria-label": "Insert an emoji", title: "Insert an emoji", on: { click: (event) => emojiPalette(event.currentTarget, (emoji) => this.#insert(emoji)) } }, svg(ICONS.smile)),
      this.send);
    this.suggestPlace = h("div.suggest-place");
    this.box = h("div.composer-box", {}, this.suggestPlace, this.replyBar, this.tray.element, this.commandPlace, row);
    this.form = h("form.composer", { "aria-label": "Write a message" }, this.box, this.picker);
    host.append(this.form);
    this.suggest = new Suggest(this.text, this.suggestPlace, (item) => this.#picked(item), "Suggestions");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("keydown", (event) => this.#key(event, onUp));
    this.text.addEventListener("blur", () => setTimeout(() => this.suggest.hide(), 100));
    this.picker.addEventListener("change", () => {
      this.take([...this.picker.files]);
      this.picker.value = "";
    });
    document.addEventListener("paste", (event) => this.#paste(event));
    store.on("channel", () => this.#changeChannel());
    store.on("world", () => this.#changeChannel());
    store.on("places", () => this.#able());
  }

  /** Take files: into the open command's attachment option, else among the message's pictures. */
  take(files) {
    const limit = this.store.server(this.store.currentId)?.upload_limit ?? 10 * 2 ** 20;
    for (const file of files) {
      if (file.size > limit) {
        toast(`“${file.name}” has ${size(file.size)}; this server takes up to ${size(limit)} a file.`, "error");
      } else if (this.command) {
        if (!this.command.takeFile(file)) toast(`/${this.command.entry.path.join(" ")} takes no file.`, "error");
      } else if (this.tray.files.length >= MAX_FILES) {
        toast(`A message carries up to ${MAX_FILES} files; “${file.name}” was left out.`, "error");
        break;
      } else {
        this.tray.add(file);
      }
    }
    if (!this.command) this.text.focus();
  }

  reply(message) {
    this.replyTo = message;
    this.ping = message.author.id !== this.store.me.id;
    const ping = h("button.text-button", { type: "button", "aria-pressed": String(this.ping), on: { click: () => {
      this.ping = !this.ping;
      ping.setAttribute("aria-pressed", String(this.ping));
      ping.textContent = this.ping ? "@ on" : "@ off";
    } } }, this.ping ? "@ on" : "@ off");
    const name = displayName(this.store.user(message.author.id) ?? message.author);
    replace(this.replyBar, svg(ICONS.reply, 16), h("span", {}, "Replying to ", h("strong", {}, name)), h("span.grow"),
      message.author.id !== this.store.me.id && ping,
      h("button.icon-button", { type: "button", "aria-label": "Don't reply", on: { click: () => this.noReply() } }, svg(ICONS.close, 16)));
    this.replyBar.hidden = false;
    this.text.focus();
  }

  noReply() {
    this.replyTo = undefined;
    this.replyBar.hidden = true;
    this.text.focus();
  }

  focus() {
    (this.command ?? this.text).focus();
  }

  #changeChannel() {
    const key = `${this.store.me.id}/${this.store.currentId}`;
    if (this.key) this.store.drafts.set(this.key, this.text.value);
    if (key !== this.key) {
      this.key = key;
      this.text.value = this.store.drafts.get(key) ?? "";
      this.tray.clear();
      this.replyTo = undefined;
      this.replyBar.hidden = true;
      this.#endCommand();
    }
    this.#able();
    this.#resize();
  }

  #able() {
    const channel = this.store.current;
    if (!channel) return;
    const where = channel.type === 1 ? `@${this.store.name(channel)}` : `#${channel.name}`;
    this.text.disabled = !channel.can_send;
    this.text.placeholder = channel.can_send ? `Message ${where}` : "You may not write here";
    this.#state();
  }

  #state() {
    const length = this.text.value.length;
    this.left.textContent = length > MAX_TEXT - 200 ? String(MAX_TEXT - length) : "";
    this.left.classList.toggle("over", length > MAX_TEXT);
    this.send.disabled = !this.command && ((!this.text.value.trim() && !this.tray.files.length) || length > MAX_TEXT);
  }

  #resize() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, innerHeight * 0.4)}px`;
  }

  #typed() {
    this.#resize();
    this.#state();
    this.#suggest();
    const now = Date.now();
    if (this.text.value && !this.text.value.startsWith("/") && now - (this.typedAt ?? 0) > 8000) {
      this.typedAt = now;
      this.store.api.post(`/channels/${this.store.currentId}/typing`).catch(() => {});
    }
  }

  #suggest() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    const slash = /^\/([\w -]*)$/.exec(before);
    const begun = /(?:^|\s)([@#][^\s@#]*(?: [^\s@#]*)?)$/.exec(before);
    if (slash) {
      const wanted = slash[1].trim().toLowerCase();
      const entries = flatten(this.store.commands.slash).filter((entry) => entry.path.join(" ").toLowerCase().includes(wanted));
      entries.sort((a, b) => Number(b.path.join(" ").startsWith(wanted)) - Number(a.path.join(" ").startsWith(wanted)));
      this.suggest.show(entries.map((entry) => ({ entry })), ({ entry }) => [h("strong", {}, `/${entry.path.join(" ")}`),
        h("span.dim.grow", {}, entry.description), h("span.dim", {}, entry.options.map((option) => option.name).join(" "))]);
    } else if (begun) {
      this.suggest.show(fitting(this.store, begun[1]).map((target) => ({ target, begun: begun[1] })),
        ({ target }) => [h("strong", {}, target.shown), h("span.dim", {}, target.user ? (target.user.bot ? "App" : target.user.username) : "channel")]);
    } else this.suggest.hide();
  }

  #picked({ entry, target, begun }) {
    if (entry) {
      this.text.value = "";
      this.#startCommand(entry);
      return;
    }
    const at = this.text.selectionStart;
    this.text.setRangeText(`${target.shown} `, at - begun.length, at, "end");
    this.#typed();
  }

  #startCommand(entry) {
    const waiting = this.tray.files.map((item) => item.file);
    this.tray.clear();
    this.box.classList.add("commanding");
    this.command = new CommandForm(this.store, entry, this.commandPlace, () => {
      this.#endCommand();
      this.text.focus();
    });
    this.#state();
    this.command.focus();
    for (const file of waiting) this.command.takeFile(file);
  }

  #endCommand() {
    this.command = undefined;
    this.commandPlace.replaceChildren();
    this.box.classList.remove("commanding");
    this.#state();
  }

  #insert(words) {
    this.text.focus();
    this.text.setRangeText(words, this.text.selectionStart, this.text.selectionEnd, "end");
    this.#typed();
  }

  #key(event, onUp) {
    if (this.suggest.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && !this.text.value) {
      event.preventDefault();
      onUp();
    } else if (event.key === "Escape" && this.replyTo) this.noReply();
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.target.closest?.("dialog")) return;
    event.preventDefault();
    this.take(files);
  }

  async #submit() {
    if (this.command) {
      await this.command.submit();
      return;
    }
    const words = this.text.value.trim();
    if ((!words && !this.tray.files.length) || words.length > MAX_TEXT || this.sending) return;
    const { store, tray } = this;
    const channelId = store.currentId;
    const body = {
      content: encode(store, words),
      allowed_mentions: { parse: ["users", "roles", "everyone"], replied_user: this.ping ?? true },
      message_reference: this.replyTo && { message_id: this.replyTo.id },
      attachments: tray.descriptions().map((description, id) => ({ id: String(id), description })),
    };
    this.sending = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      await store.api.post(`/channels/${channelId}/messages`, body, tray.sent());
      this.text.value = "";
      store.drafts.delete(this.key);
      tray.clear();
      this.noReply();
      this.typedAt = 0;
    } catch (error) {
      fail(error);
    } finally {
      this.sending = false;
      this.form.removeAttribute("aria-busy");
      this.#resize();
      this.#state();
    }
  }
}
