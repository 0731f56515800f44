"""What the chat page reads, does and hears of, for each of two users."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox import Member, Sandbox
from sandbox.state.entities import MessageFlag
from tests.sandbox.client import Client

WAIT = 10.0


class Page:
    """A page of one user: Discord's REST API with that user's token, and the WebSocket."""

    def __init__(self, sandbox: Sandbox, member: Member) -> None:
        self._sandbox = sandbox
        self._token = sandbox.state.tokens.of(member.user)
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Page:
        self._session = aiohttp.ClientSession()
        events = self._sandbox.page_url + "sandbox/events"
        self._socket = await self._session.ws_connect(events, params={"token": self._token})
        self._task = asyncio.create_task(self._listen())
        await self.received("hello")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._task
        await self._session.close()

    async def _listen(self) -> None:
        async for frame in self._socket:
            self.events.append(frame.json())
            self._news.set()

    async def received(self, kind: str, **values: Any) -> dict[str, Any]:
        def fits(event: dict[str, Any]) -> bool:
            message = event.get("message")
            author = {"by": message["author"]["id"]} if message else {}
            known = event | (message or {}) | author | {"type": event["type"]}
            return event["type"] == kind and values.items() <= known.items()

        return await self.sees(fits)

    async def sees(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for an event (whether it was or will be)."""
        async with asyncio.timeout(WAIT):
            while True:
                self._news.clear()
                for event in self.events:
                    if fits(event):
                        return event
                await self._news.wait()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: tuple[tuple[str, bytes], ...] = (),
        status: int = 200,
        **query: str,
    ) -> Any:
        """Call Discord's API."""
        options: dict[str, Any] = {"json": body} if body is not None else {}
        if files:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body))
            for number, (name, data) in enumerate(files):
                form.add_field(f"files[{number}]", data, filename=name)
            options = {"data": form}
        address, headers = f"{self._sandbox.api_url}/{path}", {"Authorization": self._token}
        async with self._session.request(
            method, address, params=query, headers=headers, **options
        ) as response:
            assert response.status == status, await response.text()
            return await response.json() if status != 204 else None

    async def interact(
        self,
        kind: int,
        channel: str,
        data: dict[str, Any],
        files: tuple[tuple[str, bytes], ...] = (),
        status: int = 204,
        **extra: str,
    ) -> None:
        """Ask something of the bot."""
        body = {"type": kind, "channel_id": channel, "data": data, **extra}
        await self.ask("POST", "interactions", body, files, status)


@pytest.fixture
async def anns(sandbox: Sandbox, ann: Member) -> AsyncIterator[Page]:
    async with Page(sandbox, ann) as page:
        yield page


@pytest.fixture
async def bens(sandbox: Sandbox, ben: Member) -> AsyncIterator[Page]:
    async with Page(sandbox, ben) as page:
        yield page


async def test_the_world(sandbox: Sandbox, anns: Page) -> None:
    world = anns.events[0]["world"]
    (server,) = world["servers"]
    names = [item["name"] for item in server["channels"]]
    assert names == ["general", "fan-art", "art talk", "quiet", "age-restricted"]
    assert [item["nsfw"] for item in server["channels"]] == [False] * 4 + [True]
    assert [item["moderator"] for item in server["members"]] == [True, False, False]
    assert world["bot_online"] is False
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.page_url}sandbox/humans") as response,
    ):
        first, second = (await response.json())["users"]
    assert (first["display_name"], second["display_name"]) == ("Ann", "Ben")
    assert first["token"] != second["token"]
    await anns.ask("GET", "channels/1/messages", status=404)


