// What the page knows: who it acts as, the world, and the messages of the channels it has opened.

import { Api } from "./api.js";
import { readCommands, readMessage, readWorld } from "./reading.js";

const CHOICES_MS = 3000;

export class Store extends EventTarget {
  constructor() {
    super();
    this.humans = [];
    this.commands = { slash: [], message: [], user: [] };
    this.confirmedAge = new Set();
    this.drafts = new Map();
    this.lastOpen = new Map();
  }

  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, run) {
    this.addEventListener(type, (event) => run(event.detail));
  }

  /** Act as another human from now on. */
  async become(userId, channelId) {
    this.stop?.();
    this.api = new Api(this.humans.find((user) => user.id === userId).token);
    this.world = undefined;
    this.messages = new Map();
    this.complete = new Set();
    this.unread = new Map();
    this.typing = new Map();
    this.spinning = new Map();
    this.reactors = new WeakMap();
    this.awaited = new Map();
    this.wanted = channelId;
    this.connected = false;
    this.stop = this.api.listen((event) => this.#happened(event), (up) => {
      this.connected = up;
      this.emit("connection", { up });
    });
  }

  get me() {
    return this.world.user;
  }

  get bot() {
    return this.world.bot;
  }

  user(id) {
    return this.world.users.find((user) => user.id === id);
  }

  get channels() {
    return [...this.world.servers.flatMap((server) => server.channels), ...this.world.dms];
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  server(channelId) {
    return this.world.servers.find((server) => server.channels.some((c) => c.id === channelId));
  }

  get current() {
    return this.channel(this.currentId);
  }

  name(channel) {
    return channel.type === 1 ? channel.display_name : channel.name;
  }

  isModerator() {
    const server = this.server(this.currentId);
    return Boolean(server?.members.find((m) => m.user_id === this.me.id)?.moderator);
  }

  /** Show a channel: read its messages where they aren't known yet. */
  async open(channelId) {
    this.currentId = channelId;
    this.lastOpen.set(this.me.id, channelId);
    this.unread.delete(channelId);
    this.emit("channel");
    await Promise.all([this.load(channelId), this.readCommands()]);
  }

  async load(channelId) {
    if (!this.messages.has(channelId)) {
      this.messages.set(channelId, await this.#read(channelId));
    }
    this.emit("messages", { channelId });
  }

  async loadOlder(channelId) {
    const known = this.messages.get(channelId);
    if (!known?.length || this.complete.has(channelId) || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      this.messages.set(channelId, [...await this.#read(channelId, known[0].id), ...known]);
      this.emit("older", { channelId });
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Read the page of messages before one (else the newest), oldest first. */
  async #read(channelId, before) {
    const newestFirst = await this.api.get(`/channels/${channelId}/messages`, { limit: 50, before });
    if (newestFirst.length < 50) this.complete.add(channelId);
    return newestFirst.reverse().map((message) => readMessage(this, message));
  }

  async readCommands() {
    const channel = this.currentId;
    const index = await this.api.get(`/channels/${channel}/application-command-index`);
    if (channel === this.currentId) {
      this.commands = readCommands(index.application_commands);
      this.emit("commands");
    }
  }

  message(channelId, messageId) {
    return this.messages.get(channelId)?.find((message) => message.id === messageId);
  }

  /** Take in a direct message that has just been opened. */
  addDirect(channel) {
    if (this.channel(channel.id)) return;
    this.world.dms.push(channel);
    readWorld(this.world);
  }

  /** Ask something of the bot: a command (2), a button or select (3), choices (4), a form (5). */
  ask(type, data, { channelId = this.currentId, messageId, files = [], nonce } = {}) {
    const body = { type, application_id: this.bot.id, channel_id: channelId, message_id: messageId, nonce, data };
    return this.api.post("/interactions", body, files);
  }

  /** Return the choices that the bot offers for a command that is being typed; none if it is slow. */
  async choices(data) {
    const nonce = `${Date.now()}${Math.random()}`;
    const offered = new Promise((resolve) => {
      this.awaited.set(nonce, resolve);
      setTimeout(resolve, CHOICES_MS, []);
    });
    try {
      await this.ask(4, data, { nonce });
      return await offered;
    } finally {
      this.awaited.delete(nonce);
    }
  }

  /** Return the ids of who put a reaction under a message; undefined while that is being read. */
  reactorsOf(message, emoji) {
    const known = this.reactors.get(message) ?? new Map();
    this.reactors.set(message, known);
    if (!known.has(emoji)) {
      known.set(emoji, undefined);
      this.api.get(`/channels/${message.channel_id}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`, { limit: 100 })
        .then((users) => {
          known.set(emoji, users.map((user) => user.id));
          this.emit("rerender", { messageId: message.id });
        }, () => {});
    }
    return known.get(emoji);
  }

  /** Remember which component of a message waits for the bot. */
  spin(messageId, customId) {
    this.spinning.set(messageId, customId);
    this.emit("rerender", { messageId });
  }

  rest(messageId) {
    if (this.spinning.delete(messageId)) this.emit("rerender", { messageId });
  }

  #happened(event) {
    if (event.type !== "hello" && !this.world) return;
    const handler = this.#handlers[event.type];
    if (handler) handler(event);
  }

  #handlers = {
    hello: ({ world }) => {
      const again = this.world !== undefined;
      this.world = readWorld(world);
      this.messages.clear();
      this.complete.clear();
      const known = (id) => id && this.channel(id);
      const first = this.channels.find((channel) => !channel.nsfw)?.id;
      const open = [this.wanted, again && this.currentId, this.lastOpen.get(world.user.id), first].find(known);
      this.wanted = undefined;
      this.emit("world");
      this.open(open).catch((error) => this.emit("error", { error }));
    },
    world: ({ world }) => {
      this.world = readWorld(world);
      this.emit("places");
      if (!this.current) this.open(this.channels[0].id).catch((error) => this.emit("error", { error }));
    },
    message_create: ({ message: raw }) => {
      const message = readMessage(this, raw);
      const list = this.messages.get(message.channel_id);
      const fresh = !list?.some((known) => known.id === message.id);
      if (list && fresh) list.push(message);
      this.typing.get(message.channel_id)?.delete(message.author.id);
      if (message.channel_id !== this.currentId && !message.mine) {
        this.unread.set(message.channel_id, (this.unread.get(message.channel_id) ?? 0) + 1);
      }
      this.emit("created", { message, fresh });
      this.emit("typing", { channelId: message.channel_id });
    },
    message_update: ({ message: raw }) => {
      const message = readMessage(this, raw);
      const list = this.messages.get(message.channel_id);
      const at = list?.findIndex((known) => known.id === message.id) ?? -1;
      if (at >= 0) list[at] = message;
      this.emit("updated", { message });
    },
    message_delete: ({ channel_id: channelId, message_ids: ids }) => {
      const list = this.messages.get(channelId);
      if (list) this.messages.set(channelId, list.filter((message) => !ids.includes(message.id)));
      this.emit("deleted", { channelId, ids });
    },
    typing: ({ channel_id: channelId, user_id: userId }) => {
      if (userId === this.me.id) return;
      const here = this.typing.get(channelId) ?? new Map();
      clearTimeout(here.get(userId));
      here.set(userId, setTimeout(() => {
        here.delete(userId);
        this.emit("typing", { channelId });
      }, 10000));
      this.typing.set(channelId, here);
      this.emit("typing", { channelId });
    },
    bot: ({ online }) => {
      this.world.bot_online = online;
      this.emit("places");
    },
    commands: () => this.readCommands().catch(() => {}),
    autocomplete: ({ nonce, choices }) => this.awaited.get(nonce)?.(choices),
    modal: (event) => this.emit("modal", event),
    interaction: (event) => {
      if (event.message_id) this.rest(event.message_id);
      this.emit("interaction", event);
    },
  };
}
