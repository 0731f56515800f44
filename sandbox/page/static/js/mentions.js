// Mentions as they are typed (@Name, #channel) and as they are sent (<@id>, <#id>).

import { displayName } from "./format.js";

function targets(store) {
  const users = store.world.users.map((user) => ({ shown: `@${displayName(user)}`, sent: `<@${user.id}>`, user }));
  const channels = (store.server(store.currentId)?.channels ?? []).map((channel) => ({ shown: `#${channel.name}`, sent: `<#${channel.id}>`, channel }));
  return [...users, ...channels].sort((a, b) => b.shown.length - a.shown.length);
}

/** Turn typed names into mentions. */
export function encode(store, text) {
  let done = text;
  for (const { shown, sent } of targets(store)) done = done.replaceAll(shown, sent);
  return done;
}

/** Turn mentions back into names, for editing. */
export function decode(store, text) {
  let done = text;
  for (const { shown, sent } of targets(store)) done = done.replaceAll(sent, shown);
  return done;
}

/** Return what fits a begun mention like "@Mo" or "#ge". */
export function fitting(store, begun) {
  const wanted = begun.toLowerCase();
  return targets(store).filter(({ shown }) => shown.toLowerCase().startsWith(wanted)).reverse().slice(0, 8);
}
