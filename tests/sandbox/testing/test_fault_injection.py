"""Rate limits, refusals, missing permissions and the API's own limits."""

from __future__ import annotations

import io
from typing import Any, Literal

import aiohttp
import discord
import pytest
from discord.http import handle_message_parameters

from sandbox import Member, Sandbox
from sandbox.state.errors import ApiError
from tests.sandbox.client import Client, pointed_at, running


async def refused(awaitable: Any) -> tuple[int, int]:
    """Return the status and the code that a request is refused with."""
    with pytest.raises(discord.HTTPException) as caught:
        await awaitable
    return caught.value.status, caught.value.code


def statuses(sandbox: Sandbox, method: str, ending: str) -> list[int]:
    return [
        item.status
        for item in sandbox.exchanges
        if item.method == method and item.path.endswith(ending)
    ]


async def test_the_client_waits_out_a_rate_limit(sandbox: Sandbox, client: Client) -> None:
    channel = client.text(sandbox.channel("general"))
    sandbox.fault_injection.rate_limit("POST /channels/*/messages", times=2, retry_after=0.05)
    await channel.send("through")
    assert statuses(sandbox, "POST", "/messages") == [429, 429, 200]
    sandbox.fault_injection.rate_limit(retry_after=0.05, is_global=True)
    await channel.send("through again")
    assert [item.content for item in sandbox.messages("general")] == ["through", "through again"]


async def test_realistic_limits_hold_the_client_back() -> None:
    async with Sandbox(realistic_limits=True) as sandbox:
        with pointed_at(sandbox):
            async with running(Client(), sandbox) as client:
                message = await client.text(sandbox.channel("general")).send("vote")
                for emoji in "✅❌🎨":
                    await message.add_reaction(emoji)
                # the client obeys the headers, so it is never refused
                assert statuses(sandbox, "PUT", "/@me") == [204, 204, 204]
                headers = {"Authorization": f"Bot {sandbox.bot_token}"}
                url = f"{sandbox.api_url}/channels/{message.channel.id}/typing"
                async with aiohttp.ClientSession(headers=headers) as session:
                    for _ in range(5):
                        assert (await session.post(url)).status == 204
                    response = await session.post(url)
                    body = await response.json()
                assert response.status == 429
                assert response.headers["Via"]
                assert int(response.headers["Retry-After"]) >= 1
                assert 0 < body["retry_after"] <= 5
                assert body["global"] is False


async def test_edits_refused_and_servers_failing(sandbox: Sandbox, client: Client) -> None:
    message = await client.text(sandbox.channel("general")).send("0 %")
    fault = sandbox.fault_injection.refuse_edits()
    assert await refused(message.edit(content="50 %")) == (429, 30046)
    assert fault.met >= 1
    sandbox.fault_injection.clear()
    await message.edit(content="100 %")
    sandbox.fault_injection.fail("DELETE *", 403, 50013, "Missing Permissions")
    assert await refused(message.delete()) == (403, 50013)
    sandbox.fault_injection.slow_down("DELETE *", 0.01)
    await message.delete()
    assert sandbox.messages("general") == []


