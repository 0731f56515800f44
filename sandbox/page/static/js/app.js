// Puts the page together: who acts, which channel is open, what is announced.

import { readBeside, readHumans } from "./api.js";
import { texts } from "./components.js";
import { Composer } from "./composer.js";
import { fail, toast } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";
import { openForm } from "./forms.js";
import { avatar, displayName } from "./format.js";
import { withoutSpoilers } from "./markdown.js";
import { isSpoilerName } from "./media.js";
import { summary } from "./message.js";
import { SAMPLE, Shelf } from "./shelf.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const store = new Store();
const frame = $("frame");
const body = $("chat-body");

const gate = h("div.gate", { hidden: true });
const talk = h("div.talk");
const typingLine = h("p.typing", { "aria-live": "off" });
const timelinePlace = h("div.timeline-place");
talk.append(timelinePlace);
body.append(gate, talk);

const timeline = new Timeline(store, timelinePlace, (message) => composer.reply(message));
talk.append(typingLine);
const composer = new Composer(store, talk, { onUp: () => timeline.editLast() });
const shelf = new Shelf(store, $("shelf"), {
  takeInstead: async (id) => {
    if (!composer.command) return false;
    composer.take([await shelf.file(id)]);
    return true;
  },
  onTaken: () => frame.classList.remove("shelf-open"),
  onClose: () => closeShelf(),
});
const sidebar = new Sidebar(store, $("sidebar"), {
  onSwitch: (id) => become(id, store.currentId),
  onOpen: (id) => {
    frame.classList.remove("sidebar-open");
    openChannel(id);
  },
});

function become(userId, channelId) {
  replace($("announcer"));
  store.become(userId, channelId);
}

function openChannel(id) {
  store.open(id).then(() => matchMedia("(hover: hover)").matches && composer.focus(), fail);
}

function address() {
  const name = `#/${store.me.username}/${store.currentId}`;
  if (location.hash !== name) history.replaceState(null, "", name);
}

function title() {
  const channel = store.current;
  const waiting = [...store.unread.values()].reduce((sum, count) => sum + count, 0);
  const name = channel.type === 1 ? `@${store.name(channel)}` : `#${store.name(channel)}`;
  document.title = `${waiting ? `(${waiting}) ` : ""}${name} · Moedex sandbox`;
}

function drawHead() {
  const channel = store.current;
  if (!channel) return;
  const online = store.world.bot_online;
  const other = channel.type === 1 && (channel.recipients?.find((user) => user.id !== store.me.id) ?? store.bot);
  const parent = channel.parent_id && store.channel(channel.parent_id);
  replace($("chat-head"),
    h("button.icon-button.only-narrow", { type: "button", "aria-label": "Channels", "aria-controls": "sidebar", on: { click: toggleSidebar } }, svg(ICONS.menu)),
    other ? avatar(store.user(other.id) ?? other, "avatar-small") : svg(channel.type === 11 ? ICONS.thread : channel.nsfw ? ICONS.lock : ICONS.hash, 22),
    h("h1", {}, parent && h("span.dim", {}, `${parent.name} › `), store.name(channel)),
    channel.nsfw && h("span.tag", {}, "18+"),
    channel.topic && h("span.topic.dim", {}, channel.topic),
    h("span.grow"),
    !store.connected && h("span.state.bad", { role: "status" }, "reconnecting…"),
    h("span.state", { class: online ? "good" : "bad", role: "status" }, h("i", { "aria-hidden": "true" }), h("span", {}, `${displayName(store.bot)} is ${online ? "online" : "not connected"}`)),
    h("button.icon-button.shelf-toggle", { type: "button", "aria-label": "Sample pictures", title: "Sample pictures", "aria-controls": "shelf", on: { click: toggleShelf } }, svg(ICONS.picture)));
}

function drawGate() {
  const channel = store.current;
  const key = `${store.me.id}/${channel?.id}`;
  const shut = Boolean(channel?.nsfw) && !store.confirmedAge.has(key);
  gate.hidden = !shut;
  talk.hidden = shut;
  if (!shut) return;
  const enter = h("button.button.danger", { type: "button", on: { click: () => {
    store.confirmedAge.add(key);
    drawGate();
    timeline.toEnd();
    composer.focus();
  } } }, "I am of age: show it");
  const leave = h("button.button.quiet", { type: "button", on: { click: () => openChannel(store.channels.find((one) => !one.nsfw).id) } }, "Take me back");
  replace(gate, h("div.gate-card", {}, h("span.gate-sign", { "aria-hidden": "true" }, "18+"),
    h("h2", {}, `#${store.name(channel)} is age-restricted`),
    h("p", {}, "It may hold pictures for adults. A bot must never show what is posted here anywhere else."),
    h("div.dialog-foot", {}, leave, enter)));
}

