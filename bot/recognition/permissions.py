"""What the bot may do in a channel, and the words for what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from collections.abc import Sequence


ServerChannel = discord.abc.GuildChannel | discord.Thread

_NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "read_message_history": "Read Message History",
    "attach_files": "Attach Files",
    "embed_links": "Embed Links",
    "add_reactions": "Add Reactions",
}


def permissions_in(channel: object) -> discord.Permissions | None:
    """Return what the bot may do in a server's channel; None in a DM, where it may everything."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return None
    me = channel.guild.me
    return discord.Permissions.none() if me is None else channel.permissions_for(me)


def missing_in(channel: object) -> list[str]:
    """Return the names of the permissions that an answer in a channel needs and lacks."""
    held = permissions_in(channel)
    if held is None:
        return []
    return [_NAMES[key] for key in _needed(channel) if not getattr(held, key)]


def missing_for_interaction(interaction: discord.Interaction) -> list[str]:
    """Return what an answer to an interaction lacks: files and embeds, nothing else."""
    if interaction.guild_id is None:
        return []
    held = interaction.app_permissions
    return [_NAMES[key] for key in ("attach_files", "embed_links") if not getattr(held, key)]


def may_write(channel: object) -> bool:
    """Return whether a plain text can be sent to a channel."""
    held = permissions_in(channel)
    if held is None:
        return True
    in_thread = isinstance(channel, discord.Thread)
    send = held.send_messages_in_threads if in_thread else held.send_messages
    return held.view_channel and send


def may_react(channel: object) -> bool:
    """Return whether reactions can be put under an answer in a channel."""
    held = permissions_in(channel)
    return held is None or (held.add_reactions and held.read_message_history)


def sentence(channel: ServerChannel, missing: Sequence[str]) -> str:
    """Return what is wrong in a channel, why it matters and what to do, in plain words."""
    return (
        f"I can't answer pictures in {channel.mention}: I lack the {_listed(missing)} there. "
        "Allow that for my role in the channel's settings, under Permissions."
    )


def sentence_here(missing: Sequence[str]) -> str:
    """Return the same about the place where somebody asks."""
    return (
        f"I can't answer here: I lack the {_listed(missing)}. "
        "A moderator can allow that for my role in the channel's settings, under Permissions."
    )


def _listed(missing: Sequence[str]) -> str:
    words = [f"**{name}**" for name in missing]
    if len(words) == 1:
        return f"permission {words[0]}"
    return f"permissions {', '.join(words[:-1])} and {words[-1]}"


def _needed(channel: object) -> list[str]:
    # What is posted in a forum stands in a thread of its own.
    in_threads = isinstance(channel, discord.Thread | discord.ForumChannel)
    send = "send_messages_in_threads" if in_threads else "send_messages"
    return ["view_channel", send, "read_message_history", "attach_files", "embed_links"]