async def test_humans_call_no_bots_routes_and_bots_no_humans(sandbox: Sandbox, anns: Page) -> None:
    refused = await anns.ask("GET", "gateway/bot", status=403)
    assert refused["code"] == 20002
    headers = {"Authorization": f"Bot {sandbox.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{sandbox.api_url}/interactions", json={}) as response,
    ):
        assert (await response.json())["code"] == 20001
    token = sandbox.state.tokens.of(sandbox.member("ann").user)
    for header in (f"Bot {token}", sandbox.bot_token, "nobody"):
        async with (
            aiohttp.ClientSession(headers={"Authorization": header}) as session,
            session.get(f"{sandbox.api_url}/users/@me") as response,
        ):
            assert response.status == 401


async def test_injected_faults_and_limits_leave_humans_alone(sandbox: Sandbox, anns: Page) -> None:
    sandbox.fault_injection.rate_limit(times=None)
    path = f"channels/{sandbox.channel('general').id}/messages"
    assert (await anns.ask("POST", path, {"content": "through"}))["content"] == "through"


async def test_posting_with_files_and_reading(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page, picture: bytes
) -> None:
    path = f"channels/{sandbox.channel('fan-art').id}/messages"
    body = {"content": "look", "attachments": [{"id": "0", "description": "a square"}]}
    posted = await anns.ask("POST", path, body, files=(("SPOILER_a b.png", picture),))
    assert posted["attachments"][0]["filename"] == "SPOILER_a_b.png"
    assert posted["attachments"][0]["description"] == "a square"
    assert (await bens.received("message_create"))["message"]["id"] == posted["id"]
    message: discord.Message = await client.seen("message")
    assert await message.attachments[0].read() == picture
    await message.reply(f"hello <@{sandbox.member('ann').id}>")
    await bens.received("message_create", by=str(sandbox.bot.id))
    answer, first = await bens.ask("GET", path)
    assert answer["referenced_message"]["id"] == posted["id"]
    assert [item["username"] for item in answer["mentions"]] == ["ann"]
    assert await bens.ask("GET", path, before=answer["id"]) == [first]
    reply = {"content": "too", "message_reference": {"message_id": posted["id"]}}
    assert (await bens.ask("POST", path, reply))["type"] == 19


async def test_reactions_edits_and_deletes(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page
) -> None:
    path = f"channels/{sandbox.channel('general').id}/messages"
    posted = await anns.ask("POST", path, {"content": "vote"})
    one = f"{path}/{posted['id']}"
    await bens.ask("PUT", f"{one}/reactions/✅/@me", status=204)
    await client.seen("raw_reaction_add")
    changed = await bens.received("message_update")
    assert changed["message"]["reactions"][0]["me"] is True
    assert (await anns.received("message_update"))["message"]["reactions"][0]["me"] is False
    users = await anns.ask("GET", f"{one}/reactions/✅")
    assert [item["global_name"] for item in users] == ["Ben"]
    await bens.ask("DELETE", f"{one}/reactions/✅/@me", status=204)
    refused = await bens.ask("DELETE", f"{one}/reactions/✅/@me", status=400)
    assert refused["code"] == 10014
    await bens.ask("PATCH", one, {"content": "mine now"}, status=403)
    await bens.ask("DELETE", one, status=403)
    assert (await anns.ask("PATCH", one, {"content": "voted"}))["content"] == "voted"
    await anns.ask("DELETE", one, status=204)
    assert (await bens.received("message_delete"))["message_ids"] == [posted["id"]]


