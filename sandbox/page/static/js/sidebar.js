// The list of channels, threads and direct messages, who is there, and whom the page acts as.

import { fail } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";
import { avatar, displayName, plural } from "./format.js";

export class Sidebar {
  constructor(store, host, { onSwitch, onOpen }) {
    this.store = store;
    this.host = host;
    this.onSwitch = onSwitch;
    this.onOpen = onOpen;
    for (const type of ["world", "places", "channel", "created"]) store.on(type, () => this.draw());
  }

  draw() {
    const { store, host } = this;
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    replace(host,
      h("div.sidebar-scroll", {}, store.world.servers.map((server) => this.#server(server)), this.#direct(), this.#people()),
      this.#switcher());
    if (focused) [...host.querySelectorAll("[data-key]")].find((item) => item.dataset.key === focused)?.focus();
  }

  #server(server) {
    return h("section.places", {}, h("h2.server-name", {}, server.name),
      h("ul", {}, server.channels.map((channel) => h("li", {}, this.#place(channel)))));
  }

  #place(channel) {
    const { store } = this;
    const open = channel.id === store.currentId;
    const unread = store.unread.get(channel.id);
    const icon = channel.type === 11 ? "thread" : channel.nsfw ? "lock" : "hash";
    const other = channel.type === 1 && (store.user(channel.recipients?.find((user) => user.id !== store.me.id)?.id) ?? store.bot);
    return h("button.place", {
      type: "button", class: `${channel.type === 11 ? "thread" : ""} ${unread ? "unread" : ""}`, "aria-current": open ? "page" : false,
      data: { key: `place:${channel.id}` }, on: { click: () => this.onOpen(channel.id) },
    }, other ? avatar(other, "avatar-small") : svg(ICONS[icon], 18), h("span.grow", {}, store.name(channel)),
    channel.nsfw && h("span.tag", { title: "Age-restricted" }, "18+"),
    unread && h("span.badge", { "aria-label": plural(unread, "unread message") }, unread));
  }

  #direct() {
    const { store } = this;
    const known = new Set(store.world.dms.flatMap((channel) => (channel.recipients ?? []).map((user) => user.id)));
    const others = store.world.users.filter((user) => user.id !== store.me.id && !known.has(user.id));
    return h("section.places", {}, h("h2.places-head", {}, "Direct messages"),
      h("ul", {}, store.world.dms.map((channel) => h("li", {}, this.#place(channel))),
        others.map((user) => h("li", {}, h("button.place", { type: "button", data: { key: `write:${user.id}` }, on: { click: () => this.#write(user) } },
          avatar(user, "avatar-small"), h("span.grow", {}, displayName(user)))))));
  }

  async #write(user) {
    try {
      const channel = await this.store.api.post("/users/@me/channels", { recipient_id: user.id });
      this.store.addDirect(channel);
      this.onOpen(channel.id);
    } catch (error) {
      fail(error);
    }
  }

  #people() {
    const { store } = this;
    const server = store.server(store.currentId) ?? store.world.servers[0];
    const online = store.world.bot_online;
    return h("section.places.people", {}, h("h2.places-head", {}, "Who is here"),
      h("ul", {}, store.world.users.map((user) => {
        const member = server?.members.find((one) => one.user_id === user.id);
        const state = user.bot ? (online ? "online" : "offline") : member?.moderator ? "moderator" : "member";
        return h("li.person", {}, h("span.presence", { class: user.bot && !online ? "off" : "" }, avatar(user, "avatar-small")),
          h("span.grow", {}, displayName(user)), user.bot && h("span.app-badge", {}, "APP"), h("span.dim", {}, state));
      })));
  }

  #switcher() {
    const { store } = this;
    return h("div.switcher", { role: "radiogroup", "aria-label": "Act as" }, h("span.switcher-label", {}, "You are"),
      store.humans.map((user) => {
        const mine = user.id === store.me.id;
        return h("button.who", { type: "button", role: "radio", "aria-checked": String(mine), data: { key: `who:${user.id}` }, tabindex: mine ? "0" : "-1", on: {
          click: () => !mine && this.onSwitch(user.id),
          keydown: (event) => this.#walk(event),
        } }, avatar(user, "avatar-small"), displayName(user));
      }));
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...event.currentTarget.parentElement.querySelectorAll("[role=radio]")];
    const next = all[(all.indexOf(event.currentTarget) + step + all.length) % all.length];
    next.focus();
    next.click();
  }
}
