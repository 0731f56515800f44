"""Events that nobody can read: every field of every event left out, null, and of another type.

The real client gets them from the sandbox, about a server of their own. Then it must still be in
the session that it began with, and answer a picture elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any
from unittest.mock import AsyncMock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.client import MoedexBot
from bot.identify_turns import IdentifyTurns
from bot.wording import WHO_MENU
from sandbox import Sandbox
from sandbox.state.entities import Channel, Server
from sandbox.state.events import Event
from tests.bot.fakes import FakeStages
from tests.e2e.conftest import PATIENCE_S, Start, eventually, settled, watch

EVENTS = (
    "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", "GUILD_MEMBER_UPDATE", "GUILD_ROLE_CREATE",
    "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_DELETE",
    "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_ALL",
    "INTERACTION_CREATE",
)  # fmt: skip
"""What the bot's intents let it hear; READY and RESUMED have tests of their own."""

Path = tuple[str | int, ...]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.fixture
async def heard(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> AsyncIterator[tuple[MoedexBot, dict[str, list[Any]]]]:
    """Return a bot, and good events of every kind about a server that nothing else is in."""
    async with start(stages) as bot:
        await watch(bot)
        await act(sandbox, sandbox.places.add_server("Elsewhere", ["talk"]))
        here = str(sandbox.server.id)
        yield (
            bot,
            {
                name: [each for each in sandbox.gateway.sent(name) if here not in str(each)]
                for name in EVENTS
            },
        )


async def act(sandbox: Sandbox, server: Server) -> None:
    """Do in a server all that the bot is told of."""
    ann, places = sandbox.member("ann", server), sandbox.places
    talk = server.channel_named("talk")
    places.set_upload_limit(1_000_000, server)
    role = places.add_role("role", server=server)
    server.members[sandbox.bot.id].role_ids.append(role.id)
    sandbox.state.stream.emit(Event("member_update", server, user=sandbox.bot))
    first = await ann.post(talk, "a picture", files=[("a.png", b"1")])
    reply = await ann.post(talk, f"who? <@{sandbox.bot.id}>", reply_to=first)
    card = await sandbox.answer_to(reply, PATIENCE_S)
    await ann.forward(first, talk)
    await ann.edit(first, "another text")
    await ann.react(card, "✅")
    await ann.unreact(card, "✅")
    await sandbox.answer(await ann.menu(first, WHO_MENU))
    await sandbox.answer(await ann.slash(talk, "who"))
    await ann.autocomplete(talk, "alias", {"character": "ma"}, "character")
    await ann.open_thread(talk, "thread", first)
    places.mark_nsfw(talk, nsfw=True)
    await ann.post(await ann.dm(), "hello")
    await leave(sandbox, server, talk)


async def leave(sandbox: Sandbox, server: Server, talk: Channel) -> None:
    """Let what there was in a server go."""
    ann = sandbox.member("ann", server)
    sandbox.state.reactions.clear(ann.user, next(iter(talk.messages.values())))
    gone = [await ann.post(talk, str(number)) for number in range(3)]
    await ann.delete(gone[0])
    await ann.delete(*gone[1:])
    sandbox.places.delete_channel(server.channel_named("thread"))
    sandbox.places.delete_channel(sandbox.places.add_channel("short-lived", server))
    sandbox.places.remove_server(server)


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Yield where the fields of an event are, the inner ones too."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*here, key)
        if isinstance(inner, (dict, list)):
            yield from paths(inner, (*here, key))


def changed(event: Any, path: Path, new: Any, *, drop: bool = False) -> Any:
    """Return an event with one field replaced, or without it."""
    event = whole = deepcopy(event)
    for key in path[:-1]:
        event = event[key]
    if drop:
        del event[path[-1]]
    else:
        event[path[-1]] = new
    return whole


def of_another_type(value: Any) -> Any:
    """Return what a field could be by mistake."""
    if isinstance(value, (dict, list)):
        return "text"
    return {"id": str(value)} if isinstance(value, str) else [value]


def at(event: Any, path: Path) -> Any:
    """Return a field of an event."""
    for key in path:
        event = event[key]
    return event


async def lives(sandbox: Sandbox, bot: MoedexBot) -> None:
    """Check that the bot is in its first session, and answers."""
    await settled(sandbox, bot)
    assert (len(sandbox.gateway.identified), len(sandbox.gateway.resumed)) == (1, 0)
    assert not bot.is_closed()


async def test_no_field_of_any_event_ends_the_session(
    sandbox: Sandbox, heard: tuple[MoedexBot, dict[str, list[Any]]]
) -> None:
    bot, events = heard
    assert all(events.values()), [name for name in EVENTS if not events[name]]
    for name, data in events.items():
        # Interactions are of several kinds; of the others, one event has all fields.
        for event in data if name == "INTERACTION_CREATE" else data[-1:]:
            for path in paths(event):
                sandbox.gateway.send_event(name, changed(event, path, None, drop=True))
                sandbox.gateway.send_event(name, changed(event, path, None))
                other = of_another_type(at(event, path))
                sandbox.gateway.send_event(name, changed(event, path, other))
            await lives(sandbox, bot)
        for nonsense in (None, [], "text", 3, {}):
            sandbox.gateway.send_event(name, nonsense)
        await lives(sandbox, bot)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_nothing_in_the_place_of_a_few_fields_ends_the_session(
    sandbox: Sandbox, heard: tuple[MoedexBot, dict[str, list[Any]]], data: st.DataObject
) -> None:
    bot, events = heard
    name = data.draw(st.sampled_from(EVENTS))
    event = data.draw(st.sampled_from(events[name]))
    for path in data.draw(st.lists(st.sampled_from(list(paths(event))), max_size=3, min_size=1)):
        with contextlib.suppress(LookupError, TypeError):  # went with an outer field
            event = changed(event, path, data.draw(anything))
    sandbox.gateway.send_event(name, event)
    await lives(sandbox, bot)


async def test_a_bad_event_is_one_line_with_its_name_and_what_was_wrong(
    sandbox: Sandbox, bot: MoedexBot, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fault_injection.damage_event("MESSAGE_CREATE", lambda data: data.pop("channel_id"))
    await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
    await lives(sandbox, bot)
    (record,) = [each for each in caplog.records if "left out" in each.getMessage()]
    assert record.getMessage() == (
        "The event MESSAGE_CREATE could not be read, and is left out (KeyError: 'channel_id')"
    )
    assert record.exc_info is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda ready: ready.pop("shard"),
        lambda ready: ready.pop("session_id"),
    ],
)
async def test_a_bad_ready_ends_the_try_and_not_the_bot(
    sandbox: Sandbox, start: Start, stages: FakeStages, damage: Any
) -> None:
    sandbox.fault_injection.damage_event("READY", damage)
    async with start(stages) as bot:
        await watch(bot)
        await settled(sandbox, bot)
        assert len(sandbox.gateway.identified) == 2