async def test_missing_permissions(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    posted = await ann.post("fan-art", "look")
    message = await client.seen("message")
    channel = message.channel

    def card() -> discord.File:
        return discord.File(io.BytesIO(picture), "card.png")

    sandbox.fault_injection.refuse("attach_files", channel="fan-art")
    await client.seen("guild_channel_update")
    assert not channel.permissions_for(channel.guild.me).attach_files
    assert await refused(channel.send(file=card())) == (403, 50013)
    sandbox.fault_injection.refuse("embed_links", "add_reactions", channel="fan-art")
    assert await refused(channel.send(embed=discord.Embed(title="x"))) == (403, 50013)
    assert await refused(message.add_reaction("✅")) == (403, 50013)
    await ann.react(posted, "✅")
    await message.add_reaction("✅")  # joining a reaction needs no permission to add one
    sandbox.fault_injection.refuse("read_message_history", channel="fan-art")
    assert (await refused(message.reply("hm")))[1] == 160002
    assert [item async for item in channel.history()] == []
    sandbox.fault_injection.refuse("send_messages")
    assert await refused(channel.send("hm")) == (403, 50013)
    sandbox.fault_injection.allow(
        "send_messages", "attach_files", "embed_links", "read_message_history", channel="fan-art"
    )
    await channel.send(file=card(), embed=discord.Embed(title="x"))
    sandbox.fault_injection.refuse("create_public_threads", channel="fan-art")
    assert await refused(message.create_thread(name="talk")) == (403, 50013)
    assert await refused(channel.edit(name="other")) == (403, 50013)
    sandbox.fault_injection.refuse("view_channel", channel="fan-art")
    assert await refused(
        client.http.send_message(channel.id, params=handle_message_parameters("hm"))
    ) == (403, 50001)
    await client.seen("guild_channel_delete")
    with pytest.raises(ValueError, match="no permission named"):
        sandbox.fault_injection.refuse("fly")


async def test_what_is_too_large_too_long_or_empty(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    channel = client.text(sandbox.channel("general"))
    sandbox.places.set_upload_limit(1_000)
    big = discord.File(io.BytesIO(bytes(1_001)), "big.png")
    assert await refused(channel.send(file=big)) == (413, 40005)
    with pytest.raises(ApiError):
        await ann.post("general", files=[("big.png", bytes(1_001))])
    assert await refused(channel.send("x" * 2_001)) == (400, 50035)
    assert await refused(channel.send("")) == (400, 50006)
    embed = discord.Embed(title="x" * 257)
    assert await refused(channel.send(embed=embed)) == (400, 50035)
    embeds = [discord.Embed(description="x" * 3_500) for _ in range(2)]
    assert await refused(channel.send(embeds=embeds)) == (400, 50035)
    lost = discord.Embed().set_image(url="attachment://lost.png")
    assert await refused(channel.send(embed=lost)) == (400, 50035)
    assert await refused(
        channel.send("x", reference=discord.MessageReference(message_id=1, channel_id=channel.id))
    ) == (400, 50035)
    sent = await channel.send(
        "x",
        reference=discord.MessageReference(
            message_id=1, channel_id=channel.id, fail_if_not_exists=False
        ),
    )
    assert sent.reference is None
    assert await refused(sent.add_reaction("words")) == (400, 10014)
    assert await refused(sent.edit(content="x" * 2_001)) == (400, 50035)
    assert sandbox.messages("general")[0].content == "x"


async def test_wrong_components_are_refused(sandbox: Sandbox, client: Client) -> None:
    channel = client.text(sandbox.channel("general"))

    class Bad(discord.ui.View):
        def __init__(self, **button: Any) -> None:
            super().__init__()
            self.add_item(discord.ui.Button(**button))

    view = Bad(label="a", custom_id="same")
    view.add_item(discord.ui.Button(label="b", custom_id="same"))
    assert await refused(channel.send("x", view=view)) == (400, 50035)
    assert await refused(channel.send("x", view=Bad(label="x" * 81))) == (400, 50035)
    assert await refused(channel.send("x", view=Bad())) == (400, 50035)


async def test_members_keep_to_the_rules_too(sandbox: Sandbox, ann: Member, ben: Member) -> None:
    posted = await ann.post("general", "mine")
    with pytest.raises(ApiError, match="50005"):
        await ben.edit(posted, "ours")
    with pytest.raises(ApiError, match="50013"):
        await ben.delete(posted)
    with pytest.raises(ApiError, match="10014"):
        await ben.unreact(posted, "✅")
    bens = await ben.post("general", "@everyone")
    assert not bens.mention_everyone
    await ann.delete(bens)
    assert bens.deleted


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_other_sites_are_refused(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    async with aiohttp.ClientSession(headers=headers) as session:
        response = await session.get(f"{sandbox.cdn_url}/sandbox/humans")
    assert response.status == status


async def test_requests_need_the_token_and_unknown_routes_are_refused(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{sandbox.api_url}/users/@me")
        assert response.status == 401
        assert response.headers["Content-Type"] == "application/json"
        response = await session.get(f"{sandbox.api_url}/no/such/route")
        assert response.status == 404
        headers = {"Authorization": f"Bot {sandbox.bot_token}"}
        response = await session.post(
            f"{sandbox.api_url}/users/@me/channels", data="{", headers=headers
        )
        assert (await response.json())["code"] == 50109


async def test_nothing_but_loopback_is_bound(sandbox: Sandbox) -> None:
    assert sandbox._runner is not None
    assert [host for host, _ in sandbox._runner.addresses] == ["127.0.0.1"]


async def test_a_cut_request_is_done_or_not_and_answered_neither_way(
    sandbox: Sandbox, client: Client
) -> None:
    channel = client.text(sandbox.channel("general"))
    moments: tuple[tuple[Literal["before", "after"], int], ...] = (("before", 0), ("after", 1))
    for when, there in moments:
        sandbox.fault_injection.cut("POST /channels/*/messages", when)
        with pytest.raises(aiohttp.ClientConnectionError):
            await channel.send("hello")
        assert len(sandbox.messages("general")) == there


async def test_answers_can_be_replaced_and_damaged(sandbox: Sandbox, client: Client) -> None:
    channel = client.text(sandbox.channel("general"))
    posted = await sandbox.member("ann").post("general", "as it was")
    route = "GET /channels/*/messages/*"
    sandbox.fault_injection.damage_answer(route, lambda answer: answer.update(content="changed"))
    assert (await channel.fetch_message(posted.id)).content == "changed"
    sandbox.fault_injection.answer(route, {"content": "nothing else"})
    with pytest.raises(KeyError):
        await channel.fetch_message(posted.id)
    assert (await channel.fetch_message(posted.id)).content == "as it was"


async def test_events_can_be_damaged_and_sent_as_they_are(sandbox: Sandbox, client: Client) -> None:
    sandbox.fault_injection.damage_event(
        "MESSAGE_CREATE", lambda data: data.update(content="changed")
    )
    for content in ("first", "second"):
        await sandbox.member("ann").post("general", content)
    sandbox.gateway.send_event("MESSAGE_CREATE", sandbox.gateway.sent("MESSAGE_CREATE")[0])
    await sandbox.member("ann").post("general", "last")
    await client.seen("message", lambda message: message.content == "last")
    heard = [message.content for message in client.dispatched("message")]
    assert heard == ["changed", "second", "changed", "last"]
