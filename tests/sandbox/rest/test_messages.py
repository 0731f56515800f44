"""Messages, files, embeds, reactions and threads through the real client."""

from __future__ import annotations

import io

import aiohttp
import discord
import pytest
from discord.http import handle_message_parameters

from sandbox import Member, Sandbox
from tests.sandbox.client import Client


def file_of(data: bytes, name: str = "card.png", **options: object) -> discord.File:
    return discord.File(io.BytesIO(data), name, **options)  # type: ignore[arg-type]


async def test_a_posted_picture_arrives_with_its_bytes(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    await ann.post("fan-art", "look", files=[("a b.png", picture), ("n.txt", b"hello")])
    message: discord.Message = await client.seen("message")
    image, text = message.attachments
    assert (image.filename, image.width, image.height) == ("a_b.png", 64, 48)
    assert image.content_type == "image/png"
    assert await image.read() == picture
    assert (text.width, await text.read()) == (None, b"hello")
    assert message.guild is not None
    assert message.guild.name == "Moedex test server"
    assert isinstance(message.author, discord.Member)
    assert message.author.guild_permissions.administrator


async def test_a_renamed_text_file_has_no_dimensions(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    await ann.post("general", files=[("fake.png", b"no picture at all")])
    message = await client.seen("message")
    assert message.attachments[0].width is None
    assert message.attachments[0].content_type == "image/png"


async def test_a_reply_with_a_file_alt_text_and_no_ping(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    posted = await ann.post("general", "who?")
    message = await client.seen("message")
    await message.reply("her", file=file_of(picture, description="a face"), mention_author=False)
    answer = await sandbox.answer_to(posted)
    assert answer.content == "her"
    assert answer.attachments[0].description == "a face"
    assert answer.attachments[0].data == picture
    assert answer.pinged == set()
    own = await client.seen("message", lambda item: item.author == client.user)
    assert own.reference.resolved.id == posted.id


async def test_allowed_mentions_decide_who_is_pinged(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member
) -> None:
    channel = client.text(sandbox.channel("general"))
    text = f"{ann.mention} {ben.mention} @everyone"
    await channel.send(text, allowed_mentions=discord.AllowedMentions.none())
    await channel.send(
        text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(sandbox.bot.id)])
    )
    await channel.send(
        text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ann.id)])
    )
    await channel.send(text)
    pinged = [item.pinged for item in sandbox.messages("general")]
    assert pinged == [set(), set(), {ann.id}, {ann.id, ben.id}]


async def test_embed_media_are_resolved_and_hidden_from_the_attachments(
    sandbox: Sandbox, client: Client, picture: bytes
) -> None:
    embed = discord.Embed(title="A card", color=0x123456).set_image(url="attachment://card.png")
    embed.add_field(name="one", value="two").set_footer(text="three")
    sent = await client.text(sandbox.channel("general")).send(embed=embed, file=file_of(picture))
    assert sent.attachments == []
    assert sent.embeds[0].image.url.startswith(sandbox.cdn_url)
    assert (sent.embeds[0].image.width, sent.embeds[0].image.height) == (64, 48)
    message = sandbox.messages("general")[0]
    assert message.embedded_files[0].data == picture
    await sent.edit(embed=sent.embeds[0].set_footer(text="four"))
    assert message.embedded_files[0].data == picture
    assert message.embeds[0]["footer"]["text"] == "four"


