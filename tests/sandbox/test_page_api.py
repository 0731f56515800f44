"""The chat page's protocol: what it reads, does and is told, for each of two users."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox import Member, Sandbox
from sandbox.page import shelf as page_shelf
from sandbox.samples.shelf import Sample

from .client import Client

WAIT = 10.0


class Page:
    """A page of one user: HTTP and the WebSocket."""

    def __init__(self, sandbox: Sandbox, member: Member) -> None:
        self._base = sandbox.page_url + "sandbox/"
        self._user = {"user": str(member.id)}
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Page:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._base + "events", params=self._user)
        self._task = asyncio.create_task(self._listen())
        await self.told("hello")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._task
        await self._session.close()

    async def _listen(self) -> None:
        async for frame in self._socket:
            self.events.append(frame.json())
            self._news.set()

    async def told(self, kind: str, **values: Any) -> dict[str, Any]:
        async with asyncio.timeout(WAIT):
            while True:
                self._news.clear()
                for event in self.events:
                    message = event.get("message")
                    author = {"by": message["author"]["id"]} if message else {}
                    known = event | (message or {}) | author | {"type": event["type"]}
                    if event["type"] == kind and values.items() <= known.items():
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
        options: dict[str, Any] = {"json": body} if body is not None else {}
        if files:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body))
            for number, (name, data) in enumerate(files):
                form.add_field(f"files[{number}]", data, filename=name)
            options = {"data": form}
        async with self._session.request(
            method, self._base + path, params=self._user | query, **options
        ) as response:
            assert response.status == status, await response.text()
            assert response.headers["Content-Type"] == "application/json"
            return await response.json()


@pytest.fixture
async def anns(sandbox: Sandbox, ann: Member) -> AsyncIterator[Page]:
    async with Page(sandbox, ann) as page:
        yield page


@pytest.fixture
async def bens(sandbox: Sandbox, ben: Member) -> AsyncIterator[Page]:
    async with Page(sandbox, ben) as page:
        yield page


async def test_the_world(sandbox: Sandbox, anns: Page) -> None:
    world = await anns.ask("GET", "world")
    assert world == anns.events[0]["world"]
    (server,) = world["servers"]
    names = [item["name"] for item in server["channels"]]
    assert names == ["general", "fan-art", "art talk", "quiet", "age-restricted"]
    assert [item["nsfw"] for item in server["channels"]] == [False] * 4 + [True]
    assert [item["moderator"] for item in server["members"]] == [True, False, False]
    assert world["bot_online"] is False
    assert (await anns.ask("GET", "humans"))["users"][0]["display_name"] == "Ann"
    await anns.ask("GET", "channels/1/messages", status=404)


async def test_posting_with_files_and_reading(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page, picture: bytes
) -> None:
    path = f"channels/{sandbox.channel('fan-art').id}/messages"
    body = {"content": "look", "spoiler": True, "descriptions": ["a square"]}
    posted = await anns.ask("POST", path, body, files=(("a b.png", picture),))
    assert posted["attachments"][0]["filename"] == "SPOILER_a_b.png"
    assert posted["attachments"][0]["description"] == "a square"
    assert (posted["mine"], posted["can_delete"]) == (True, True)
    told = await bens.told("message_create")
    assert (told["message"]["id"], told["message"]["mine"]) == (posted["id"], False)
    message: discord.Message = await client.seen("message")
    assert await message.attachments[0].read() == picture
    await message.reply(f"hello <@{sandbox.member('ann').id}>")
    await bens.told("message_create", by=str(sandbox.bot.id))
    both = (await bens.ask("GET", path))["messages"]
    assert both[1]["referenced_message"]["id"] == posted["id"]
    assert list(both[1]["mention_names"].values()) == ["Ann"]
    assert (await bens.ask("GET", path, before=both[1]["id"]))["messages"] == both[:1]
    reply = {"content": "too", "reply_to": posted["id"]}
    assert (await bens.ask("POST", path, reply))["type"] == 19


async def test_reactions_edits_and_deletes(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page
) -> None:
    path = f"channels/{sandbox.channel('general').id}/messages"
    posted = await anns.ask("POST", path, {"content": "vote"})
    one = f"{path}/{posted['id']}"
    await bens.ask("PUT", f"{one}/reactions/✅")
    await client.seen("raw_reaction_add")
    changed = await bens.told("message_update")
    assert changed["message"]["reactions"][0]["me"] is True
    assert (await anns.told("message_update"))["message"]["reactions"][0]["me"] is False
    users = (await anns.ask("GET", f"{one}/reactions/✅"))["users"]
    assert [item["display_name"] for item in users] == ["Ben"]
    await bens.ask("DELETE", f"{one}/reactions/✅")
    refused = await bens.ask("DELETE", f"{one}/reactions/✅", status=400)
    assert refused["code"] == 10014
    await bens.ask("PATCH", one, {"content": "mine now"}, status=403)
    await bens.ask("DELETE", one, status=403)
    assert (await anns.ask("PATCH", one, {"content": "voted"}))["content"] == "voted"
    await anns.ask("DELETE", one)
    assert (await bens.told("message_delete"))["message_ids"] == [posted["id"]]


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
    await anns.told("commands")
    channel = str(sandbox.channel("general").id)
    commands = await anns.ask("GET", "commands", channel=channel)
    assert [item["name"] for item in commands["slash"]] == ["who"]
    assert [item["name"] for item in commands["message"]] == ["Look"]
    options = {"image": {"file": 0}, "user": str(sandbox.member("ben").id)}
    slash = {"kind": "slash", "channel_id": channel, "path": ["who"], "options": options}
    started = await anns.ask("POST", "interactions", slash, files=(("a.png", picture),))
    await anns.told("interaction", interaction_id=started["id"], state="acknowledged")
    shown = await anns.told("message_create")
    assert (shown["message"]["ephemeral"], shown["message"]["loading"]) == (True, True)
    answer = (await anns.told("message_update"))["message"]
    assert answer["content"] == f"{len(picture)} ben"
    assert answer["interaction_metadata"]["name"] == "who"
    component = {"kind": "component", "channel_id": channel, "message_id": answer["id"]}
    await anns.ask("POST", "interactions", component | {"custom_id": "s", "values": ["a"]})
    await anns.told("message_update", content="chose ['a']")
    await anns.ask("POST", "interactions", component | {"custom_id": "s", "values": []})
    await anns.told("message_update", content="chose []")
    await bens.ask("POST", "interactions", component | {"custom_id": "else"}, status=404)
    await anns.ask("POST", "interactions", component | {"custom_id": "else"})
    modal = await anns.told("modal")
    assert modal["modal"]["components"][0]["components"][0]["label"] == "Name"
    form = {"kind": "modal", "interaction_id": modal["interaction_id"], "values": {"name": "Rin"}}
    await bens.ask("POST", "interactions", form, status=403)
    await anns.ask("POST", "interactions", form)
    await anns.told("message_update", content="Rin")
    # nothing of all this was for Ben's eyes
    assert {event["type"] for event in bens.events} == {"hello", "commands"}
    posted = await bens.ask("POST", f"channels/{channel}/messages", {"content": "her"})
    menu = {"kind": "message_menu", "channel_id": channel, "message_id": posted["id"]}
    await bens.ask("POST", "interactions", menu | {"command_id": commands["message"][0]["id"]})
    await anns.told("message_create", by=str(sandbox.bot.id), content="her")
    await anns.ask("POST", "interactions", {"kind": "dance", "channel_id": channel}, status=400)


async def test_a_bot_that_does_not_answer_is_told(
    sandbox: Sandbox, client: Client, anns: Page
) -> None:
    sandbox.interactions.acknowledge_seconds = 0.05
    channel = client.text(sandbox.channel("general"))
    view = discord.ui.View().add_item(discord.ui.Button(label="Dead", custom_id="dead"))
    sent = await channel.send("x", view=view)
    view.stop()
    body = {"kind": "component", "channel_id": str(channel.id), "message_id": str(sent.id)}
    await anns.ask("POST", "interactions", body | {"custom_id": "dead"})
    failed = await anns.told("interaction", state="failed")
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
    body = {
        "channel_id": str(sandbox.channel("general").id),
        "path": ["find"],
        "options": {"name": "mi"},
        "focused": "name",
    }
    assert await anns.ask("POST", "autocomplete", body) == {
        "choices": [{"name": "miku", "value": "miku"}]
    }


async def test_direct_messages_threads_forwards_and_typing(
    sandbox: Sandbox, client: Client, anns: Page, bens: Page
) -> None:
    dm = await anns.ask("POST", "dms", {"user_id": str(sandbox.bot.id)})
    assert dm["display_name"] == "Moedex"
    await anns.ask("POST", f"channels/{dm['id']}/messages", {"content": "psst"})
    await client.seen("message", lambda item: item.guild is None)
    await bens.ask("GET", f"channels/{dm['id']}/messages", status=403)
    user = await client.fetch_user(sandbox.member("ben").id)
    await user.send("hello Ben")
    assert (await bens.told("channel_create"))["channel"]["display_name"] == "Moedex"
    general = f"channels/{sandbox.channel('general').id}"
    posted = await anns.ask("POST", f"{general}/messages", {"content": "original"})
    thread = await anns.ask(
        "POST", f"{general}/threads", {"name": "talk", "message_id": posted["id"]}
    )
    assert thread["id"] == posted["id"]
    body = {"message_id": posted["id"], "channel_id": posted["channel_id"]}
    forward = await anns.ask("POST", f"channels/{thread['id']}/forward", body)
    assert forward["message_snapshots"][0]["message"]["content"] == "original"
    await anns.ask("POST", f"{general}/typing")
    assert (await bens.told("typing"))["user_id"] == str(sandbox.member("ann").id)
    sandbox.add_member("Carla")
    assert (await bens.told("member_join"))["user"]["display_name"] == "Carla"
    sandbox.delete_channel("quiet")
    await bens.told("channel_delete")


async def test_the_shelf(sandbox: Sandbox, anns: Page, picture: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(picture)
    sandbox.samples = tmp_path
    shelf = (await anns.ask("GET", "samples"))["samples"]
    mine = next(item for item in shelf if item["filename"] == "mine.png")
    async with (
        aiohttp.ClientSession() as session,
        session.get(sandbox.cdn + mine["url"]) as response,
    ):
        assert await response.read() == picture
        assert response.headers["Content-Type"] == "image/png"
    body = {"channel_id": str(sandbox.channel("general").id), "content": "from the shelf"}
    posted = await anns.ask("POST", f"samples/{mine['id']}/post", body)
    assert posted["attachments"][0]["size"] == len(picture)
    body = {"content": "again", "samples": [mine["id"]]}
    posted = await anns.ask("POST", f"channels/{posted['channel_id']}/messages", body)
    assert posted["attachments"][0]["filename"] == "mine.png"
    refused = await anns.ask("POST", "samples/none/post", body | {"channel_id": "1"}, status=404)
    assert refused["message"]


async def test_drawings_are_made_ahead_and_ones_own_pictures_left_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def sample(name: str, people: int | None) -> Sample:
        return Sample(name, name, "", f"{name}.png", people, lambda: read.append(name) or b"")

    samples = [sample("drawn", 1), sample("own", None), sample("lake", 0)]
    monkeypatch.setattr(page_shelf, "load_samples", lambda _: samples)
    await sandbox.shelf.draw_ahead()
    assert read == ["drawn", "lake"]


async def test_the_pages_files_stay_in_their_folder(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("page/%2e%2e/server.py", "page/../server.py", "page/none.js"):
            response = await session.get(sandbox.page_url + path)
            assert response.status == 404


async def test_open_pages_are_told_that_the_server_stops() -> None:
    async with Sandbox() as stopping, aiohttp.ClientSession() as session:
        user = {"user": str(stopping.member("ann").id)}
        page = await session.ws_connect(stopping.page_url + "sandbox/events", params=user)
        await page.receive()
        closed = asyncio.create_task(page.receive())
        await stopping.close()
        assert (await closed).type is aiohttp.WSMsgType.CLOSE
        assert page.close_code == 1001
