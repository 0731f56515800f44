"""Commands, autocomplete, menus, buttons, selects, forms and their answers."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox import Member, Sandbox
from sandbox.state.errors import ApiError, UsageError
from sandbox.state.files import Upload
from tests.sandbox.client import Client


async def sync(client: Client, *commands: Any) -> None:
    for command in commands:
        client.tree.add_command(command)
    await client.tree.sync()


def card(data: bytes) -> discord.File:
    return discord.File(io.BytesIO(data), "card.png", description="alt")


async def test_a_slash_command_with_a_file_a_user_and_a_channel(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member, picture: bytes
) -> None:
    @app_commands.command(description="Who is this?")
    async def who(
        interaction: discord.Interaction,
        image: discord.Attachment,
        user: discord.Member,
        channel: discord.TextChannel,
        guesses: app_commands.Range[int, 1, 5] = 5,
        public: bool = False,
    ) -> None:
        data = await image.read()
        assert interaction.filesize_limit == 10 * 2**20
        assert interaction.app_permissions.attach_files
        assert interaction.permissions.manage_guild
        text = f"{len(data)} {user.display_name} {channel.name} {guesses} {public}"
        await interaction.response.send_message(text, file=card(data))

    await sync(client, who)
    options = {
        "image": ("a.png", picture),
        "user": ben.user,
        "channel": sandbox.channel("quiet"),
        "guesses": 3,
        "public": True,
    }
    interaction = await ann.slash("general", "who", options)
    answer = await sandbox.answer(interaction)
    assert answer.content == f"{len(picture)} Ben quiet 3 True"
    assert answer.attachments[0].description == "alt"
    assert answer.command_name == "who"
    seen = await client.seen("message")
    assert seen.interaction_metadata.user.id == ann.id
    with pytest.raises(UsageError):
        await ann.slash("general", "who", options | {"guesses": 9})
    with pytest.raises(UsageError):
        await ann.slash("general", "who")
    with pytest.raises(UsageError):
        await ann.slash("general", "what")
    sandbox.places.set_upload_limit(10)
    with pytest.raises(ApiError):
        await ann.slash("general", "who", options)


async def test_deferred_ephemeral_answers_and_follow_ups(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member, picture: bytes
) -> None:
    steps = asyncio.Event()

    @app_commands.command(description="Slow")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await steps.wait()
        original = await interaction.edit_original_response(content="done", attachments=[])
        assert original.flags.ephemeral
        second = await interaction.followup.send("more", ephemeral=True, wait=True)
        await second.edit(content="more and more", attachments=[card(picture)])
        third = await interaction.followup.send("public", wait=True)
        await third.delete()
        assert (await interaction.original_response()).content == "done"

    await sync(client, slow)
    interaction = await ann.slash("general", "slow")
    await sandbox.wait_for("interaction_response")
    waiting = interaction.response
    assert waiting is not None
    assert waiting.loading
    assert ann.sees("general") == [waiting]
    assert ben.sees("general") == []
    steps.set()
    await sandbox.wait_for("message_delete")
    await client.seen("app_command_completion")
    assert [item.content for item in interaction.answers] == ["done", "more and more"]
    assert interaction.answers[1].attachments[0].data == picture
    assert not interaction.answers[0].loading
    # the client gets no events of ephemeral messages, nor can it fetch them
    assert [item.content for item in client.dispatched("message")] == ["public"]
    with pytest.raises(discord.NotFound):
        await client.text(sandbox.channel("general")).fetch_message(waiting.id)


async def test_the_first_follow_up_fills_a_deferral(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    @app_commands.command(description="Slow")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.followup.send("here")

    await sync(client, slow)
    interaction = await ann.slash("general", "slow")
    answer = await sandbox.answer(interaction)
    assert answer is interaction.response
    assert interaction.followups == []


async def test_autocomplete_and_groups(sandbox: Sandbox, client: Client, ann: Member) -> None:
    group = app_commands.Group(name="names", description="Names")

    @group.command(name="find", description="Find")
    async def find(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(f"found {name}")

    @find.autocomplete("name")
    async def offer(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current.upper(), value=current * 2)]

    await sync(client, group)
    choices = await ann.autocomplete("general", "names find", {"name": "mi"}, "name")
    assert [(item["name"], item["value"]) for item in choices] == [("MI", "mimi")]
    interaction = await ann.slash("general", "names find", {"name": "mimi"})
    assert (await sandbox.answer(interaction)).content == "found mimi"


async def test_message_and_user_menus(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member, picture: bytes
) -> None:
    @app_commands.context_menu(name="Who is this?")
    async def who(interaction: discord.Interaction, message: discord.Message) -> None:
        data = await message.attachments[0].read()
        await interaction.response.send_message(f"{message.content} {len(data)}", ephemeral=True)

    @app_commands.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction, user: discord.Member) -> None:
        await interaction.response.send_message(f"hi {user.display_name}")

    await sync(client, who, greet)
    posted = await ben.post("fan-art", "her", files=[("a.png", picture)])
    answer = await sandbox.answer(await ann.menu(posted, "Who is this?"))
    assert (answer.content, answer.visible_to) == (f"her {len(picture)}", ann.id)
    answer = await sandbox.answer(await ann.user_menu("general", ben, "Greet"))
    assert answer.content == "hi Ben"


class Card(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.chosen: list[Any] = []

    @discord.ui.button(label="Next", custom_id="next")
    async def next(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.edit_message(content="page 2")

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")
        await interaction.followup.send("only you", ephemeral=True)

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _: Any) -> None:
        raise AssertionError

    @discord.ui.select(
        custom_id="names", options=[discord.SelectOption(label=x, value=x.lower()) for x in "ABC"]
    )
    async def names(self, interaction: discord.Interaction, select: Any) -> None:
        await interaction.response.send_message(f"chose {select.values}", ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="users", max_values=2)
    async def users(self, interaction: discord.Interaction, select: Any) -> None:
        names = [item.display_name for item in select.values]
        await interaction.response.send_message(f"users {names}")


async def test_buttons_and_selects(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member
) -> None:
    sent = await client.text(sandbox.channel("general")).send("page 1", view=Card())
    message = sandbox.messages("general")[0]
    await ann.press(message, "Next")
    await sandbox.wait_for("message_update")
    assert message.content == "page 2"
    interaction = await ann.press(message, "later")
    await sandbox.wait_for(lambda _: bool(interaction.followups))
    assert message.content == "later"
    assert interaction.followups[0].visible_to == ann.id
    with pytest.raises(UsageError):
        await ann.press(message, "Off")
    answer = await sandbox.answer(await ben.select(message, "names", ["B"]))
    assert (answer.content, answer.visible_to) == ("chose ['b']", ben.id)
    answer = await sandbox.answer(await ben.select(message, "users", [ann, ben]))
    assert answer.content == "users ['Ann', 'Ben']"
    with pytest.raises(UsageError):
        await ben.select(message, "names", ["A", "B"])
    await sent.delete()
    with pytest.raises(UsageError):
        await ann.press(message, "Next")


class Form(discord.ui.Modal, title="Who is it?"):
    name = discord.ui.Label(text="Name", component=discord.ui.TextInput(custom_id="name"))
    series = discord.ui.Label(
        text="Series",
        component=discord.ui.Select(
            custom_id="series", options=[discord.SelectOption(label="One", value="1")]
        ),
    )
    pictures = discord.ui.Label(
        text="Pictures", component=discord.ui.FileUpload(custom_id="pictures", max_values=5)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        name: Any = self.name.component
        series: Any = self.series.component
        pictures: Any = self.pictures.component
        sizes = [len(await item.read()) for item in pictures.values]
        await interaction.response.send_message(f"{name.value} {series.values} {sizes}")


async def test_a_form(sandbox: Sandbox, client: Client, ann: Member, picture: bytes) -> None:
    @app_commands.command(description="Teach")
    async def teach(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    await sync(client, teach)
    opened = await sandbox.modal(await ann.slash("general", "teach"))
    assert opened.modal is not None
    assert opened.modal["title"] == "Who is it?"
    with pytest.raises(UsageError):
        await ann.submit(opened, {"Name": ""})
    values = {"Name": "Miku", "series": ["One"], "pictures": [Upload("a.png", picture)]}
    answer = await sandbox.answer(await ann.submit(opened, values))
    assert answer.content == f"Miku ['1'] [{len(picture)}]"


async def test_a_form_behind_a_button_updates_its_message(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    class Ask(discord.ui.Modal, title="Name"):
        name = discord.ui.TextInput(label="Name", required=False)

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(content=f"it is {self.name.value}")

    class Open(discord.ui.View):
        @discord.ui.button(label="Someone else…")
        async def other(self, interaction: discord.Interaction, _: Any) -> None:
            await interaction.response.send_modal(Ask())

    await client.text(sandbox.channel("general")).send("who?", view=Open())
    message = sandbox.messages("general")[0]
    opened = await sandbox.modal(await ann.press(message, "Someone else…"))
    await ann.submit(opened, {"Name": "Rin"})
    await sandbox.wait_for("message_update")
    assert message.content == "it is Rin"


async def test_commands_in_direct_messages(sandbox: Sandbox, client: Client, ann: Member) -> None:
    @app_commands.command(description="Here")
    async def here(interaction: discord.Interaction) -> None:
        assert interaction.guild is None
        await interaction.response.send_message(f"{interaction.user.name} {interaction.context}")

    @app_commands.command(description="There")
    @app_commands.guild_only()
    async def there(interaction: discord.Interaction) -> None:
        raise AssertionError

    await sync(client, here, there)
    channel = await ann.dm()
    answer = await sandbox.answer(await ann.slash(channel, "here"))
    assert answer.content.startswith("ann")
    with pytest.raises(UsageError):
        await ann.slash(channel, "there")


async def test_who_is_offered_a_command(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member
) -> None:
    @app_commands.command(description="Settings")
    @app_commands.default_permissions(manage_guild=True)
    async def settings(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("yours")

    await sync(client, settings)
    assert (await sandbox.answer(await ann.slash("general", "settings"))).content == "yours"
    with pytest.raises(UsageError):
        await ben.slash("general", "settings")
    carla = sandbox.places.add_member("Carla", moderator=True)
    assert (await sandbox.answer(await carla.slash("general", "settings"))).content == "yours"


async def test_too_late_and_twice(sandbox: Sandbox, client: Client, ann: Member) -> None:
    sandbox.state.interactions.acknowledge_seconds = 0.05
    codes: list[int] = []
    done = asyncio.Event()

    @app_commands.command(description="Late")
    async def late(interaction: discord.Interaction) -> None:
        await sandbox.wait_for("interaction_failed")
        try:
            await interaction.response.send_message("too late")
        except discord.NotFound as error:
            codes.append(error.code)
        done.set()

    @app_commands.command(description="Twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        interaction.response._response_type = None
        try:
            await interaction.response.send_message("two")
        except discord.HTTPException as error:
            codes.append(error.code)
        sandbox.state.interactions.token_seconds = 0
        try:
            await interaction.followup.send("three")
        except discord.HTTPException as error:
            codes.append(error.code)
        done.set()

    await sync(client, late, twice)
    interaction = await ann.slash("general", "late")
    with pytest.raises(TimeoutError, match="did not respond"):
        await sandbox.answer(interaction)
    await done.wait()
    done.clear()
    sandbox.state.interactions.acknowledge_seconds = 10
    await ann.slash("general", "twice")
    await done.wait()
    assert codes == [10062, 40060, 50027]


async def test_commands_are_registered_changed_and_removed(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    @app_commands.command(description="One")
    async def one(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("1")

    await sync(client, one)
    (known,) = await client.tree.fetch_commands()
    again = (await client.tree.sync())[0]
    assert again.id == known.id
    assert (await known.edit(description="Eins")).description == "Eins"
    assert (await client.tree.fetch_command(known.id)).description == "Eins"
    await known.delete()
    with pytest.raises(UsageError):
        await ann.slash("general", "one")
    client.tree.copy_global_to(guild=discord.Object(sandbox.server.id))
    await client.tree.sync(guild=discord.Object(sandbox.server.id))
    assert (await sandbox.answer(await ann.slash("general", "one"))).content == "1"
