"""Login, intents, resuming, broken connections, shards and members through the real client."""

from __future__ import annotations

import time

import aiohttp
import discord
import pytest

from sandbox import Member, Sandbox
from sandbox.gateway.gateway import LATENCY
from tests.sandbox.client import Client, running


async def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    async with Client() as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_the_client_sees_the_server(sandbox: Sandbox, client: Client) -> None:
    (server,) = client.guilds
    assert [item.name for item in server.text_channels] == [
        "general",
        "fan-art",
        "quiet",
        "age-restricted",
    ]
    assert {item.display_name for item in server.members} == {"Ann", "Ben", "Moedex"}
    assert server.owner is not None
    assert server.owner.display_name == "Ann"
    assert server.me.guild_permissions.attach_files
    assert not server.me.guild_permissions.manage_guild
    info = await client.application_info()
    assert (info.owner.name, info.flags.gateway_message_content_limited) == ("ann", True)
    assert (await client.fetch_guild(server.id)).name == server.name
    assert [item.id async for item in client.fetch_guilds()] == [server.id]
    assert len(await server.fetch_channels()) == 4
    assert len(await server.fetch_roles()) == 2
    assert len(await server.active_threads()) == 1
    ben = sandbox.member("ben")
    assert (await server.fetch_member(ben.id)).display_name == "Ben"
    assert {item.name async for item in server.fetch_members()} >= {"ann", "ben"}
    assert server.me.display_avatar.url.startswith(sandbox.cdn_url)
    assert (await server.me.display_avatar.read()).startswith(b"\x89PNG")


async def test_an_intent_that_was_not_granted_closes_with_4014(sandbox: Sandbox) -> None:
    sandbox.fault_injection.grant_intents()
    client = Client()
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(client, sandbox):
            pass
    with pytest.raises(ValueError, match="no privileged intent"):
        sandbox.fault_injection.grant_intents("telepathy")


async def test_without_message_content_only_what_concerns_the_bot_is_read(
    sandbox: Sandbox, ann: Member, picture: bytes
) -> None:
    sandbox.fault_injection.grant_intents()
    async with running(Client(discord.Intents.default()), sandbox) as client:
        files = [("a.png", picture)]
        hidden = await ann.post("general", "secret", files=files)
        mention = await ann.post("general", f"<@{sandbox.bot.id}> who?", files=files)
        own = await client.text(sandbox.channel("general")).send("mine")
        await ann.post("general", "yes", reply_to=sandbox.messages("general")[2])
        await ann.post("general", "no", reply_to=sandbox.messages("general")[2], ping=False)
        await ann.post(await ann.dm(), "private", files=files)
        await client.seen("message", lambda item: item.guild is None)
        seen = [(item.content, len(item.attachments)) for item in client.dispatched("message")]
        text = f"<@{sandbox.bot.id}> who?"
        assert seen == [("", 0), (text, 1), ("mine", 0), ("yes", 0), ("", 0), ("private", 1)]
        fetched = [item async for item in own.channel.history(oldest_first=True)]
        assert [item.content for item in fetched] == ["", text, "mine", "yes", ""]
        await ann.forward(hidden, "general")
        forward = await client.seen("message", lambda item: bool(item.message_snapshots))
        assert forward.message_snapshots[0].attachments == []
        assert mention.pinged == {sandbox.bot.id}


async def test_without_an_intent_nothing_of_its_kind_comes(sandbox: Sandbox, ann: Member) -> None:
    intents = discord.Intents(guilds=True, guild_messages=True)
    async with running(Client(intents), sandbox) as client:
        message = await ann.post("general", "one")
        await ann.react(message, "✅")
        await ann.type("general")
        await ann.post(await ann.dm(), "psst")
        await ann.post("general", "two")
        await client.seen("message", lambda item: item.id > message.id)
        assert len(client.dispatched("message")) == 2
        assert client.dispatched("raw_reaction_add") == []
        assert client.dispatched("raw_typing") == []


