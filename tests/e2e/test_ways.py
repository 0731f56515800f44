"""Every way of asking, and what comes back."""

from __future__ import annotations

import pytest

from bot.client import MoedexBot
from bot.recognition.origin import AGE_RESTRICTED, NOT_A_LINK, NOT_READABLE
from bot.recognition.questions import NO_PICTURE, OWN_ANSWER, USE_SLASH
from bot.recognition.refusals import LEFT_OUT
from bot.recognition.watching import DM_HINT
from bot.wording import WHO_MENU
from sandbox import Sandbox
from sandbox.state.component_tree import THUMBNAIL, walk
from sandbox.state.entities import Channel, Message
from tests.bot.fakes import FakeStages
from tests.e2e.conftest import Start, kept, labels_of, settled, text_of, watch

ONE = ("one.png", b"1")
NONE = ("none.png", b"0")
MARIN = "**Marin**\n-# Tests · 90 %"


def numbers_of(reply: Message) -> list[int]:
    """Return the numbers of the faces that an answer shows."""
    return [int(line.split("`")[1]) for line in text_of(reply).splitlines() if line[:1] == "`"]


def thumbnails_of(reply: Message) -> list[str]:
    """Return the addresses of the faces' pictures."""
    return [i["media"]["url"] for i in walk(reply.components) if i["type"] == THUMBNAIL]


def link_to(message: Message) -> str:
    server = message.channel.server
    place = server.id if server else "@me"
    return f"https://discord.com/channels/{place}/{message.channel.id}/{message.id}"


