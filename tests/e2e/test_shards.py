"""Shards of one process and of several: whose servers, in whose turn, and each answer once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.config import load_config
from bot.connection import pointed_at
from bot.identify_turns import IdentifyTurns
from bot.recognition import catching_up
from bot.storage import Storage
from sandbox.state.snowflakes import shard_of
from tests.bot.fakes import FakeStages
from tests.databases import ON_BOTH
from tests.e2e.conftest import PATIENCE_S, eventually, kept, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message, Server
    from tests.e2e.conftest import Start

ONE = ("one.png", b"1")
ENDED_S = 0.2
"""Seconds in which a second answer, were there one, would come."""


@pytest.fixture(autouse=True)
def _pointed_at(sandbox: Sandbox) -> Iterator[None]:
    """Leave discord.py's addresses alone where one of two bots in a process ends."""
    with pointed_at(load_config(discord=sandbox.discord_section).discord):
        yield


def servers_by_shard(sandbox: Sandbox, shards: int) -> dict[int, Server]:
    """Return a server of each shard, new ones where there is none."""
    found = {shard_of(sandbox.server.id, shards): sandbox.server}
    while len(found) < shards:
        added = sandbox.places.add_server(f"Server {len(found)}", ("general",))
        found.setdefault(shard_of(added.id, shards), added)
    return dict(sorted(found.items()))


async def ask(sandbox: Sandbox, server: Server, file: tuple[str, bytes] = ONE) -> Message:
    """Post a picture in a server that the bot is asked about."""
    text = f"<@{sandbox.bot.id}>"
    return await sandbox.member("ann", server).post("general", text, files=[file])


async def answered_once(sandbox: Sandbox, *asked: Message) -> None:
    """Wait for one answer to each question, and see that no other follows."""
    for each in asked:
        await sandbox.answer_to(each, PATIENCE_S)
    await asyncio.sleep(ENDED_S)
    assert [len(sandbox.replies(each)) for each in asked] == [1] * len(asked)


def sliced(sandbox: Sandbox, shards: str) -> dict[str, dict[str, object]]:
    """Return the configuration of a process that runs a slice."""
    return {"discord": {**sandbox.discord_section, "shards": shards}}


def guilds(bot: MoedexBot) -> set[int]:
    return {guild.id for guild in bot.guilds}


@pytest.mark.parametrize("shards", [2, 4])
async def test_one_process_has_as_many_shards_as_discord_recommends(
    sandbox: Sandbox, start: Start, shards: int
) -> None:
    sandbox.state.world.recommended_shards = shards
    servers = servers_by_shard(sandbox, shards)
    async with start(FakeStages()) as bot:
        assert sorted(sandbox.gateway.identified) == list(range(shards))
        assert guilds(bot) == set(sandbox.state.world.servers)
        asked = [await ask(sandbox, server) for server in servers.values()]
        ann = sandbox.member("ann")
        asked.append(await ann.post(await ann.dm(), files=[ONE]))
        await answered_once(sandbox, *asked)


@ON_BOTH
async def test_two_processes_share_a_database_and_answer_each_for_its_own_servers(
    sandbox: Sandbox, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "_MARGIN", timedelta(0))
    servers = servers_by_shard(sandbox, 4)
    stages = FakeStages(), FakeStages()
    async with start(stages[0], **sliced(sandbox, "0-1/4")) as first:
        missed = await ask(sandbox, servers[3])
        await first.get_cog("CatchUp")._catching_up.note()  # type: ignore[union-attr]
        async with start(stages[1], **sliced(sandbox, "2-3/4")) as second:
            assert guilds(first) | guilds(second) == set(sandbox.state.world.servers)
            assert not guilds(first) & guilds(second)
            syncs = [each for each in sandbox.exchanges if each.method == "PUT"]
            assert [each.path.endswith("/commands") for each in syncs] == [True]
            asked = [await ask(sandbox, server) for server in servers.values()]
            await answered_once(sandbox, missed, *asked)
            assert "while I was away" in text_of(sandbox.replies(missed)[0])
            assert (len(stages[0].order), len(stages[1].order)) == (2, 3)
            # A process does not take the servers of others for servers that were left.
            await first.services.retention.erase_old(datetime.now(UTC))
            left = await first.services.storage.state.starting_with("left:")
            assert left == {}


