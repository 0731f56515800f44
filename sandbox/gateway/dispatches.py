"""What each event of the sandbox is called, and looks like, on Discord's gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.state.intents import Intent, application_flags
from sandbox.state.payloads.interactions import interaction_json
from sandbox.state.payloads.messages import emoji_json, message_event_json
from sandbox.state.payloads.people import (
    member_json,
    own_user_json,
    role_json,
    user_json,
)
from sandbox.state.payloads.places import channel_json, server_create_json, server_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.gateway.sessions import Session
    from sandbox.state.entities import Channel, Json, Server
    from sandbox.state.events import Event
    from sandbox.state.world import World


_IN_DM = {
    Intent.MESSAGES: Intent.DM_MESSAGES,
    Intent.REACTIONS: Intent.DM_REACTIONS,
    Intent.TYPING: Intent.DM_TYPING,
}


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One gateway event: its name, its data, the intent that it needs (None: none)."""

    name: str
    data: Json
    intent: Intent | None = None


def ready_json(world: World, session: Session, servers: Iterable[Server]) -> Json:
    """Return the first event of a session, which names its servers."""
    return {
        "v": 10,
        "user": own_user_json(world.bot),
        "guilds": [{"id": str(server.id), "unavailable": True} for server in servers],
        "session_id": session.id,
        "resume_gateway_url": world.gateway,
        "shard": [session.shard, session.shards],
        "application": {
            "id": str(world.bot.id),
            "flags": application_flags(world.granted_intents),
        },
        "private_channels": [],
    }


def dispatches(world: World, event: Event, intents: Intent) -> Iterator[Dispatch]:
    """Yield what an event sends to a session that asked for `intents`."""
    for dispatch in _translate(world, event, intents):
        if dispatch.intent is None or dispatch.intent in intents:
            yield dispatch


def _translate(world: World, event: Event, intents: Intent) -> Iterator[Dispatch]:
    channel = event.channel
    if event.kind == "interaction_create":
        assert event.interaction is not None  # noqa: S101 - these events always carry it
        yield Dispatch("INTERACTION_CREATE", interaction_json(world, event.interaction))
    elif channel is not None and not world.may(world.bot, channel, Permission.VIEW_CHANNEL):
        # a channel that has just been hidden, or deleted, is gone for the bot: it gets one event
        if event.kind in ("channel_update", "channel_delete"):
            yield _about_channel(channel, "DELETE")
    elif event.kind.startswith("message_"):
        yield from _messages(world, event, intents)
    elif event.kind.startswith("reaction_"):
        yield from _reactions(event)
    elif event.kind == "typing":
        yield from _typing(event)
    elif event.kind.startswith("channel_") and channel is not None:
        yield _about_channel(channel, event.kind.removeprefix("channel_").upper())
    else:
        yield from _servers(world, event, intents)


def _where(channel: Channel) -> Json:
    where: Json = {"channel_id": str(channel.id)}
    if channel.server is not None:
        where["guild_id"] = str(channel.server.id)
    return where


def _intent(channel: Channel, intent: Intent) -> Intent:
    return intent if channel.server is not None else _IN_DM[intent]


def _about_channel(channel: Channel, verb: str) -> Dispatch:
    if not channel.is_thread:
        return Dispatch(f"CHANNEL_{verb}", channel_json(channel), Intent.GUILDS)
    data = channel_json(channel)
    if verb == "CREATE":
        data["newly_created"] = True
    if verb == "DELETE":
        data = {key: data[key] for key in ("id", "guild_id", "parent_id", "type")}
    return Dispatch(f"THREAD_{verb}", data, Intent.GUILDS)