async def test_a_bad_resumed_keeps_the_session(sandbox: Sandbox, bot: MoedexBot) -> None:
    sandbox.fault_injection.damage_event("RESUMED", lambda data: data.clear())
    await sandbox.fault_injection.drop_gateway()
    await settled(sandbox, bot)
    assert (len(sandbox.gateway.identified), len(sandbox.gateway.resumed)) == (1, 1)


async def test_a_gateway_that_is_away_is_waited_for(
    sandbox: Sandbox,
    start: Start,
    stages: FakeStages,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = sys.getrecursionlimit() + 100  # the library calls itself once a try
    monkeypatch.setattr("bot.gateway.waits", lambda *_: itertools.repeat(0))
    for turn in ("begin", "end"):  # a thousand of them, written down, would take long
        monkeypatch.setattr(IdentifyTurns, turn, AsyncMock())
    sandbox.fault_injection.refuse_gateway()

    async def come_back() -> None:
        await eventually(lambda: tried(sandbox, tries))
        sandbox.fault_injection.refuse_gateway(refuse=False)

    back = asyncio.create_task(come_back())
    async with start(stages) as bot:
        await back
        await watch(bot)
        await settled(sandbox, bot)
    said = [each for each in caplog.records if "can't be reached" in each.getMessage()]
    assert said
    assert len(said) < 5  # one a minute
    assert not any(each.exc_info for each in said)


async def tried(sandbox: Sandbox, times: int) -> bool:
    """Say whether somebody tried to connect so often."""
    return sandbox.gateway.tries >= times