async def test_posted_picture_is_answered_with_a_card(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", "look!", files=[ONE])
    await sandbox.wait_for("typing", lambda event: event.by_bot)
    reply = await sandbox.answer_to(posted)
    assert text_of(reply).startswith(MARIN)
    (picture,) = reply.files
    assert picture.description == "Marin (Tests), 90 %."
    assert labels_of(reply) == ["Yes", "Someone else"]
    answer = await kept(bot, reply)
    assert answer.source_message_id == posted.id


async def test_answer_pings_nobody(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", "@everyone", files=[ONE])
    await sandbox.answer_to(posted)
    (sent,) = [
        each.body
        for each in sandbox.exchanges
        if each.method == "POST" and each.path.endswith("/messages")
    ]
    assert sent["allowed_mentions"]["parse"] == []
    assert sent["allowed_mentions"].get("replied_user") is not True


async def test_thread_follows_its_channel(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("art talk", files=[ONE])
    assert text_of(await sandbox.answer_to(posted)).startswith(MARIN)


async def test_no_face_is_said_where_asked_and_not_where_watched(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    watched = await ben.post("fan-art", files=[NONE])
    asked = await ben.post("quiet", "!who", files=[NONE])
    assert "no drawn face in none.png" in text_of(await sandbox.answer_to(asked))
    await settled(sandbox, bot)
    assert sandbox.replies(watched) == []


async def test_unwatched_channels_and_other_bots_are_left_alone(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    posted = await sandbox.member("ben").post("quiet", files=[ONE])
    robot = sandbox.places.add_member("Robot")
    robot.user.bot = True
    by_robot = await robot.post("fan-art", files=[ONE])
    await settled(sandbox, bot)
    assert sandbox.replies(posted) == sandbox.replies(by_robot) == []


async def test_mention_asks_anywhere(sandbox: Sandbox, bot: MoedexBot) -> None:
    mention = f"<@{sandbox.bot.id}> who?"
    posted = await sandbox.member("ben").post("quiet", mention, files=[ONE])
    assert text_of(await sandbox.answer_to(posted)).startswith(MARIN)


@pytest.mark.parametrize("words", ["{me}", "{me} who is that?", "hey {me}, do you know her?"])
async def test_mention_in_a_reply_asks_about_what_it_replies_to(
    sandbox: Sandbox, bot: MoedexBot, words: str
) -> None:
    posted = await sandbox.member("ben").post("quiet", files=[ONE])
    text = words.format(me=f"<@{sandbox.bot.id}>")
    asked = await sandbox.member("ann").post("quiet", text, reply_to=posted)
    reply = await sandbox.answer_to(asked)
    assert text_of(reply).startswith(MARIN)
    assert (await kept(bot, reply)).source_message_id == posted.id


async def test_mention_alone_asks_about_the_last_picture(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("quiet", files=[ONE])
    asked = await sandbox.member("ann").post("quiet", f"<@{sandbox.bot.id}>")
    assert (await kept(bot, await sandbox.answer_to(asked))).source_message_id == posted.id


async def test_mention_in_chatter_is_left_alone(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    answer = await sandbox.answer_to(await ben.post("fan-art", files=[ONE]))
    me = f"<@{sandbox.bot.id}>"
    said = [
        await ann.post("fan-art", f"{me} is good at this"),
        await ann.post("fan-art", f"thanks {me}", reply_to=answer),
        await ann.post("fan-art", f"{me} agrees", reply_to=await ben.post("fan-art", "so cute")),
    ]
    await settled(sandbox, bot)
    assert [sandbox.replies(each) for each in said] == [[], [], []]


async def test_direct_message(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    channel = await ben.dm()
    hello = await ben.post(channel, "hello")
    assert text_of(await sandbox.answer_to(hello)) == DM_HINT
    posted = await ben.post(channel, files=[ONE])
    reply = await sandbox.answer_to(posted)
    assert text_of(reply).startswith(MARIN)
    assert (await kept(bot, reply)).server_id is None


async def test_who_as_a_reply(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("quiet", files=[ONE])
    asked = await sandbox.member("ann").post("quiet", "!who", reply_to=posted)
    reply = await sandbox.answer_to(asked)
    assert text_of(reply).startswith(MARIN)
    assert (await kept(bot, reply)).source_message_id == posted.id


async def test_who_with_words_behind_it(sandbox: Sandbox, bot: MoedexBot) -> None:
    asked = await sandbox.member("ann").post("quiet", "!who is this?", files=[ONE, ONE])
    assert numbers_of(await sandbox.answer_to(asked)) == [1, 2]


async def test_who_alone_takes_the_last_picture(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    await ben.post("quiet", files=[("old.png", b"2")])
    posted = await ben.post("quiet", files=[ONE])
    await ben.post("quiet", "nice")
    reply = await sandbox.answer_to(await ben.post("quiet", "!who"))
    assert (await kept(bot, reply)).source_message_id == posted.id


async def test_who_where_there_is_nothing(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    alone = await ben.post("quiet", "!who")
    assert "no picture among the last 50 messages" in text_of(await sandbox.answer_to(alone))
    text = await ben.post("quiet", "just words")
    asked = await ben.post("quiet", "!who", reply_to=text)
    assert text_of(await sandbox.answer_to(asked)) == NO_PICTURE


async def test_who_about_an_answer_of_its_own_is_about_the_answered_picture(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("fan-art", files=[ONE])
    reply = await sandbox.answer_to(posted)
    again = await sandbox.answer_to(await ben.post("fan-art", "!who", reply_to=reply))
    assert (await kept(bot, again)).source_message_id == posted.id
    sentence = await sandbox.answer_to(await ben.post("quiet", "!who"))
    asked = await ben.post("quiet", "!who", reply_to=sentence)
    assert text_of(await sandbox.answer_to(asked)) == OWN_ANSWER


async def test_forwarded_picture(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    forwarded = await ben.forward(posted, "general")
    asked = await ben.post("general", "!who", reply_to=forwarded)
    assert text_of(await sandbox.answer_to(asked)).startswith(MARIN)
    watched = await ben.forward(posted, "fan-art")
    assert text_of(await sandbox.answer_to(watched)).startswith(MARIN)


async def test_linked_picture_comes_from_discords_preview(sandbox: Sandbox, bot: MoedexBot) -> None:
    url = "https://pictures.example/cat.png"
    posted = await sandbox.member("ben").post("quiet", url, preview=(url, b"1"))
    asked = await sandbox.member("ben").post("quiet", "!who", reply_to=posted)
    assert text_of(await sandbox.answer_to(asked)).startswith(MARIN)


async def test_preview_that_comes_after_the_question(sandbox: Sandbox, bot: MoedexBot) -> None:
    url = "https://pictures.example/cat.png"
    ben = sandbox.member("ben")
    early = await ben.post("general", url, preview=(url, b"1"))
    asked = await ben.post("quiet", f"!who {url}")
    watched = await ben.post("fan-art", url)
    for message in (asked, watched):
        message.embeds = early.embeds
        sandbox.state.messages.changed(message, ben.user)
        assert text_of(await sandbox.answer_to(message)).startswith(MARIN)


async def test_slash_with_a_picture(sandbox: Sandbox, bot: MoedexBot) -> None:
    asked = await sandbox.member("ben").slash("quiet", "who", {"image": ONE})
    reply = await sandbox.answer(asked)
    assert text_of(reply).startswith(MARIN)
    assert not reply.ephemeral
    assert "Marin" in text_of(reply)


async def test_slash_with_a_link(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    posted = await ben.post("quiet", files=[ONE])
    here = await sandbox.answer(await ben.slash("quiet", "who", {"link": link_to(posted)}))
    there = await sandbox.answer(await ben.slash("general", "who", {"link": link_to(posted)}))
    assert text_of(here).startswith(MARIN)
    assert text_of(there).startswith(MARIN)
    assert (here.ephemeral, there.ephemeral) == (False, True)
    wrong = await sandbox.answer(await ben.slash("quiet", "who", {"link": "https://x.example"}))
    assert text_of(wrong) == NOT_A_LINK
    assert wrong.ephemeral


async def test_link_is_read_only_for_who_may_read_it(sandbox: Sandbox, bot: MoedexBot) -> None:
    secret = sandbox.places.add_channel("secret")
    hide(sandbox, secret)
    posted = await sandbox.member("ann").post(secret, files=[ONE])
    asked = await sandbox.member("ben").slash("quiet", "who", {"link": link_to(posted)})
    assert text_of(await sandbox.answer(asked)) == NOT_READABLE
    typed = await sandbox.member("ben").post("quiet", f"!who {link_to(posted)}")
    assert text_of(await sandbox.answer_to(typed)) == USE_SLASH
    owner = await sandbox.member("ann").slash("quiet", "who", {"link": link_to(posted)})
    reply = await sandbox.answer(owner)
    assert text_of(reply).startswith(MARIN)
    assert reply.ephemeral


def hide(sandbox: Sandbox, channel: Channel) -> None:
    from sandbox.state.entities import Overwrite
    from sandbox.state.events import Event
    from sandbox.state.permissions import Permission

    ben = sandbox.member("ben").id
    channel.overwrites[ben] = Overwrite(ben, member=True, deny=Permission.VIEW_CHANNEL)
    sandbox.state.stream.emit(Event("channel_update", channel.server, channel))


@pytest.mark.parametrize("ephemeral", [True, False])
async def test_message_menu(sandbox: Sandbox, bot: MoedexBot, ephemeral: bool) -> None:
    await bot.services.storage.settings.update(sandbox.server.id, ephemeral=ephemeral)
    posted = await sandbox.member("ann").post("quiet", files=[ONE])
    reply = await sandbox.answer(await sandbox.member("ben").menu(posted, WHO_MENU))
    assert text_of(reply).startswith(MARIN)
    assert reply.ephemeral is ephemeral
    assert labels_of(reply) == ["Yes", "Someone else"]


async def test_four_pictures_are_one_list_of_faces_that_pages(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    files = [(f"{number}.png", str(number).encode()) for number in (1, 2, 3, 1)]
    reply = await sandbox.answer_to(await ben.post("fan-art", files=files))
    assert len(reply.files) == 8
    assert numbers_of(reply) == [1, 2, 3, 4, 5]
    pictures = thumbnails_of(reply)
    await ben.press(reply, "▶")
    await sandbox.wait_for("message_update", lambda event: event.message is reply)
    assert numbers_of(reply) == [6, 7]
    assert len(reply.files) == 8
    await ben.press(reply, "◀")
    await sandbox.wait_for("message_update", lambda event: event.message is reply)
    assert thumbnails_of(reply) == pictures


async def test_many_faces_page(sandbox: Sandbox, bot: MoedexBot) -> None:
    ben = sandbox.member("ben")
    reply = await sandbox.answer_to(await ben.post("fan-art", files=[("crowd.png", b"14")]))
    for wanted in ([6, 7, 8, 9, 10], [11, 12, 13, 14]):
        await ben.press(reply, "▶")
        await sandbox.wait_for("message_update", lambda event: event.message is reply)
        assert numbers_of(reply) == wanted


async def test_spoilered_picture_gets_a_spoilered_answer(sandbox: Sandbox, bot: MoedexBot) -> None:
    posted = await sandbox.member("ben").post("fan-art", files=[ONE], spoiler=True)
    reply = await sandbox.answer_to(posted)
    (card,) = reply.files
    assert card.spoiler
    assert "||**Marin**" in text_of(reply)
    assert "Marin" not in (card.description or "")
    (thumbnail,) = [item for item in walk(reply.components) if item["type"] == THUMBNAIL]
    assert thumbnail["spoiler"]
    assert "Marin" not in thumbnail["description"]


@pytest.mark.parametrize("way", ["link", "forward"])
async def test_age_restricted_picture_stays_in_its_channel(
    sandbox: Sandbox, bot: MoedexBot, way: str
) -> None:
    ann = sandbox.member("ann")
    posted = await ann.post("age-restricted", files=[ONE])
    if way == "link":
        reply = await sandbox.answer(await ann.slash("quiet", "who", {"link": link_to(posted)}))
    else:
        forwarded = await ann.forward(posted, "quiet")
        reply = await sandbox.answer_to(await ann.post("quiet", "!who", reply_to=forwarded))
    assert text_of(reply) == AGE_RESTRICTED
    assert reply.files == []
    there = await ann.post("age-restricted", "!who", reply_to=posted)
    assert text_of(await sandbox.answer_to(there)).startswith(MARIN)


async def test_forward_of_a_restricted_picture_by_menu_and_in_a_watched_channel(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    forwarded = await ann.forward(await ann.post("age-restricted", files=[ONE]), "fan-art")
    reply = await sandbox.answer(await ann.menu(forwarded, WHO_MENU))
    assert text_of(reply) == AGE_RESTRICTED
    await settled(sandbox, bot)
    assert sandbox.replies(forwarded) == []


async def test_one_bad_file_is_named_and_the_others_answered(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    files = [ONE, ("torn.png", b"bad")]
    reply = await sandbox.answer_to(await sandbox.member("ben").post("fan-art", files=files))
    assert "torn.png" in text_of(reply)
    assert MARIN in text_of(reply)
    assert len(reply.files) == 1


async def test_picture_that_came_too_soon_is_marked_and_its_question_told_to_wait(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    async with start(stages, cooldowns={"user_times": 1, "user_seconds": 600}) as bot:
        await watch(bot)
        ben, ann = sandbox.member("ben"), sandbox.member("ann")
        await sandbox.answer_to(await ben.post("fan-art", files=[ONE]))
        late = await ben.post("fan-art", files=[ONE])
        await sandbox.wait_for("reaction_add")
        later = await ben.post("fan-art", files=[ONE])
        await sandbox.answer_to(await ann.post("fan-art", files=[ONE]))
        assert list(late.reactions) == [LEFT_OUT]
        assert not later.reactions
        assert sandbox.replies(late) == sandbox.replies(later) == []
        asked = await ben.post("fan-art", "!who", reply_to=late)
        assert "ask again in" in text_of(await sandbox.answer_to(asked))


async def test_all_unknown_is_silent_where_the_server_wants_it(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ben = sandbox.member("ben")
    await bot.services.storage.settings.update(sandbox.server.id, named=0.95, probably=0.95)
    reply = await sandbox.answer_to(await ben.post("fan-art", files=[ONE]))
    assert text_of(reply) == "I don't know who this is. Closest: Marin\n-# 90 % for Marin"
    await bot.services.storage.settings.update(sandbox.server.id, on_all_unknown="quiet")
    silent = await ben.post("fan-art", files=[ONE])
    asked = await ben.post("fan-art", "!who", files=[ONE])
    await sandbox.answer_to(asked)
    assert sandbox.replies(silent) == []
