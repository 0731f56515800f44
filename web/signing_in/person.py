"""Who is signed in: what a page asks before it shows or changes something.

    person = signed_in(request)              # Person; else to the sign-in (pages), 401 (the API)
    person = person_of(request)              # Person, or None
    for server in await servers(request):    # Memberships: where both the person and the bot are
    server = await member(request, id)       # Membership of one; else 404
    server = await labeller(request, id)     # the same of who may label there; else 403
    await may_see(request, id, channel_id)   # whether what was posted there may be shown to them

All of it follows the server's roles as they were at most a minute ago. Every template knows
`person` (None where nobody is signed in), `csrf` and `sign_in` (whether one can sign in at all).
A form that changes something has `<input type="hidden" name="csrf" value="{{ csrf }}">`; a script
sends the header `X-CSRF-Token` with what stands in `<meta name="csrf">`. `handlers.recognised`
refuses every changing request of somebody signed in that has neither. A program asks the API with a
key of its owner's instead (`keys`), and is then that person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from yarl import URL

from bot.feedback.authority import MODERATORS_ONLY
from bot.storage.records import ApiKey, Session
from web.addresses import API
from web.asked import number
from web.problems import ProblemError
from web.signing_in.keys import Keys
from web.signing_in.memberships import Membership, Memberships
from web.signing_in.sessions import Sessions

SESSIONS: Final = web.AppKey("sessions", Sessions)
KEYS: Final = web.AppKey("keys", Keys)
MEMBERSHIPS: Final = web.AppKey("memberships", Memberships)
SIGN_IN: Final = "/sign-in"

_KEY: Final = web.RequestKey("key", ApiKey)
_SESSION: Final = web.RequestKey("session", Session)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `avatar` is a picture's hash on Discord's CDN, or empty."""

    user_id: int
    name: str
    avatar: str
    servers: tuple[int, ...]
    """The servers shared with the bot when they signed in; `servers()` says what holds now."""


def person_of(request: web.Request) -> Person | None:
    """Return who is signed in, or whose key asks; None for nobody."""
    key = key_of(request)
    if key is not None:
        return Person(key.user_id, key.user_name, "", ())
    session = session_of(request)
    if session is None:
        return None
    who = session.who
    return Person(who.user_id, who.name, who.avatar, who.servers)


def signed_in(request: web.Request) -> Person:
    """Return who is signed in. A page leads others to sign in; the API raises ProblemError 401."""
    person = person_of(request)
    if person is not None:
        return person
    if request.path.startswith(API) or request.method not in ("GET", "HEAD"):
        raise ProblemError(401, "Sign in first.", {"WWW-Authenticate": "Bearer"})
    raise web.HTTPSeeOther(URL(SIGN_IN).with_query(next=request.path_qs))


async def servers(request: web.Request) -> list[Membership]:
    """Return where both the person and the bot are, by name."""
    person = signed_in(request)
    found = await request.app[MEMBERSHIPS].of_all(person.user_id, person.servers)
    return sorted(found, key=lambda one: one.server_name)


async def member(request: web.Request, server_id: int) -> Membership:
    """Return the person's membership of a server. Raises ProblemError 404 where there is none."""
    user_id = signed_in(request).user_id
    found = await request.app[MEMBERSHIPS].of(user_id, server_id)
    if found is None:
        raise ProblemError(404, "You and I share no such server.")
    return found


async def server_asked(request: web.Request) -> int | None:
    """Return the server that a query names; None where it names none.

    Raises ProblemError 400, 401, or 404 where it is not shared with the person.
    """
    asked = number(request.query, "server", 0, 2**63 - 1)
    return (await member(request, asked)).server_id if asked else None


async def labeller(request: web.Request, server_id: int) -> Membership:
    """Return the membership of somebody who may label there. Raises ProblemError 403 and 404."""
    found = await member(request, server_id)
    if not found.may_label:
        raise ProblemError(403, MODERATORS_ONLY)
    return found


async def may_see(request: web.Request, server_id: int, channel_id: int) -> bool:
    """Say whether what was posted in a server's channel may be shown to the person."""
    user_id = signed_in(request).user_id
    return await request.app[MEMBERSHIPS].may_see(user_id, server_id, channel_id)


async def sees_taught(request: web.Request, server_id: int, channel_id: int | None) -> bool:
    """Say whether what was taught in a server may be shown to the person.

    It was posted in a channel; of None it was handed over for teaching, for labellers to see.
    """
    if channel_id is None:
        return (await member(request, server_id)).may_label
    return await may_see(request, server_id, channel_id)


async def seen(request: web.Request, server_id: int, channel_ids: set[int]) -> set[int]:
    """Return those of a server's channels whose posts may be shown to the person."""
    return {each for each in channel_ids if await may_see(request, server_id, each)}


def session_of(request: web.Request) -> Session | None:
    """Return the session that a request belongs to."""
    return request.get(_SESSION)


def key_of(request: web.Request) -> ApiKey | None:
    """Return the key that a request of the API came with."""
    return request.get(_KEY)


def asks_with(request: web.Request, key: ApiKey) -> None:
    """Let a request be asked with a key."""
    request[_KEY] = key


def belongs_to(request: web.Request, session: Session) -> None:
    """Let a request belong to a session."""
    request[_SESSION] = session


async def in_templates(request: web.Request) -> dict[str, Any]:
    """Give every template who is signed in."""
    session = session_of(request)
    return {
        "person": person_of(request),
        "csrf": request.app[SESSIONS].csrf(session) if session else "",
        "sign_in": SESSIONS in request.app,
    }
