"""Who is it? What ❌ and `/review` ask, end to end: paging, disputes, proposals, and undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.feedback.authority import MODERATORS_ONLY
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.storage.records import NOT_A_FACE
from bot.ui.answer_buttons import TAKEN_BACK, THANKS
from cogs.feedback.history import MENU as HISTORY
from cogs.feedback.history import NOTHING
from sandbox.state.component_tree import walk
from tests.e2e.conftest import (
    PATIENCE_S,
    answered,
    asked,
    eventually,
    kept,
    label_is,
    labels,
    labels_of,
    opened,
    shown,
    text_of,
)

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.bot.fakes import FakeStages
    from tests.e2e.conftest import Start


async def test_more_faces_than_fit_are_paged_beside_the_card_itself(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    posted = await ann.post("fan-art", files=[("a.png", b"5"), ("b.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    first = [f"Who is face {number}?" for number in (1, 2, 3, 4, 5)]
    assert questions(reply) == first

    await ann.press(reply, "▶")
    await eventually(lambda: asks(reply, ["Who is face 6?"]))
    await shown(await ann.select(reply, "Who is face 6?", ["Not a face"]))
    found = [label.label if label else None for _, label in await labels(bot, reply)]
    assert found == [None] * 5 + [NOT_A_FACE]
    await eventually(lambda: says(reply, "Not a face, says Ann"))
    await ann.press(reply, "◀")
    await eventually(lambda: asks(reply, first))


async def test_the_plain_form_asks_too_beside_its_pages(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann = sandbox.member("ann")
    await bot.services.storage.settings.update(sandbox.server.id, plain=True)
    posted = await ann.post("fan-art", files=[("a.png", b"5"), ("b.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    assert reply.embeds
    await sandbox.wait_for("reaction_add", lambda event: event.data["emoji"] == "❌")
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    first, rest = ([f"Who is face {n}?" for n in numbers] for numbers in ((1, 2, 3, 4), (5, 6)))
    await ann.press(reply, "▶")
    await eventually(lambda: says(reply, "faces 6 to 6 of 6"))
    assert questions(reply) == first
    await ann.press(reply, "Faces ▶")
    await eventually(lambda: asks(reply, rest))
    await shown(await ann.select(reply, rest[1], ["Marin"]))
    await eventually(lambda: says(reply, "`6` **Marin, named by Ann**"))
    assert reply.embeds[0]["image"]["url"]


async def test_an_answer_for_one_alone_asks_by_a_form_and_shows_what_was_said(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        posted = await ben.post("quiet", files=[("a.png", b"1")])
        reply = await sandbox.answer(await ben.menu(posted, "Who is this?"))
        await kept(bot, reply)
    async with start(stages) as bot:  # a button of before a restart
        form = await ben.press(reply, "Someone else")
        await eventually(lambda: opened(form))
        said = await shown(await ben.submit(form, {"choice": ["Not a face"]}))
        assert said.content == "Thank you: noted that this face is no face."
        await eventually(lambda: label_is(bot, reply, NOT_A_FACE, "open"))
        await eventually(lambda: says(reply, "Not a face, says Ben"))
        await shown(await ben.press(reply, "Yes"))
        await eventually(lambda: says(reply, "Marin, named by Ben"))


async def test_where_votes_are_buttons_a_cross_asks_too_and_the_question_outlives_a_restart(
    sandbox: Sandbox, start: Start, stages: FakeStages
) -> None:
    ben = sandbox.member("ben")
    async with start(stages) as bot:
        await bot.services.storage.settings.update(sandbox.server.id, plain=True)
        posted = await ben.post("quiet", files=[("a.png", b"1")])
        reply = await sandbox.answer(await ben.menu(posted, "Who is this?"))
        await kept(bot, reply)
        said = await shown(await ben.press(reply, "Wrong"))
        assert said.content == THANKS["no"]
        await eventually(lambda: asked(reply))
    async with start(stages) as bot:
        said = await shown(await ben.select(reply, "Who is face 1?", ["Marin"]))
        assert said.content == "Thank you: noted this face as **Marin**."
        await eventually(lambda: label_is(bot, reply, "marin", "open"))
        said = await shown(await ben.press(reply, "Wrong"))
        assert said.content == TAKEN_BACK


async def test_what_was_said_about_one_face_can_be_taken_back(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, reply = sandbox.member("ann"), await answered(sandbox)
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    done = await shown(await ann.select(reply, "Who is face 1?", ["Not a face"]))
    await eventually(lambda: label_is(bot, reply, NOT_A_FACE, "settled"))
    undone = await shown(await ann.press(done, "Undo"))
    assert "counts no more" in undone.content
    await eventually(lambda: label_is(bot, reply, None, "open"))
    again = await shown(await ann.press(done, "Undo"))
    assert "undone already" in again.content


async def test_a_disputed_face_is_in_review_and_no_label_until_a_moderator_decides(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id
    reply = await answered(sandbox)
    for number in range(6):  # newcomers, whose word weighs little
        await sandbox.places.add_member(f"fan {number}").react(reply, "✅")
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    await ben.react(reply, "❌")
    await eventually(lambda: asked(reply))
    await shown(await ben.select(reply, "Who is face 1?", ["Ignore this face"]))
    await eventually(lambda: label_is(bot, reply, "marin", "disputed"))
    # What training reads.
    assert await bot.services.storage.labels.in_server(server_id, "settled") == []

    review = await shown(await ann.slash("general", "review"))
    assert "The votes disagree" in review.content
    await ann.select(review, "Who is it?", ["Marin"])
    await eventually(lambda: says(review, "Nothing waits"))
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    ((face, _),) = await bot.services.storage.labels.in_server(server_id, "settled")
    assert (await bot.services.storage.audit_log.of_face(face.id))[-1].user_id == ann.id


async def test_a_moderator_sees_who_changed_a_label_when_and_why(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    reply = await answered(sandbox)
    assert NOTHING in (await shown(await ann.menu(reply, HISTORY))).content
    for number in range(6):
        await sandbox.places.add_member(f"fan {number}").react(reply, "✅")
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    await shown(await ann.select(reply, "Who is face 1?", ["Not a face"]))
    await eventually(lambda: label_is(bot, reply, NOT_A_FACE, "settled"))

    told = (await shown(await ann.menu(reply, HISTORY))).content.splitlines()
    assert told[0].startswith("Face 1: no label → **Marin**, <t:")
    assert "by the members' votes" in told[0]
    assert "→ **not a face**, <t:" in told[-1]
    assert f"by <@{ann.id}>" in told[-1]
    assert MODERATORS_ONLY in (await shown(await ben.menu(reply, HISTORY))).content


async def test_a_labellers_word_decides_at_once(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben, labellers = (
        sandbox.member("ann"),
        sandbox.member("ben"),
        sandbox.places.add_role("labels"),
    )
    chosen = await ann.slash("general", "learning labellers", {"role": labellers})
    assert "may label and teach now" in (await shown(chosen)).content
    sandbox.places.set_role(ben, labellers)
    reply = await answered(sandbox)
    await ben.react(reply, "✅")
    await eventually(lambda: label_is(bot, reply, "marin", "settled"))
    taught = await ben.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
    assert "I know **Aoi** now" in (await shown(taught)).content


async def test_a_name_that_a_member_added_waits_then_labels_the_face_and_can_be_undone(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id
    reply = await answered(sandbox)
    await ben.react(reply, "❌")
    await eventually(lambda: asked(reply))
    form = await ben.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    pick = await shown(await ben.submit(form, {"name": "Aoi Sora"}))
    proposed = await shown(await ben.press(pick, "New character"))
    assert "a moderator will decide" in proposed.content
    assert "aoi_sora" not in (await bot.services.galleries.roster(server_id)).characters

    review = await shown(await ann.slash("general", "review"))
    assert "this face is **Aoi Sora**" in review.content
    done = await shown(await ann.press(review, "Accept"))
    assert done.content == "Done: taught Aoi Sora, as proposed."
    await eventually(lambda: label_is(bot, reply, "aoi_sora", "settled"))
    undone = await shown(await ann.press(done, "Undo"))
    assert undone.content == "Undone: taught Aoi Sora, as proposed."
    assert "aoi_sora" not in (await bot.services.galleries.roster(server_id)).characters


@pytest.mark.parametrize(
    ("command", "options", "what"),
    [
        ("alias", {"character": "aoi", "alias": "Blue"}, "call **Aoi** also **Blue**"),
        ("merge", {"character": "aoi", "into": "marin"}, "make **Aoi** and **Marin** one"),
        ("forget", {"character": "aoi"}, "forget **Aoi**"),
    ],
)
async def test_what_a_member_asks_of_the_gallery_waits_and_can_be_undone(
    sandbox: Sandbox, bot: MoedexBot, command: str, options: dict[str, str], what: str
) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id

    async def meant() -> tuple[str | None, str | None]:
        """Return whom Aoi's number, and the name Blue, lead to."""
        roster = await bot.services.galleries.roster(server_id)
        found = roster.find("Blue")
        return roster.resolve("aoi"), found.id if found else None

    await shown(await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")}))
    before = await meant()
    assert before == ("aoi", None)
    waits = await shown(await ben.slash("general", command, options))
    assert "a moderator will decide" in waits.content
    assert await meant() == before
    review = await shown(await ann.slash("general", "review"))
    assert what in review.content
    done = await shown(await ann.press(review, "Accept"))
    after = {"alias": ("aoi", "aoi"), "merge": ("marin", None), "forget": (None, None)}
    assert await meant() == after[command]
    await shown(await ann.press(done, "Undo"))
    assert await meant() == before


async def test_a_label_is_whom_it_was_given_to_as_soon_as_a_merge_is_undone(
    sandbox: Sandbox, bot: MoedexBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, votes = sandbox.member("ann"), bot.services.votes
    await shown(await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")}))
    done = await shown(await ann.slash("general", "merge", {"character": "aoi", "into": "marin"}))
    reply = await answered(sandbox)
    await kept(bot, reply)
    await votes.cast(reply.id, 0, ann.id, "is", character_id="aoi", decides=True)
    await votes.judged()
    assert await label_is(bot, reply, "marin", "settled")
    # The sweep, which judges labels too, comes a second later.
    monkeypatch.setattr(bot.services.erasure, "sweep_soon", lambda _: None)
    await shown(await ann.press(done, "Undo"))
    assert await label_is(bot, reply, "aoi", "settled")


async def test_a_rejected_proposal_leaves_nothing(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    await shown(await ben.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")}))
    assert len(list(bot.services.crops.folder.rglob("*.webp"))) == 1
    review = await shown(await ann.slash("general", "review"))
    stale = await shown(await ann.slash("general", "review"))
    await ann.press(review, "Reject")
    await eventually(lambda: says(review, "Nothing waits"))

    async def gone() -> bool:
        return not list(bot.services.crops.folder.rglob("*.webp"))

    await eventually(gone)
    late = await shown(await ann.press(stale, "Accept"))
    assert late.content == "That was decided already."


async def test_a_correction_is_seen_at_once_and_where_the_picture_is_posted_again(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    # Without learning no hash is kept that would tell that both show the same picture.
    await bot.services.storage.settings.update(bot.guilds[0].id, learning=True)
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    first = await answered(sandbox)
    form = await ben.press(first, "Someone else")
    await eventually(lambda: opened(form))
    await shown(await ben.submit(form, {"choice": ["Not a face"]}))
    await eventually(lambda: says(first, "Not a face, says Ben"))
    again = await sandbox.answer_to(await ben.post("quiet", "!who", files=[("b.png", b"1")]))
    assert "Not a face, says Ben" in text_of(again)

    # A moderator's ✅ settles it: in all copies, and for those to come.
    await ann.react(first, "✅")
    await eventually(lambda: says(first, "**Marin, named by Ann**"))
    await eventually(lambda: label_is(bot, again, "marin", "settled"))
    third = await answered(sandbox)
    assert "**Marin, named by Ann**" in text_of(third)
    await eventually(lambda: label_is(bot, third, "marin", "settled"))
    # What Ann erases of herself is shown no more.
    await bot.services.erasure.erase_member(ann.id)
    await eventually(lambda: says_not(third, "Ann"))
    await eventually(lambda: says_not(first, "Ann"))


async def test_members_who_agree_are_counted(sandbox: Sandbox, bot: MoedexBot) -> None:
    reply = await answered(sandbox)
    for number in range(2):
        await sandbox.places.add_member(f"fan {number}").press(reply, "Yes")
    await eventually(lambda: says(reply, "**Two say Marin**"))


async def test_a_tick_on_somebody_not_known_asks_and_a_moderator_hears_why_it_settles_nothing(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann = sandbox.member("ann")
    await bot.services.storage.settings.update(sandbox.server.id, named=0.99, probably=0.95)
    reply = await answered(sandbox)
    assert labels_of(reply) == ["Say who it is"]
    await ann.react(reply, "✅")
    await eventually(lambda: asked(reply))
    await shown(await ann.select(reply, "Who is face 1?", ["Marin"]))
    await eventually(lambda: says(reply, "**Marin, named by Ann**"))

    old = await answered(sandbox)
    await kept(bot, old)
    await bot.services.storage.answers.delete_by_reply(old.id)
    await ann.react(old, "✅")
    told = await sandbox.wait_for("message_create", lambda event: event.by_bot, timeout=PATIENCE_S)
    assert NO_LONGER_KEPT in text_of(told.messages[0])


def questions(reply: Message) -> list[str]:
    """Return what is asked under a card."""
    return [item["placeholder"] for item in walk(reply.components) if "placeholder" in item]


async def asks(reply: Message, wanted: list[str]) -> bool:
    """Say whether a card asks exactly that."""
    return questions(reply) == wanted


async def says_not(message: Message, part: str) -> bool:
    """Say whether a message says something no more."""
    return part not in text_of(message)


async def says(message: Message, part: str) -> bool:
    """Say whether a message has come to say something."""
    return part in text_of(message)