async def test_edits_of_both_sides(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    posted = await ann.post("general", "befor")
    await ann.edit(posted, "before")
    edited = await client.seen("raw_message_edit")
    assert edited.message.content == "before"
    assert edited.message.edited_at is not None
    sent = await client.text(sandbox.channel("general")).send("one", file=file_of(picture))
    await sent.edit(content="two", attachments=[*sent.attachments, file_of(picture, "b.png")])
    answer = sandbox.messages("general")[1]
    assert (answer.content, answer.edits) == ("two", 1)
    assert [item.filename for item in answer.attachments] == ["card.png", "b.png"]
    await sent.edit(attachments=[])
    assert answer.attachments == []
    message = await client.seen("message")
    with pytest.raises(discord.Forbidden):
        await client.http.edit_message(
            message.channel.id,
            message.id,
            params=handle_message_parameters(content="not mine"),
        )


async def test_deletes_single_bulk_and_by_channel(
    sandbox: Sandbox, client: Client, ann: Member, ben: Member, picture: bytes
) -> None:
    first = await ann.post("quiet", files=[("a.png", picture)])
    url = first.attachments[0].url
    await ann.delete(first)
    assert (await client.seen("raw_message_delete")).message_id == first.id
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 404
    many = [await ben.post("quiet", str(number)) for number in range(3)]
    await ann.delete(*many)
    bulk = await client.seen("raw_bulk_message_delete")
    assert bulk.message_ids == {item.id for item in many}
    two = [await ben.post("quiet", str(number)) for number in range(2)]
    channel = client.text(sandbox.channel("quiet"))
    await channel.delete_messages([discord.Object(item.id) for item in two])
    assert all(item.deleted for item in two)
    sandbox.places.delete_channel("quiet")
    assert (await client.seen("guild_channel_delete")).name == "quiet"
    with pytest.raises(discord.NotFound) as caught:
        await client.fetch_channel(channel.id)
    assert caught.value.code == 10003


async def test_reading_history_and_single_messages(
    sandbox: Sandbox, client: Client, ann: Member
) -> None:
    posted = [await ann.post("general", str(number)) for number in range(7)]
    channel = client.text(sandbox.channel("general"))
    assert [item.content async for item in channel.history(limit=3)] == ["6", "5", "4"]
    after = channel.history(after=discord.Object(posted[3].id), oldest_first=True)
    assert [item.content async for item in after] == ["4", "5", "6"]
    before = channel.history(before=discord.Object(posted[2].id))
    assert [item.content async for item in before] == ["1", "0"]
    around = channel.history(around=discord.Object(posted[3].id), limit=3)
    assert {item.content async for item in around} >= {"3"}
    assert (await channel.fetch_message(posted[0].id)).content == "0"
    with pytest.raises(discord.NotFound) as caught:
        await channel.fetch_message(1)
    assert caught.value.code == 10008


async def test_a_forwarded_message_carries_a_snapshot(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    original = await ann.post("fan-art", "look", files=[("a.png", picture)])
    await ann.forward(original, "general")
    message = await client.seen("message", lambda item: bool(item.message_snapshots))
    assert message.content == ""
    assert message.reference.type is discord.MessageReferenceType.forward
    snapshot = message.message_snapshots[0]
    assert snapshot.content == "look"
    assert await snapshot.attachments[0].read() == picture


async def test_a_link_carries_its_proxied_preview(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    url = "https://example.org/art/a.png"
    await ann.post("general", url, preview=(url, picture))
    message = await client.seen("message")
    embed = message.embeds[0]
    assert (embed.type, embed.url, embed.thumbnail.url) == ("image", url, url)
    assert embed.thumbnail.proxy_url.startswith(sandbox.cdn_url)
    async with (
        aiohttp.ClientSession() as session,
        session.get(embed.thumbnail.proxy_url) as response,
    ):
        assert await response.read() == picture


async def test_spoilers(sandbox: Sandbox, client: Client, ann: Member, picture: bytes) -> None:
    await ann.post("general", files=[("a.png", picture)], spoiler=True)
    message = await client.seen("message")
    assert message.attachments[0].is_spoiler()
    await message.reply(file=file_of(picture, spoiler=True))
    assert sandbox.messages("general")[1].attachments[0].spoiler


async def test_threads_and_age_restriction(sandbox: Sandbox, client: Client, ann: Member) -> None:
    server = client.guilds[0]
    assert [item.name for item in server.threads] == ["art talk"]
    assert server.threads[0].parent == client.text(sandbox.channel("fan-art"))
    assert [item.name for item in server.text_channels if item.is_nsfw()] == ["age-restricted"]
    posted = await ann.post("general", "let us talk")
    thread = await ann.open_thread("general", "talk", posted)
    seen = await client.seen("thread_create")
    assert (seen.id, seen.parent.name, thread.id) == (posted.id, "general", posted.id)
    await ann.post(thread, "in here")
    message = await client.seen("message", lambda item: item.content == "in here")
    assert message.channel.parent.name == "general"
    await message.reply("yes")
    own = await (await client.seen("message")).channel.create_thread(name="mine", message=None)
    assert own.owner_id == sandbox.bot.id
    sandbox.places.mark_nsfw("general")
    after = await client.seen("guild_channel_update")
    assert after.name == "general"
    assert message.channel.is_nsfw()


async def test_direct_messages(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    channel = await ann.dm()
    posted = await ann.post(channel, "psst", files=[("a.png", picture)])
    message = await client.seen("message")
    assert isinstance(message.channel, discord.DMChannel)
    assert message.guild is None
    await message.reply("yes?")
    assert (await sandbox.answer_to(posted)).content == "yes?"
    user = await client.fetch_user(sandbox.member("ben").id)
    await user.send("hello Ben")
    assert sandbox.messages(await sandbox.member("ben").dm())[0].content == "hello Ben"
    sandbox.member("ben").user.accepts_dms = False
    with pytest.raises(discord.Forbidden) as caught:
        await user.send("hello?")
    assert caught.value.code == 50007


async def test_typing_both_ways(sandbox: Sandbox, client: Client, ann: Member) -> None:
    await ann.type("general")
    assert (await client.seen("raw_typing")).user_id == ann.id
    async with client.text(sandbox.channel("general")).typing():
        event = await sandbox.wait_for("typing", lambda item: item.by_bot)
        assert event.channel is sandbox.channel("general")


async def test_reactions(sandbox: Sandbox, client: Client, ann: Member, ben: Member) -> None:
    posted = await ann.post("general", "vote")
    message = await client.seen("message")
    await message.add_reaction("✅")
    await message.add_reaction("✅")
    await ann.react(posted, "✅")
    await ben.react(posted, "❌")
    added = await client.seen("raw_reaction_add", lambda item: item.user_id == ben.id)
    assert (str(added.emoji), added.member.display_name) == ("❌", "Ben")
    assert added.message_author_id == ann.id
    fetched = await message.channel.fetch_message(posted.id)
    counts = {str(item.emoji): (item.count, item.me) for item in fetched.reactions}
    assert counts == {"✅": (2, True), "❌": (1, False)}
    users = [user.id async for user in fetched.reactions[0].users()]
    assert set(users) == {sandbox.bot.id, ann.id}
    await ben.unreact(posted, "❌")
    removed = await client.seen("raw_reaction_remove")
    assert (removed.user_id, str(removed.emoji)) == (ben.id, "❌")
    await message.remove_reaction("✅", discord.Object(ann.id))
    await message.clear_reaction("✅")
    assert posted.reactions == {}
    await message.add_reaction("🎨")
    await message.clear_reactions()
    await client.seen("raw_reaction_clear")
    assert posted.reactions == {}


async def test_fifty_members_react_at_once(sandbox: Sandbox, client: Client, ann: Member) -> None:
    posted = await ann.post("general", "vote")
    crowd = [sandbox.places.add_member(f"Member {number}") for number in range(50)]
    for member in crowd:
        await member.react(posted, "✅")
    last = crowd[-1].id
    await client.seen("raw_reaction_add", lambda item: item.user_id == last)
    voters = {item.user_id for item in client.dispatched("raw_reaction_add")}
    assert voters == {member.id for member in crowd}


async def test_one_nonce_posts_once(sandbox: Sandbox, client: Client) -> None:
    channel = client.text(sandbox.channel("general"))
    first = await channel.send("one", nonce="7")
    again = await channel.send("one", nonce="7")
    assert first.id == again.id
    assert len(sandbox.messages("general")) == 1


async def test_other_bots_webhooks_and_late_previews(
    sandbox: Sandbox, client: Client, ann: Member, picture: bytes
) -> None:
    robot = sandbox.places.add_member("Robot", bot=True)
    await robot.post("general", "beep")
    assert (await client.seen("message")).author.bot
    webhook = sandbox.places.webhook("general")
    await webhook.post("Feed", "news", files=[("a.png", picture)])
    message = await client.seen("message", lambda item: item.content == "news")
    assert message.webhook_id is not None
    assert message.author.name == "Feed"
    url = "https://example.org/a.png"
    posted = await ann.post("general", url)
    await sandbox.places.add_preview(posted, url, picture)
    edit = await client.seen("raw_message_edit")
    assert edit.message.embeds[0].thumbnail.proxy_url.startswith(sandbox.cdn_url)
    assert edit.message.edited_at is None