async def test_a_dropped_connection_resumes_and_replays(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    await sandbox.fault_injection.drop_gateway(hold=True)
    assert not sandbox.state.world.bot_online
    posted = [await ann.post("general", str(number)) for number in range(5)]
    await ann.react(posted[0], "✅")
    await ann.delete(posted[4])
    sandbox.fault_injection.release_gateway()
    await client.seen("raw_message_delete")
    assert [item.content for item in client.dispatched("message")] == list("01234")
    assert len(client.dispatched("raw_reaction_add")) == 1
    assert (len(sandbox.gateway.identified), len(sandbox.gateway.resumed)) == (1, 1)
    # the connection itself works on
    await ann.post("general", "after")
    await client.seen("message", lambda item: item.content == "after")


async def test_a_session_that_is_gone_is_identified_anew(
    sandbox: Sandbox, client: Client, ann: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "before_identify_hook", _at_once)
    await sandbox.fault_injection.drop_gateway(resume=False, hold=True)
    await ann.post("general", "missed")
    sandbox.fault_injection.release_gateway()
    await sandbox.wait_for("bot_online")
    await ann.post("general", "after")
    await client.seen("message", lambda item: item.content == "after")
    assert [item.content for item in client.dispatched("message")] == ["after"]
    assert (len(sandbox.gateway.identified), len(sandbox.gateway.resumed)) == (2, 0)


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    """Identify without the five seconds that Discord asks for."""


async def test_reconnect_and_invalid_session(
    sandbox: Sandbox, client: Client, ann: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "before_identify_hook", _at_once)
    await ann.post("general", "first")
    sandbox.fault_injection.ask_reconnect()
    await client.seen("resumed")
    assert (len(sandbox.gateway.identified), len(sandbox.gateway.resumed)) == (1, 1)
    sandbox.fault_injection.invalidate_session(resumable=True)
    await sandbox.wait_for(lambda _: len(sandbox.gateway.resumed) == 2)
    sandbox.fault_injection.invalidate_session()
    await sandbox.wait_for(lambda _: len(sandbox.gateway.identified) == 2)
    await ann.post("general", "second")
    await client.seen("message", lambda item: item.content == "second")
    await sandbox.fault_injection.close_gateway(4000)
    await sandbox.wait_for(lambda _: len(sandbox.gateway.resumed) == 3)


async def test_heartbeats_that_are_not_acknowledged(sandbox: Sandbox) -> None:
    sandbox.gateway.heartbeat_interval = 0.2
    async with running(Client(heartbeat_timeout=0.5), sandbox):
        sandbox.fault_injection.ignore_heartbeats()
        await sandbox.wait_for("bot_offline")
        sandbox.fault_injection.ignore_heartbeats(ignore=False)
        await sandbox.wait_for(lambda _: len(sandbox.gateway.resumed) >= 1)


async def test_a_heartbeat_is_not_acknowledged_before_its_sender_can_note_it(
    sandbox: Sandbox,
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.gateway_url) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        sent = time.monotonic()
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11
        assert time.monotonic() - sent >= LATENCY


async def test_a_silent_client_is_closed(sandbox: Sandbox) -> None:
    sandbox.gateway.heartbeat_interval = 0.1
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.gateway_url) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 8, "d": {}})
        await socket.receive()
        assert socket.close_code == 4003
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.gateway_url) as socket,
    ):
        await socket.receive_json()
        await socket.receive()
        assert socket.close_code == 4009


async def test_members_are_sent_in_chunks(sandbox: Sandbox, client: Client) -> None:
    (server,) = client.guilds
    for number in range(5):
        sandbox.places.add_member(f"Crowd {number}")
    await client.seen("member_join", lambda item: item.name == "crowd_4")
    found = await server.query_members("crowd", limit=3)
    assert [item.name for item in found] == ["crowd_0", "crowd_1", "crowd_2"]
    found = await server.query_members(user_ids=[sandbox.member("ben").id])
    assert [item.display_name for item in found] == ["Ben"]
    assert len(await server.chunk()) == 8


async def test_joining_and_leaving_servers_roles_and_members(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member
) -> None:
    second = sandbox.places.add_server("Second", channels=("general", "art"))
    assert (await client.seen("guild_join")).name == "Second"
    there = sandbox.places.join(ben, second)
    await there.post("art", "hello")
    message = await client.seen("message")
    assert (message.guild.name, message.author.id) == ("Second", ben.id)
    role = sandbox.places.add_role("Labeller")
    sandbox.places.set_role(ben, role)
    await client.seen("member_update")
    member = client.get_guild(sandbox.server.id).get_member(ben.id)  # type: ignore[union-attr]
    assert member is not None
    assert [item.name for item in member.roles] == ["@everyone", "Labeller"]
    sandbox.places.set_role(ben, role, granted=False)
    sandbox.places.leave(there)
    await client.seen("member_remove")
    sandbox.places.remove_server(second)
    assert (await client.seen("guild_remove")).name == "Second"
    with pytest.raises(discord.NotFound):
        await client.fetch_guild(second.id)
    (server,) = client.guilds
    await server.leave()
    assert sandbox.state.world.servers == {}
