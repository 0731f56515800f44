// Reads Discord's objects as the one who looks at the page sees them: what may be done with a
// channel or a message, and the names behind mentions.

import { displayName } from "./format.js";

const MANAGE_MESSAGES = 1n << 13n;
const SEND_MESSAGES = 1n << 11n;
const SEND_MESSAGES_IN_THREADS = 1n << 38n;
const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const DM = 1;
const THREAD = 11;

const may = (channel, permission) => (BigInt(channel?.permissions ?? 0) & permission) !== 0n;

/** Say of each channel whether one may write in it (`can_send`), and name direct messages. */
export function readWorld(world) {
  // the bot that all this is about: it has a sign where others have initials
  for (const user of world.users) user.own = user.id === world.bot.id;
  world.bot.own = true;
  const names = new Map(world.users.map((user) => [user.id, displayName(user)]));
  const channels = [...world.servers.flatMap((server) => server.channels), ...world.dms];
  for (const channel of channels) {
    const needed = channel.type === THREAD ? SEND_MESSAGES_IN_THREADS : SEND_MESSAGES;
    channel.can_send = channel.type === DM || may(channel, needed);
    channel.display_name = channel.type === DM
      ? channel.recipients.map((user) => names.get(user.id) ?? displayName(user)).join(", ")
      : channel.name;
  }
  return world;
}

/**
 * Add to a message: `ephemeral` (only one sees it), `loading` (an answer is awaited), `mine`,
 * `can_delete`, and `mention_names`, the names of the users, roles and channels it may mention.
 */
export function readMessage(store, message) {
  const mine = message.author.id === store.me.id;
  const ephemeral = (message.flags & EPHEMERAL) !== 0;
  const channel = store.channel(message.channel_id);
  return {
    ...message,
    reactions: message.reactions ?? [],
    mine,
    ephemeral,
    loading: (message.flags & LOADING) !== 0,
    can_delete: mine || ephemeral || (channel?.type !== DM && may(channel, MANAGE_MESSAGES)),
    mention_names: mentionNames(store, message),
  };
}

function mentionNames(store, message) {
  const server = store.server(message.channel_id);
  const mentioned = [...(message.mentions ?? []), ...(message.referenced_message?.mentions ?? [])];
  return Object.fromEntries([
    ...mentioned.map((user) => [user.id, displayName(user)]),
    ...store.world.users.map((user) => [user.id, displayName(user)]),
    ...store.channels.map((channel) => [channel.id, channel.display_name]),
    ...(server?.roles ?? []).map((role) => [role.id, role.name]),
  ]);
}

/** Sort an application's commands by where they are used. */
export function readCommands(commands) {
  const ofType = (type) => commands.filter((command) => command.type === type);
  return { slash: ofType(1), user: ofType(2), message: ofType(3) };
}