@ON_BOTH
async def test_shards_identify_in_turn_whichever_process_has_them(
    sandbox: Sandbox, start: Start, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.identify_turns.PERIOD", timedelta(seconds=1))
    sandbox.gateway.identify_limit.seconds = 0.5
    async with Storage.open(database):
        pass  # Alembic can't bring two databases of one process up to date at once

    async def begin() -> None:
        async with AsyncExitStack() as stack:
            starts = [start(FakeStages(), **sliced(sandbox, f"{n}-{n + 1}/4")) for n in (0, 2)]
            await asyncio.gather(*map(stack.enter_async_context, starts))

    await begin()
    assert sorted(sandbox.gateway.identified) == [0, 1, 2, 3]
    assert sandbox.gateway.identify_limit.refused == []

    async def at_once(_turns: IdentifyTurns, _shard_id: int) -> None:
        """Wait for nobody: then Discord refuses, and it is tried again."""

    monkeypatch.setattr(IdentifyTurns, "begin", at_once)
    await begin()
    assert sandbox.gateway.identify_limit.refused != []


async def test_no_session_begins_that_would_cost_the_token(
    sandbox: Sandbox,
    start: Start,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.gateway._SAID_EVERY_S", 0.1)
    starts = sandbox.state.world.session_starts
    sandbox.state.world.recommended_shards, starts.total = 2, 3

    async def waits(said: str) -> bool:
        return f"Discord lets me begin only {said} sessions before " in caplog.text

    async with start(FakeStages()):
        assert starts.remaining == 1
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(start(FakeStages())))
        await eventually(lambda: waits("1 of 2"))
        assert len(sandbox.gateway.identified) == 2
        starts.end_day()
        await starting
        assert starts.remaining == 1
        await sandbox.fault_injection.drop_gateway(shard=0, resume=False)
        await answered_once(sandbox, await ask(sandbox, servers_by_shard(sandbox, 2)[0]))
        await sandbox.fault_injection.drop_gateway(shard=0, resume=False)
        await eventually(lambda: waits("0 of 1"))
        starts.end_day()
        await answered_once(sandbox, await ask(sandbox, servers_by_shard(sandbox, 2)[0]))
    assert len(sandbox.gateway.identified) == 6


async def test_a_shard_that_is_lost_keeps_no_other_from_answering(
    sandbox: Sandbox, start: Start
) -> None:
    sandbox.state.world.recommended_shards = 2
    servers = servers_by_shard(sandbox, 2)
    async with start(FakeStages()):
        await sandbox.fault_injection.drop_gateway(hold=True, shard=1)
        missed = await ask(sandbox, servers[1])
        before = len(sandbox.exchanges)
        heard = await ask(sandbox, servers[0])
        await answered_once(sandbox, heard)
        assert not sandbox.replies(missed)
        sandbox.fault_injection.release_gateway()
        await answered_once(sandbox, heard, missed)
        assert (sorted(sandbox.gateway.identified), sandbox.gateway.resumed) == ([0, 1], [1])
        # It was resumed: nothing is caught up, in its servers or in others.
        asked = [each for each in sandbox.exchanges[before:] if each.method == "GET"]
        assert not [each.path for each in asked if each.path.endswith("/messages")]


async def test_a_shard_that_waits_for_its_turn_keeps_no_other_from_coming_back(
    sandbox: Sandbox, start: Start
) -> None:
    world = sandbox.state.world
    world.recommended_shards = world.max_concurrency = 2
    servers = servers_by_shard(sandbox, 2)
    async with start(FakeStages()) as bot:
        leases = bot.services.storage.leases
        await leases.take("identify:0", "another process", timedelta(minutes=5))
        await sandbox.fault_injection.drop_gateway(shard=0, resume=False)
        waiting = await ask(sandbox, servers[0])
        await sandbox.fault_injection.drop_gateway(shard=1)
        await answered_once(sandbox, await ask(sandbox, servers[1]))
        assert sandbox.gateway.resumed == [1]
        assert not sandbox.replies(waiting)
        await leases.release("identify:0", "another process")
        await answered_once(sandbox, waiting)


@ON_BOTH
async def test_who_takes_a_process_s_place_answers_what_it_left_and_nothing_twice(
    sandbox: Sandbox, start: Start
) -> None:
    server, config = sandbox.server, sliced(sandbox, "0/1")
    old, new = FakeStages(), FakeStages()
    async with AsyncExitStack() as second, AsyncExitStack() as first:
        ends = await first.enter_async_context(start(old, **config))
        old.gate.clear()
        asked = [await ask(sandbox, server) for _ in range(2)]
        await asyncio.to_thread(old.started.acquire)
        await second.enter_async_context(start(new, **config))
        asked += [await ask(sandbox, server) for _ in range(2)]
        typed = await sandbox.member("ann", server).post("general", "!who")
        assert not any(map(sandbox.replies, asked[:2])), "the old one is at work on them"
        ending = asyncio.create_task(first.aclose())
        await eventually(lambda: closed(ends))
        old.gate.set()
        await ending
        await answered_once(sandbox, *asked, typed)
        assert new.order


async def closed(bot: MoedexBot) -> bool:
    return bot.is_closed()


@ON_BOTH
async def test_while_two_processes_run_beside_each_answer_press_and_vote_counts_once(
    sandbox: Sandbox, start: Start
) -> None:
    config = sliced(sandbox, "0/1")
    async with start(FakeStages(), **config), start(FakeStages(), **config) as bot:
        ann = sandbox.member("ann")
        asked = [await ask(sandbox, sandbox.server) for _ in range(4)]
        typed = await ann.post("general", "!who")
        await answered_once(sandbox, *asked, typed)
        card = sandbox.replies(asked[0])[0]
        await kept(bot, card)
        pressed = await ann.press(card, "Yes")
        await eventually(lambda: votes(bot, card))
        await asyncio.sleep(ENDED_S)
        assert len(await bot.services.storage.votes.for_answer(card.id)) == 1
        assert len(pressed.answers) == 1
        assert not (await ann.dm()).messages, "nobody is told of what the other one did"


async def votes(bot: MoedexBot, card: Message) -> bool:
    return bool(await bot.services.storage.votes.for_answer(card.id))