async def test_commands_ephemeral_answers_and_forms(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page, picture: bytes
) -> None:
    class Form(discord.ui.Modal, title="Name"):
        name = discord.ui.TextInput(label="Name", custom_id="name")

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(content=self.name.value)

    class Card(discord.ui.View):
        @discord.ui.button(label="Else", custom_id="else")
        async def other(self, interaction: discord.Interaction, _: Any) -> None:
            await interaction.response.send_modal(Form())

        @discord.ui.select(
            custom_id="s", options=[discord.SelectOption(label="A", value="a")], min_values=0
        )
        async def choose(self, interaction: discord.Interaction, select: Any) -> None:
            await interaction.response.edit_message(content=f"chose {select.values}")

    @app_commands.command(description="Who")
    async def who(
        interaction: discord.Interaction, image: discord.Attachment, user: discord.User
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"{image.size} {user.name}", view=Card())

    @app_commands.context_menu(name="Look")
    async def look(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(message.content)

    client.tree.add_command(who)
    client.tree.add_command(look)
    await client.tree.sync()
    await anns.received("commands")
    channel = str(sandbox.channel("general").id)
    index = await anns.ask("GET", f"channels/{channel}/application-command-index")
    slash, menu = index["application_commands"]
    assert (slash["name"], menu["name"]) == ("who", "Look")
    options = [
        {"name": "image", "value": 0},
        {"name": "user", "value": str(sandbox.member("ben").id)},
    ]
    data = {"id": slash["id"], "name": "who", "type": 1, "options": options}
    await anns.interact(2, channel, data, files=(("a.png", picture),), nonce="first")
    await anns.received("interaction", nonce="first", state="acknowledged")
    shown = await anns.received("message_create")
    assert shown["message"]["flags"] == MessageFlag.EPHEMERAL | MessageFlag.LOADING
    answer = (await anns.received("message_update"))["message"]
    assert answer["content"] == f"{len(picture)} ben"
    assert answer["interaction"]["name"] == "who"
    on, button = {"message_id": answer["id"]}, {"component_type": 2, "custom_id": "else"}
    select = {"component_type": 3, "custom_id": "s"}
    await anns.interact(3, channel, select | {"values": ["a"]}, **on)
    await anns.received("message_update", content="chose ['a']")
    await anns.interact(3, channel, select | {"values": []}, **on)
    await anns.received("message_update", content="chose []")
    await bens.interact(3, channel, button, status=404, **on)
    await anns.interact(3, channel, button, **on)
    modal = await anns.received("modal")
    assert modal["modal"]["components"][0]["components"][0]["label"] == "Name"
    field = {"type": 4, "custom_id": "name", "value": "Rin"}
    form = {
        "id": modal["interaction_id"],
        "custom_id": modal["modal"]["custom_id"],
        "components": [{"type": 1, "components": [field]}],
    }
    await bens.interact(5, channel, form, status=403)
    await anns.interact(5, channel, form)
    await anns.received("message_update", content="Rin")
    # nothing of all this was for Ben's eyes
    assert {event["type"] for event in bens.events} == {"hello", "commands"}
    posted = await bens.ask("POST", f"channels/{channel}/messages", {"content": "her"})
    data = {"id": menu["id"], "name": "Look", "type": 3, "target_id": posted["id"]}
    await bens.interact(2, channel, data)
    await anns.received("message_create", by=str(sandbox.bot.id), content="her")
    await anns.interact(9, channel, {}, status=400)
    await anns.interact(2, channel, {}, status=400)


async def test_a_bot_that_does_not_answer_is_reported(
    sandbox: Sandbox, client: Client, anns: Page
) -> None:
    sandbox.state.interactions.acknowledge_seconds = 0.05
    channel = client.text(sandbox.channel("general"))
    view = discord.ui.View().add_item(discord.ui.Button(label="Dead", custom_id="dead"))
    sent = await channel.send("x", view=view)
    view.stop()
    data = {"component_type": 2, "custom_id": "dead"}
    await anns.interact(3, str(channel.id), data, message_id=str(sent.id))
    failed = await anns.received("interaction", state="failed")
    assert failed["message_id"] == str(sent.id)
    assert failed["error"] == "The application did not respond"


async def test_autocomplete(sandbox: Sandbox, client: Client, anns: Page) -> None:
    @app_commands.command(description="Find")
    async def find(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(name)

    @find.autocomplete("name")
    async def offer(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current + "ku", value=current + "ku")]

    client.tree.add_command(find)
    await client.tree.sync()
    (known,) = await client.tree.fetch_commands()
    options = [{"name": "name", "value": "mi", "focused": True}]
    data = {"id": str(known.id), "name": "find", "type": 1, "options": options}
    await anns.interact(4, str(sandbox.channel("general").id), data, nonce="typed")
    offered = await anns.received("autocomplete", nonce="typed")
    assert offered["choices"] == [{"name": "miku", "value": "miku"}]


async def test_direct_messages_threads_forwards_and_typing(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page
) -> None:
    dm = await anns.ask("POST", "users/@me/channels", {"recipient_id": str(sandbox.bot.id)})
    assert [item["username"] for item in dm["recipients"]] == ["Moedex"]
    await anns.ask("POST", f"channels/{dm['id']}/messages", {"content": "psst"})
    await client.seen("message", lambda item: item.guild is None)
    await bens.ask("GET", f"channels/{dm['id']}/messages", status=403)
    user = await client.fetch_user(sandbox.member("ben").id)
    await user.send("hello Ben")
    (shown,) = (await bens.received("world"))["world"]["dms"]
    assert [item["username"] for item in shown["recipients"]] == ["Moedex"]
    general = f"channels/{sandbox.channel('general').id}"
    posted = await anns.ask("POST", f"{general}/messages", {"content": "original"})
    on = f"{general}/messages/{posted['id']}/threads"
    thread = await anns.ask("POST", on, {"name": "talk"}, status=201)
    assert thread["id"] == posted["id"]
    reference = {"type": 1, "message_id": posted["id"], "channel_id": posted["channel_id"]}
    body = {"message_reference": reference}
    forward = await anns.ask("POST", f"channels/{thread['id']}/messages", body)
    assert forward["message_snapshots"][0]["message"]["content"] == "original"
    await anns.ask("POST", f"{general}/typing", status=204)
    assert (await bens.received("typing"))["user_id"] == str(sandbox.member("ann").id)
    sandbox.places.add_member("Carla")
    await bens.sees(
        lambda event: any(
            user["display_name"] == "Carla" for user in event.get("world", {}).get("users", ())
        )
    )
    sandbox.places.delete_channel("quiet")
    await bens.sees(
        lambda event: (
            "world" in event
            and "quiet" not in [item["name"] for item in event["world"]["servers"][0]["channels"]]
        )
    )


async def test_the_shelf(picture: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(picture)
    notes = {"Hikari Mochizuki": "Known already."}
    async with (
        Sandbox(samples=tmp_path, shelf_notes=notes) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"{sandbox.page_url}sandbox/samples") as response:
            answer = await response.json()
        assert answer["notes"] == notes
        shelf = answer["samples"]
        mine = next(item for item in shelf if item["filename"] == "mine.png")
        async with session.get(sandbox.cdn_url + mine["url"]) as response:
            assert await response.read() == picture
            assert response.headers["Content-Type"] == "image/png"
        async with session.get(sandbox.cdn_url + shelf[0]["url"]) as response:
            assert response.headers["Content-Type"] == "image/webp"
        async with session.get(f"{sandbox.page_url}sandbox/samples/none") as response:
            assert response.status == 404
            assert (await response.json())["message"]


async def test_the_pages_files_stay_in_their_folder(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("page/%2e%2e/server.py", "page/../server.py", "page/none.js"):
            response = await session.get(sandbox.page_url + path)
            assert response.status == 404


async def test_open_pages_are_closed_when_the_server_stops() -> None:
    async with Sandbox() as stopping, aiohttp.ClientSession() as session:
        user = {"token": stopping.state.tokens.of(stopping.member("ann").user)}
        page = await session.ws_connect(stopping.page_url + "sandbox/events", params=user)
        await page.receive()
        closed = asyncio.create_task(page.receive())
        await stopping.close()
        assert (await closed).type is aiohttp.WSMsgType.CLOSE
        assert page.close_code == 1001
