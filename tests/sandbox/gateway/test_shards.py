"""Shards of a bot: their servers, their sessions, and how often they may begin one."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from sandbox import Member, Sandbox
from sandbox.state.snowflakes import shard_of
from tests.sandbox.client import ShardedClient, running


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    """Identify without the five seconds that Discord asks for."""


async def test_shards_get_their_own_servers(
    sandbox: Sandbox, ann: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.state.world.recommended_shards = 3
    servers = [sandbox.server]
    for number in range(12):
        servers.append(sandbox.places.add_server(f"Server {number}"))
        await asyncio.sleep(0.002)  # ids of different milliseconds fall on different shards
    client = ShardedClient()
    monkeypatch.setattr(client, "before_identify_hook", _at_once)
    async with running(client, sandbox):
        assert client.shard_count == 3
        assert {item.id: item.shard_id for item in client.guilds} == {
            item.id: shard_of(item.id, 3) for item in servers
        }
        for server in servers:
            await sandbox.member("ann", server).post("general", server.name)
        await client.seen("message", lambda item: item.content == "Server 11")
        contents = [item.content for item in client.dispatched("message")]
        assert sorted(contents) == sorted(server.name for server in servers)
        await ann.post(await ann.dm(), "on shard 0")
        await client.seen("message", lambda item: item.guild is None)


async def test_a_shard_that_is_cut_resumes_while_the_other_goes_on(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.state.world.recommended_shards = 2
    servers = {shard_of(sandbox.server.id, 2): sandbox.server}
    while len(servers) < 2:
        added = sandbox.places.add_server("Other")
        servers.setdefault(shard_of(added.id, 2), added)
        await asyncio.sleep(0.001)
    members = {shard: sandbox.member("ann", server) for shard, server in servers.items()}
    client = ShardedClient()
    monkeypatch.setattr(client, "before_identify_hook", _at_once)
    async with running(client, sandbox):
        await sandbox.fault_injection.drop_gateway(hold=True, shard=1)
        assert sandbox.state.world.bot_online
        await members[1].post("general", "missed")
        await members[0].post("general", "heard")
        await client.seen("message", lambda item: item.content == "heard")
        assert [each.content for each in client.dispatched("message")] == ["heard"]
        sandbox.fault_injection.release_gateway()
        await client.seen("message", lambda item: item.content == "missed")
        assert sorted(sandbox.gateway.identified) == [0, 1]
        assert sandbox.gateway.resumed == [1]


async def test_who_identifies_too_early_gets_an_invalid_session(sandbox: Sandbox) -> None:
    sandbox.gateway.identify_limit.seconds = 60
    sandbox.state.world.max_concurrency = 2
    async with aiohttp.ClientSession() as session:
        heard = [await _identified(session, sandbox, shard, 4) for shard in range(4)]
    assert heard == ["READY", "READY", 9, 9]
    assert sandbox.gateway.identified == [0, 1]
    assert sandbox.gateway.identify_limit.refused == [2, 3]


async def test_who_begins_more_sessions_than_a_day_has_is_refused(sandbox: Sandbox) -> None:
    starts = sandbox.state.world.session_starts
    starts.total = 1
    headers = {"Authorization": f"Bot {sandbox.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        said: list[tuple[int, bool]] = []
        heard: list[str | int] = []
        for _ in range(2):
            async with session.get(f"{sandbox.api_url}/gateway/bot") as answer:
                limit = (await answer.json())["session_start_limit"]
                said.append((limit["remaining"], 86_390_000 < limit["reset_after"] <= 86_400_000))
            heard.append(await _identified(session, sandbox, 0, 1))
        assert heard == ["READY", 4004]
        assert said == [(1, False), (0, True)]
    assert sandbox.gateway.identified == [0]


async def _identified(
    session: aiohttp.ClientSession, sandbox: Sandbox, shard: int, shards: int
) -> str | int:
    """Identify as a shard; return the event or operation that is answered, or the closing code."""
    data = {"token": sandbox.bot_token, "intents": 0, "shard": [shard, shards]}
    async with session.ws_connect(sandbox.gateway_url) as socket:
        await socket.receive()
        await socket.send_str(json.dumps({"op": 2, "d": data}))
        answer = await socket.receive()
    if answer.type is aiohttp.WSMsgType.CLOSE:
        return answer.data
    return answer.json()["t"] or answer.json()["op"]
