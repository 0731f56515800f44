"""What may stand in a message: its limits, its embeds, and whom it pings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.state.errors import invalid_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.state.entities import Channel, Json, User
    from sandbox.state.world import World

MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_EMBED_TOTAL = 6000
MAX_FILES = 10
MAX_DESCRIPTION = 1024

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")

_EMBED_LIMITS = {"title": 256, "description": 4096}


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a text mentions and `allowed_mentions` lets through."""

    users: list[User] = field(default_factory=list)
    role_ids: list[int] = field(default_factory=list)
    everyone: bool = False


def check_content(content: str) -> None:
    """Refuse a text above Discord's limit: ApiError 50035."""
    if len(content) > MAX_CONTENT:
        raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")


def find_mentions(
    world: World, channel: Channel, text: str, allowed: Json | None, replied: User | None
) -> Mentions:
    """Find who is mentioned in a text or by replying, as far as `allowed_mentions` permits.

    Args:
        world: Where users and roles are.
        channel: Where the text stands.
        text: The message's text, that of its layout components included.
        allowed: Discord's `allowed_mentions`; None permits everything.
        replied: The author of the message replied to.

    """
    rules = {"parse": ["users", "roles", "everyone"], "replied_user": True}
    rules = rules if allowed is None else allowed
    parse = set(rules.get("parse") or ())
    users: dict[int, User] = {}
    listed = {int(user_id) for user_id in rules.get("users") or ()}
    for user_id in map(int, _USER.findall(text)):
        if ("users" in parse or user_id in listed) and user_id in world.users:
            users[user_id] = world.users[user_id]
    if replied is not None and rules.get("replied_user", False):
        users[replied.id] = replied
    known_roles = channel.server.roles if channel.server else {}
    listed = {int(role_id) for role_id in rules.get("roles") or ()}
    roles = [
        role_id
        for role_id in dict.fromkeys(map(int, _ROLE.findall(text)))
        if ("roles" in parse or role_id in listed) and role_id in known_roles
    ]
    everyone = "everyone" in parse and bool(_EVERYONE.search(text))
    return Mentions(list(users.values()), roles, everyone)


def complete_embeds(embeds: list[Json], resolve: Callable[[str, str], Json]) -> list[Json]:
    """Check a bot's embeds and complete them: media get their real address and their size.

    Args:
        embeds: As the bot sent them.
        resolve: Turns an address and its path in the request into a media item.

    Raises:
        ApiError: 50035, where a limit is broken.

    """
    if len(embeds) > MAX_EMBEDS:
        raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    done = [_complete(embed, number, resolve) for number, embed in enumerate(embeds)]
    if sum(map(_length, done)) > MAX_EMBED_TOTAL:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds 6000.")
    return done


def _complete(embed: Json, number: int, resolve: Callable[[str, str], Json]) -> Json:
    done: Json = {key: value for key, value in embed.items() if value is not None}
    for key, limit in _EMBED_LIMITS.items():
        _limit(done.get(key), limit, f"embeds.{number}.{key}")
    fields = done.get("fields") or []
    if len(fields) > 25:
        raise invalid_form(f"embeds.{number}.fields", "BASE_TYPE_MAX_LENGTH", "25 or fewer.")
    for index, entry in enumerate(fields):
        _limit(entry["name"], 256, f"embeds.{number}.fields.{index}.name")
        _limit(entry["value"], 1024, f"embeds.{number}.fields.{index}.value")
    if fields:
        done["fields"] = [{"inline": False} | entry for entry in fields]
    if footer := done.get("footer"):
        _limit(footer["text"], 2048, f"embeds.{number}.footer.text")
    for key in ("image", "thumbnail"):
        if key in done:
            media = resolve(done[key]["url"], f"embeds.{number}.{key}.url")
            done[key] = {
                name: value
                for name, value in media.items()
                if name not in ("id", "attachment_id", "size")
            }
    for key in ("footer", "author"):
        if icon := (done.get(key) or {}).get("icon_url"):
            media = resolve(icon, f"embeds.{number}.{key}.icon_url")
            done[key] = done[key] | {"icon_url": media["url"], "proxy_icon_url": media["url"]}
    return done | {"type": "rich"}


def _limit(text: str | None, limit: int, field_name: str) -> None:
    if text is not None and len(text) > limit:
        raise invalid_form(
            field_name, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."
        )


def _length(embed: Json) -> int:
    parts: list[Any] = [embed.get("title"), embed.get("description")]
    parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for entry in embed.get("fields", []):
        parts += [entry["name"], entry["value"]]
    return sum(len(part) for part in parts if part)
