// Names, times, sizes and avatars as they are shown.

import { h } from "./dom.js";

const EPOCH = 1420070400000n;

export const sentAt = (id) => new Date(Number((BigInt(id) >> 22n) + EPOCH));

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const timeOf = (date) => clock.format(date);
export const dayOf = (date) => day.format(date);
export const fullTime = (date) => full.format(date);

export function when(date) {
  const today = new Date();
  const start = new Date(today.getFullYear(), today.getMonth(), today.getDate());
  const days = Math.floor((start - new Date(date.getFullYear(), date.getMonth(), date.getDate())) / 864e5);
  if (days === 0) return `Today at ${timeOf(date)}`;
  if (days === 1) return `Yesterday at ${timeOf(date)}`;
  return `${date.toLocaleDateString()} ${timeOf(date)}`;
}

export function relative(date) {
  const seconds = (date - Date.now()) / 1000;
  const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, length] of steps) if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
  return words.format(Math.round(seconds), "second");
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

export const displayName = (user) => user.display_name ?? user.global_name ?? user.username;

/** Draw an avatar of initials, the bot's own sign; its colours follow from the user's id. */
export function avatar(user, className = "avatar") {
  const name = displayName(user);
  const initials = name.split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
  const hue = user.bot ? 335 : Math.round((Number(BigInt(user.id) % 99991n) * 137.508) % 360);
  return h(`span.${className}`, { "aria-hidden": "true", class: user.bot ? "bot" : "", style: { "--hue": hue } },
    user.own ? h("img", { src: "page/icon.svg", alt: "" }) : initials);
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