def _messages(world: World, event: Event, intents: Intent) -> Iterator[Dispatch]:
    channel, message = event.channel, event.message
    assert channel is not None and message is not None  # noqa: S101, PT018 - always carried
    intent = _intent(channel, Intent.MESSAGES)
    public = [item for item in event.messages if not item.ephemeral]
    if not public:
        return
    if event.kind == "message_delete":
        ids = [str(item.id) for item in public]
        if len(ids) == 1:
            yield Dispatch("MESSAGE_DELETE", {"id": ids[0]} | _where(channel), intent)
        else:
            yield Dispatch("MESSAGE_DELETE_BULK", {"ids": ids} | _where(channel), intent)
        return
    data = message_event_json(world, message, with_content=bool(intents & Intent.MESSAGE_CONTENT))
    verb = "CREATE" if event.kind == "message_create" else "UPDATE"
    yield Dispatch(f"MESSAGE_{verb}", data, intent)


def _reactions(event: Event) -> Iterator[Dispatch]:
    channel, message, reaction = event.channel, event.message, event.data.get("reaction")
    assert channel is not None and message is not None  # noqa: S101, PT018 - always carried
    if message.ephemeral:
        return
    intent = _intent(channel, Intent.REACTIONS)
    data: Json = {"message_id": str(message.id)} | _where(channel)
    if event.kind == "reaction_clear":
        if reaction is None:
            yield Dispatch("MESSAGE_REACTION_REMOVE_ALL", data, intent)
        else:
            data["emoji"] = emoji_json(reaction)
            yield Dispatch("MESSAGE_REACTION_REMOVE_EMOJI", data, intent)
        return
    assert event.user is not None and reaction is not None  # noqa: S101, PT018 - always carried
    data |= {
        "user_id": str(event.user.id),
        "emoji": emoji_json(reaction),
        "burst": False,
        "type": 0,
    }
    if event.kind == "reaction_add":
        data |= {"message_author_id": str(message.author.id), "burst_colors": []}
        if channel.server and (member := channel.server.members.get(event.user.id)):
            data["member"] = member_json(member)
        yield Dispatch("MESSAGE_REACTION_ADD", data, intent)
    else:
        yield Dispatch("MESSAGE_REACTION_REMOVE", data, intent)


def _typing(event: Event) -> Iterator[Dispatch]:
    channel, user = event.channel, event.user
    assert channel is not None and user is not None  # noqa: S101, PT018 - always carried
    data = {"user_id": str(user.id), "timestamp": int(time.time())} | _where(channel)
    if channel.server and (member := channel.server.members.get(user.id)):
        data["member"] = member_json(member)
    yield Dispatch("TYPING_START", data, _intent(channel, Intent.TYPING))


def _servers(world: World, event: Event, intents: Intent) -> Iterator[Dispatch]:
    server, user = event.server, event.user
    if server is None:
        return
    place = {"guild_id": str(server.id)}
    if event.kind == "server_join":
        everybody = bool(intents & Intent.MEMBERS)
        data = server_create_json(world, server, all_members=everybody)
        # it is there at log-in only; its absence is what makes a server a new one
        del data["unavailable"]
        yield Dispatch("GUILD_CREATE", data, Intent.GUILDS)
    elif event.kind == "server_leave":
        yield Dispatch("GUILD_DELETE", {"id": str(server.id)}, Intent.GUILDS)
    elif event.kind == "server_update":
        yield Dispatch("GUILD_UPDATE", server_json(server), Intent.GUILDS)
    elif event.kind in ("role_create", "role_update") and event.role is not None:
        name = "GUILD_" + event.kind.upper()
        yield Dispatch(name, place | {"role": role_json(event.role)}, Intent.GUILDS)
    elif event.kind == "member_join" and user is not None:
        data = member_json(server.members[user.id]) | place
        yield Dispatch("GUILD_MEMBER_ADD", data, Intent.MEMBERS)
    elif event.kind == "member_leave" and user is not None:
        yield Dispatch("GUILD_MEMBER_REMOVE", place | {"user": user_json(user)}, Intent.MEMBERS)
    elif event.kind == "member_update" and user is not None:
        # a bot gets events of its own member without the intent
        intent = None if user is world.bot else Intent.MEMBERS
        data = member_json(server.members[user.id]) | place
        yield Dispatch("GUILD_MEMBER_UPDATE", data, intent)