function drawTyping() {
  const ids = [...(store.typing.get(store.currentId)?.keys() ?? [])];
  const names = ids.map((id) => store.user(id)).filter(Boolean).map(displayName);
  const words = names.length > 2 ? "Several people are typing…" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} typing…`;
  replace(typingLine, names.length > 0 && [h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")), words]);
}

function announce(message) {
  if (message.mine || message.channel_id !== store.currentId || message.loading) return;
  const name = displayName(store.user(message.author.id) ?? message.author);
  const open = message.attachments.filter((file) => !isSpoilerName(file.filename));
  const pictures = open.map((file) => file.description).filter(Boolean).join(". ");
  const words = withoutSpoilers(message.content) || texts(message.components ?? []) || summary(message);
  $("announcer").append(h("p", {}, `${name}: ${words}${pictures ? `. ${pictures}` : ""}${message.ephemeral ? " (only you can see this)" : ""}`));
  while ($("announcer").children.length > 5) $("announcer").firstChild.remove();
}

const narrow = () => matchMedia("(max-width: 760px)").matches;

function toggleSidebar() {
  frame.classList.remove("shelf-open");
  const open = frame.classList.toggle("sidebar-open");
  if (open) $("sidebar").querySelector("[aria-current]")?.focus();
}

function toggleShelf() {
  const wide = matchMedia("(min-width: 1061px)").matches;
  frame.classList.remove("sidebar-open");
  frame.classList.toggle(wide ? "shelf-away" : "shelf-open");
}

function closeShelf() {
  frame.classList.remove("shelf-open");
  if (!narrow()) frame.classList.add("shelf-away");
}

function listen() {
  for (const type of ["world", "places", "channel", "connection"]) store.on(type, () => store.world && drawHead());
  for (const type of ["world", "places", "channel"]) store.on(type, drawGate);
  for (const type of ["world", "channel", "created"]) store.on(type, () => store.current && title());
  store.on("channel", () => {
    address();
    drawTyping();
  });
  store.on("typing", drawTyping);
  store.on("created", ({ message }) => announce(message));
  store.on("modal", (event) => openForm(store, event));
  store.on("interaction", (event) => event.state === "failed" && toast(event.error || "The application did not respond", "error"));
  store.on("error", ({ error }) => fail(error));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") frame.classList.remove("sidebar-open", "shelf-open");
  });
  timelinePlace.addEventListener("pointerdown", () => frame.classList.remove("sidebar-open", "shelf-open"));
  acceptDrops();
}

function acceptDrops() {
  const overlay = h("div.drop-here", { hidden: true, "aria-hidden": "true" }, h("div", {}, svg(ICONS.picture, 56), h("strong", {}, "Drop it here"), h("span", {}, "and say something with it, or just send it")));
  $("chat").append(overlay);
  const carries = (event) => ["Files", SAMPLE].some((type) => event.dataTransfer?.types.includes(type));
  let depth = 0;
  const show = (on) => {
    depth = on ? depth : 0;
    overlay.hidden = !on;
  };
  document.addEventListener("dragenter", (event) => {
    if (!carries(event) || document.querySelector("dialog[open]")) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!carries(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    show(false);
    const files = [...event.dataTransfer.files];
    const id = event.dataTransfer.getData(SAMPLE);
    try {
      composer.take(id ? [await shelf.file(id)] : files);
    } catch (error) {
      fail(error);
    }
  });
}

async function start() {
  listen();
  try {
    store.humans = await readHumans();
    const url = await readBeside();
    if (url) $("standin").append(h("a", { href: url, target: "_blank", rel: "noopener" }, "Open the site"));
    const [, name, channelId] = location.hash.split("/");
    const wanted = store.humans.find((user) => user.username === name) ?? store.humans[0];
    become(wanted.id, channelId);
  } catch (error) {
    fail(error);
  }
}

start();
export { sidebar, store };
