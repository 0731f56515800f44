"""Layout components (v2) as Discord takes, completes, edits and refuses them."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from discord.http import Route, handle_message_parameters

from sandbox import Member, Sandbox
from sandbox.state import component_rules as rules
from sandbox.state.entities import MessageFlag, StickerFormat
from sandbox.state.errors import ApiError
from tests.sandbox.client import Client
from tests.sandbox.conformance import DESCRIPTION, Description

V2 = int(MessageFlag.IS_COMPONENTS_V2)


def file_of(data: bytes, name: str = "card.png") -> discord.File:
    return discord.File(io.BytesIO(data), name)


def text(content: str = "hello") -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(custom_id: str = "b", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "B", "custom_id": custom_id} | more


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


def section(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 9, "components": list(parts), "accessory": button()} | more


def container(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 17, "components": list(parts)} | more


def gallery(*urls: str, **more: Any) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": url}} | more for url in urls]}


def select(**more: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]} | more


WEB = "https://example.org/a.png"


class Everything(discord.ui.LayoutView):
    """A layout with a component of every kind."""

    def __init__(self) -> None:
        super().__init__()
        pictures = discord.ui.MediaGallery()
        pictures.add_item(media="attachment://card.png", description="alt", spoiler=True)
        pictures.add_item(media=WEB)
        small = discord.ui.Thumbnail("attachment://face.png", description="a face")
        more: discord.ui.Button[Any] = discord.ui.Button(label="More", custom_id="more")
        page: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="page", options=[discord.SelectOption(label="1", value="1")]
        )
        box: discord.ui.Container[Any] = discord.ui.Container(
            discord.ui.TextDisplay("## Found"),
            pictures,
            discord.ui.Separator(),
            discord.ui.Section("one", "two", accessory=small),
            discord.ui.Section("three", accessory=more),
            discord.ui.ActionRow(page),
            accent_color=0x00FF00,
        )
        self.add_item(box)
        self.add_item(discord.ui.File("attachment://list.txt"))


def everything(picture: bytes) -> dict[str, Any]:
    files = [file_of(picture), file_of(picture, "face.png"), file_of(b"x", "list.txt")]
    return {"view": Everything(), "files": files}


async def test_a_component_of_every_kind(sandbox: Sandbox, client: Client, picture: bytes) -> None:
    channel = client.text(sandbox.channel("general"))
    sent = await channel.send(**everything(picture), suppress_embeds=True)
    assert sent.flags.components_v2
    assert sent.attachments == [], "Discord lists no file that a component shows"
    box, file = sent.components
    shown, other = box.children[1].items
    assert (shown.description, shown.spoiler, shown.media.width) == ("alt", True, 64)
    assert shown.media.url.startswith(sandbox.cdn_url)
    assert (other.media.url, other.description, other.spoiler) == (WEB, None, False)
    assert box.children[3].accessory.media.attachment_id is not None
    assert (file.name, file.size) == ("list.txt", 1)
    (message,) = sandbox.messages("general")
    assert [item.filename for item in message.files] == ["card.png", "face.png", "list.txt"]
    ids = [item["id"] for item in rules_walk(message.components)]
    assert len(ids) == len(set(ids))
    fetched = await channel.fetch_message(sent.id)
    assert discord.ui.LayoutView.from_message(fetched).content_length() == len(
        "## Foundonetwothree"
    )


def rules_walk(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item, _ in rules.places(items)]


async def test_a_file_that_no_component_shows_is_listed(
    sandbox: Sandbox, client: Client, picture: bytes
) -> None:
    channel = client.text(sandbox.channel("general"))
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("hello"))
    sent = await channel.send(view=view, file=file_of(picture))
    assert [item.filename for item in sent.attachments] == ["card.png"]
    pictures: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    pictures.add_item(media=sent.attachments[0].url)
    edited = await sent.edit(view=discord.ui.LayoutView().add_item(pictures))
    assert edited.attachments == []
    assert sandbox.messages("general")[0].files[0].data == picture


NOT_FOUND = "The referenced attachment was not found"
TOO_MANY = "Total number of components exceeds maximum of 40"


@pytest.mark.parametrize(
    ("components", "where", "words"),
    [
        ([], None, "Cannot send an empty message"),
        ([button()], "components.0", 'Value of field "type" must be one of (1, 9, 10,'),
        ([container()], "components.0.components", "Must be between 1 and 40 in length."),
        (
            [container(button())],
            "components.0.components.0",
            'Value of field "type" must be one of (1, 9, 10, 12, 13, 14).',
        ),
        ([container(container(text()))], "components.0.components.0", "must be one of (1, 9, 10"),
        ([container(text(), accent_color=2**24)], "components.0.accent_color", "less than or"),
        ([section(*[text()] * 4)], "components.0.components", "Must be between 1 and 3"),
        ([section(row(button()))], "components.0.components.0", "must be one of (10,)"),
        ([section(text(), accessory=None)], "components.0.accessory", "This field is required"),
        ([section(text(), accessory=select())], "components.0.accessory", "one of (2, 11)"),
        ([text("")], "components.0.content", "This field is required"),
        ([text("x" * 4_001)], "components.0.content", "Must be between 1 and 4000 in length."),
        ([text("x" * 2_001)] * 2, "components", "displayable text size exceeds maximum size of"),
        ([gallery()], "components.0.items", "Must be between 1 and 10 in length."),
        ([gallery(*[WEB] * 11)], "components.0.items", "Must be between 1 and 10 in length."),
        ([gallery("attachment://no.png")], "components.0.items.0.media.url", NOT_FOUND),
        ([gallery("C:\\a.png")], "components.0.items.0.media.url", 'Scheme "c" is not supported'),
        ([gallery(WEB, description="x" * 1_025)], "components.0.items.0.description", "1024"),
        (
            [section(text(), accessory={"type": 11, "media": {"url": "attachment://no.png"}})],
            "components.0.accessory.media.url",
            NOT_FOUND,
        ),
        ([{"type": 13, "file": {"url": WEB}}], "components.0.file.url", "must be a reference"),
        ([{"type": 14, "spacing": 3}], "components.0.spacing", "Value must be one of {1, 2}."),
        ([row()], "components.0.components", "Must be between 1 and 5 in length."),
        ([row(text())], "components.0.components.0", "must be one of (2, 3, 5, 6, 7, 8)."),
        ([row(select(), button())], "components.0.components.1", "exceeds the maximum width"),
        ([row(button(style=5))], "components.0.components.0.url", "This field is required"),
        ([row(button(url=WEB))], "components.0.components.0", "exclusive"),
        ([row(button(label="x" * 81))], "components.0.components.0.label", "80 or fewer"),
        ([row(select(options=[]))], "components.0.components.0.options", "between 1 and 25"),
        (
            [section(text(), accessory=button("a")), container(row(button("a")))],
            "components.1.components.0.components.0.custom_id",
            "Component custom id cannot be duplicated",
        ),
        ([text() | {"id": 7}, text() | {"id": 7}], "components.1.id", "id cannot be duplicated"),
        ([text("a")] * 41, "components", "Must be between 1 and 40 in length."),
        ([container(*[text("a")] * 40)], "components", TOO_MANY),
        ([section(text("a"), accessory=button(f"{n}")) for n in range(14)], "components", TOO_MANY),
    ],
)
async def test_what_is_wrong_is_refused_by_its_place(
    components: list[Any], where: str | None, words: str
) -> None:
    sandbox = Sandbox()  # nothing of this needs it to be served
    body = {"components": components, "flags": V2}
    with pytest.raises(ApiError) as caught:
        await sandbox.state.messages.post(sandbox.bot, sandbox.channel("general"), body)
    refusal = caught.value
    assert refusal.code == (50035 if where else 50006)
    refused: Any = refusal.errors
    for part in where.split(".") if where else ():
        assert list(refused) == [part]
        refused = refused[part]
    said = refused["_errors"][0]["message"] if where else refusal.message
    assert words in said
    assert sandbox.messages("general") == []


async def post(sandbox: Sandbox, client: Client, body: dict[str, Any]) -> Any:
    route = Route(
        "POST", "/channels/{channel_id}/messages", channel_id=sandbox.channel("general").id
    )
    return await client.http.request(route, json=body)


async def test_what_just_fits_is_taken(sandbox: Sandbox, client: Client) -> None:
    fitting = [
        [container(*[text("a" * 4_000)], *[{"type": 14}] * 38)],
        [section(text("a"), accessory=button(f"{n}")) for n in range(13)],
        [gallery(*[WEB] * 10), row(select()), row(*[button(f"{n}") for n in range(5)])],
    ]
    for components in fitting:
        await post(sandbox, client, {"components": components, "flags": V2})


@pytest.mark.parametrize("field", ["content", "embeds", "poll", "sticker_ids"])
async def test_nothing_of_old_stands_beside_a_layout(
    sandbox: Sandbox, client: Client, field: str
) -> None:
    sticker = sandbox.places.add_sticker("wave", b"", StickerFormat.PNG)
    answers = [{"poll_media": {"text": "yes"}}]
    old = {
        "content": "hello",
        "embeds": [{"title": "hello"}],
        "poll": {"question": {"text": "well?"}, "answers": answers},
        "sticker_ids": [str(sticker.id)],
    }
    with pytest.raises(discord.HTTPException) as caught:
        await post(sandbox, client, {"components": [text()], "flags": V2, field: old[field]})
    assert f"In {field}: The '{field}' field cannot be used" in caught.value.text


async def test_layout_components_need_the_flag(sandbox: Sandbox, client: Client) -> None:
    with pytest.raises(discord.HTTPException, match=r'field "type" must be one of \(1,\)'):
        await post(sandbox, client, {"content": "x", "components": [text()]})


async def test_an_edit_never_takes_the_flag_back(
    sandbox: Sandbox, client: Client, picture: bytes
) -> None:
    channel = client.text(sandbox.channel("general"))
    plain = await channel.send("plain", embed=discord.Embed(title="x"))
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("new"))
    for left in ({}, {"content": None}, {"embed": None}):
        with pytest.raises(discord.HTTPException, match="field cannot be used"):
            await plain.edit(view=view, **left)
    (message,) = sandbox.messages("general")
    assert (message.content, message.layout) == ("plain", False)
    sent = await plain.edit(view=view, content=None, embed=None)
    assert sent.flags.components_v2
    for old in ({"content": "back"}, {"embed": discord.Embed(title="x")}):
        with pytest.raises(discord.HTTPException, match="field cannot be used"):
            await sent.edit(**old)
    with pytest.raises(discord.HTTPException, match="IS_COMPONENTS_V2 cannot be removed"):
        await client.http.edit_message(
            channel.id, sent.id, params=handle_message_parameters(flags=discord.MessageFlags())
        )
    with pytest.raises(discord.HTTPException, match="empty message"):
        await sent.edit(view=None, attachments=[file_of(picture)])
    assert message.components[0]["content"] == "new"


async def test_an_edit_calls_kept_files_by_their_address(
    sandbox: Sandbox, client: Client, picture: bytes
) -> None:
    channel = client.text(sandbox.channel("general"))
    sent = await channel.send(**everything(picture))
    with pytest.raises(discord.HTTPException, match="referenced attachment was not found"):
        await sent.edit(view=Everything())
    again: discord.ui.LayoutView = discord.ui.LayoutView()
    pictures: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    pictures.add_item(media=sent.components[0].children[1].items[0].media.url)
    again.add_item(pictures)
    edited = await sent.edit(view=again)
    assert edited.components[0].items[0].media.attachment_id is not None
    assert [item.filename for item in edited.attachments] == ["face.png", "list.txt"]
    replaced = await sent.edit(view=Everything(), attachments=everything(picture)["files"])
    assert replaced.attachments == []
    (message,) = sandbox.messages("general")
    assert len(message.files) == 3


async def test_buttons_deep_in_a_layout(sandbox: Sandbox, client: Client, ann: Member) -> None:
    pressed: list[discord.Message | None] = []

    class Card(discord.ui.LayoutView):
        box: discord.ui.Container[Any] = discord.ui.Container()

        def __init__(self, words: str) -> None:
            super().__init__()
            yes: discord.ui.Button[Any] = discord.ui.Button(label="Yes", custom_id="yes")
            no: discord.ui.Button[Any] = discord.ui.Button(label="No", custom_id="no")
            yes.callback, no.callback = self.on_yes, self.on_no
            self.box.add_item(discord.ui.Section(words, accessory=yes))
            self.box.add_item(discord.ui.ActionRow(no))

        async def on_yes(self, interaction: discord.Interaction) -> None:
            pressed.append(interaction.message)
            await interaction.response.edit_message(view=Card("Mikasa"))

        async def on_no(self, interaction: discord.Interaction) -> None:
            pressed.append(interaction.message)
            await interaction.response.defer(ephemeral=True, thinking=True)
            view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("who else?"))
            await interaction.followup.send(view=view, ephemeral=True)
            with pytest.raises(discord.HTTPException) as caught:
                await interaction.edit_original_response(content="Eren?")
            await interaction.followup.send(caught.value.text, ephemeral=True)

    sent = await client.text(sandbox.channel("general")).send(view=Card("Who?"))
    (message,) = sandbox.messages("general")
    await ann.press(message, "Yes")
    await sandbox.wait_for("interaction_response")
    assert message.components[0]["components"][0]["components"][0]["content"] == "Mikasa"
    interaction = await ann.press(message, "No")
    answer = await sandbox.answer(interaction)
    assert answer.layout
    assert answer.ephemeral
    await sandbox.wait_for("interaction_followup")
    assert [item is not None and item.id for item in pressed] == [sent.id, sent.id]
    assert pressed[0] is not None
    assert pressed[0].flags.components_v2
    assert (
        "In content: The 'content' field cannot be used" in sandbox.messages("general")[-1].content
    )


async def test_a_wrong_answer_to_an_interaction_is_refused_below_data(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    refusals: list[str] = []

    @client.tree.command(description="Try")
    async def attempt(interaction: discord.Interaction) -> None:
        pictures: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
        pictures.add_item(media="attachment://none.png")
        with pytest.raises(discord.HTTPException) as caught:
            await interaction.response.send_message(view=discord.ui.LayoutView().add_item(pictures))
        refusals.append(caught.value.text)
        await interaction.response.send_message(
            view=discord.ui.LayoutView().add_item(discord.ui.TextDisplay("fine"))
        )

    await client.tree.sync()
    answer = await sandbox.answer(await ann.slash("general", "attempt"))
    assert answer.components[0]["content"] == "fine"
    assert "In data.components.0.items.0.media.url: The referenced attachment" in refusals[0]


def test_the_rules_are_those_of_discords_description() -> None:
    if not DESCRIPTION.is_file():
        pytest.skip("Discord's description (../shared/discord/openapi.json) is not on this machine")
    schemas = Description().document["components"]["schemas"]

    def types(listed: dict[str, Any]) -> set[int]:
        names = [item["$ref"].rsplit("/", 1)[-1] for item in listed.get("oneOf", [listed])]
        return {schemas[name]["properties"]["type"]["enum"][0] for name in names}

    def part(name: str, key: str) -> dict[str, Any]:
        return schemas[f"{name}ComponentForMessageRequest"]["properties"][key]

    message = schemas["MessageCreateRequest"]["properties"]["components"]
    assert set(rules.IN_LAYOUT) == types(message["items"])
    assert message["maxItems"] == rules.MAX_TOTAL
    assert set(rules.IN_CONTAINER) == types(part("Container", "components")["items"])
    assert set(rules.IN_ROW) == types(part("ActionRow", "components")["items"])
    assert types(part("Section", "components")["items"]) == {rules.TEXT_DISPLAY}
    assert set(rules.ACCESSORIES) == types(part("Section", "accessory"))
    assert part("TextDisplay", "content")["maxLength"] == rules.MAX_TEXT
