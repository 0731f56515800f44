"""/teach and its kin, proposals with /review, /learning and /privacy, over the local Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bot.ui.erasing import ERASE
from models.gallery.expectation import Expectation
from models.gallery.gallery import Gallery
from sandbox.samples.shelf import load_samples
from tests.bot.fakes import MARIN, DistinctStages, ListingStages
from tests.databases import rows_in
from tests.e2e.conftest import PATIENCE_S, asked, confirmed, eventually, opened, shown, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces
    from sandbox import Sandbox
    from sandbox.state.interaction import Interaction
    from tests.e2e.conftest import Start


WHO = "Who is it?"


async def said(interaction: Interaction) -> str:
    """Return the text of the bot's first answer."""
    return (await shown(interaction)).content


async def becomes(interaction: Interaction, text: str) -> None:
    """Wait until the bot's first answer is changed into one that holds a text."""

    async def changed() -> bool:
        return text in interaction.answers[0].content

    await eventually(changed)


async def test_a_moderator_teaches_renames_and_undoes(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, server_id = sandbox.member("ann"), bot.guilds[0].id
    taught = await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
    assert "I know **Aoi** now" in await said(taught)
    assert "aoi" in (await bot.services.galleries.roster(server_id)).characters
    renamed = await ann.slash("general", "rename", {"character": "aoi", "name": "Aoi Sora"})
    assert "renamed Aoi to Aoi Sora" in await said(renamed)
    choices = await ann.autocomplete("general", "forget", {"character": "sora"}, "character")
    assert [choice["value"] for choice in choices][:1] == ["aoi"]
    early = await ann.press(taught.answers[0], "Undo")
    assert "Undo the later change first" in await said(early)
    undone = await ann.press(renamed.answers[0], "Undo")
    assert "Undone" in await said(undone)
    assert (await bot.services.galleries.roster(server_id)).name("aoi") == "Aoi"


class Expecting(DistinctStages):
    """Stages that expect a character to be named the more often, the more pictures there are."""

    gallery = Gallery.of({MARIN: np.eye(4, dtype=np.float32)[:1]})

    def expected(self, gallery: Any, character_id: str, samples: Sequence[Any]) -> Expectation:
        """Expect a tenth more with each picture."""
        return Expectation(len(samples), 0.3 + 0.1 * len(samples), 0.6 + 0.1 * len(samples))


async def test_teaching_says_how_often_a_character_will_be_named(
    sandbox: Sandbox, start: Start
) -> None:
    async with start(Expecting()):
        ann = sandbox.member("ann")
        one = await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
        assert (
            "from 1 picture. From it I shall name them in about 4 of 10 pictures; three more make "
            "that about 7." in await said(one)
        )
        images = {"image1": ("b.png", b"1"), "image2": ("c.png", b"1")}
        more = await ann.slash("general", "teach", {"name": "Aoi", **images})
        assert "from 2 pictures. From 3 in all I shall name them in about 6 of 10" in (
            await said(more)
        )


async def test_a_picture_that_is_taught_again_later_counts_once(
    sandbox: Sandbox, start: Start
) -> None:
    class Again(Expecting):
        """Every picture is the first one."""

        def find(self, data: bytes, name: str) -> FoundFaces:
            self.seen = 0
            return super().find(data, name)

    async with start(Again()) as bot:
        ann = sandbox.member("ann")
        for _ in range(2):
            taught = await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
            assert "From it I shall name them in about 4 of 10 pictures" in await said(taught)
        assert len(await bot.services.storage.exemplars.in_use(bot.guilds[0].id)) == 2


async def test_five_drawings_are_enrolled_at_once(sandbox: Sandbox, start: Start) -> None:
    async with start(DistinctStages()) as bot:
        images = {f"image{n}": (f"{n}.png", b"2" if n == 3 else b"1") for n in range(1, 6)}
        taught = await sandbox.member("ann").slash("general", "teach", {"name": "Aoi", **images})
        text = await said(taught)
        assert "from 5 pictures" in text
        assert "Where a picture had several faces I took the largest" in text
        assert len(await bot.services.storage.exemplars.in_use(bot.guilds[0].id)) == 5


async def test_copies_of_a_drawing_count_once_and_one_without_a_face_teaches_nothing(
    sandbox: Sandbox, bot: MoedexBot
) -> None:
    ann, server_id = sandbox.member("ann"), bot.guilds[0].id
    images = {"image1": ("a.png", b"1"), "image2": ("copy.png", b"1")}
    text = await said(await ann.slash("general", "teach", {"name": "Aoi", **images}))
    assert "from 1 picture." in text
    assert "Copies of the same picture count once" in text
    images = {"image1": ("a.png", b"1"), "image2": ("empty.png", b"0")}
    text = await said(await ann.slash("general", "teach", {"name": "Midori", **images}))
    assert "no drawn face in empty.png" in text
    assert "midori" not in (await bot.services.galleries.roster(server_id)).characters
    assert len(await bot.services.storage.exemplars.in_use(server_id)) == 1


async def test_a_name_that_nobody_can_read_is_refused(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id
    await said(await ann.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")}))
    posted = await ben.post("fan-art", files=[("a.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    for refused in (
        await ann.slash("general", "teach", {"name": "...", "image1": ("b.png", b"1")}),
        await ben.slash("general", "teach", {"name": "||", "image1": ("b.png", b"1")}),
        await ann.slash("general", "rename", {"character": "aoi", "name": "\u200b"}),
        await ben.slash("general", "alias", {"character": "aoi", "alias": "\u3164"}),
    ):
        assert "at least one letter or digit" in await said(refused)
    await ann.react(reply, "❌")
    await eventually(lambda: asked(reply))
    form = await ann.select(reply, "Who is face 1?", ["Someone else…"])
    await eventually(lambda: opened(form))
    assert "at least one letter or digit" in await said(await ann.submit(form, {"name": "..."}))
    roster = await bot.services.galleries.roster(server_id)
    assert roster.name("aoi") == "Aoi"
    assert [row.id for row in roster.changed.values()] == ["aoi"]
    assert await bot.services.storage.proposals.waiting(server_id) == []


async def test_what_a_member_teaches_waits_for_review(sandbox: Sandbox, bot: MoedexBot) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id
    proposed = await ben.slash("general", "teach", {"name": "Aoi", "image1": ("a.png", b"1")})
    assert "/review" in await said(proposed)
    assert "aoi" not in (await bot.services.galleries.roster(server_id)).characters
    refused = await ben.slash("general", "review")
    assert "Only moderators" in await said(refused)
    review = await ann.slash("general", "review")
    assert "add **Aoi**" in await said(review)
    await ann.press(review.answers[0], "Accept")

    async def added() -> bool:
        return "aoi" in (await bot.services.galleries.roster(server_id)).characters

    await eventually(added)
    assert len(await bot.services.storage.exemplars.in_use(server_id)) == 1


async def test_learning_is_off_until_switched_on_and_deletion_is_down_to_the_bytes(
    sandbox: Sandbox, bot: MoedexBot, database: str, tmp_path: Path
) -> None:
    ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id

    async def answered() -> int:
        posted = await ben.post("fan-art", files=[("a.png", b"1")])
        return (await sandbox.answer_to(posted, PATIENCE_S)).id

    def crops() -> list[Path]:
        return list(bot.services.crops.folder.rglob("*.webp"))

    off = await answered()
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(off))
    assert (face.crop, face.vector) == (None, None)
    assert not crops()
    switched = await ann.slash("general", "learning on")
    assert "Learning is on" in await said(switched)
    on = await answered()
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(on))
    assert face.crop
    assert face.vector is not None
    assert len(crops()) == 1
    needle = face.crop.encode()
    files = [tmp_path / "moedex.db", tmp_path / "moedex.db-wal"]

    def stored() -> bool:
        if not database.startswith("sqlite"):
            return needle.decode() in rows_in(database)
        return any(needle in file.read_bytes() for file in files if file.exists())

    assert stored()
    asks = await ben.slash("general", "privacy delete")
    assert "1 face of your pictures, 1 of them with a crop" in await said(asks)
    assert stored()
    assert "Erased" in await confirmed(ben, asks, ERASE["member"])
    assert not crops()
    assert not stored()
    # Whose picture it was is not known of the answer that was given before.
    left = await bot.services.storage.faces.in_server(server_id)
    assert [face.reply_id for face in left] == [off]


async def test_one_drawing_teaches_what_the_next_one_shows(
    sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    drawn = [sample for sample in load_samples() if sample.people == 1]
    name = drawn[0].group
    first, second = [sample for sample in drawn if sample.group == name][:2]
    ann = sandbox.member("ann")
    posted = await ann.post("fan-art", files=[("before.png", second.read())])
    before = await sandbox.answer_to(posted, PATIENCE_S)
    assert "don't know" in text_of(before)
    image = ("first.png", first.read())
    taught = await ann.slash("fan-art", "teach", {"name": "Tested One", "image1": image})
    assert "I know **Tested One** now" in await said(taught)
    posted = await ann.post("fan-art", files=[("after.png", second.read())])
    after = await sandbox.answer_to(posted, PATIENCE_S)
    assert "**Tested One**" in text_of(after)


async def test_a_listed_name_is_asked_about_and_either_answer_teaches(
    sandbox: Sandbox, start: Start
) -> None:
    async with start(ListingStages()) as bot:
        ann, server_id = sandbox.member("ann"), bot.guilds[0].id
        choices = await ann.autocomplete("general", "teach", {"name": "rem"}, "name")
        assert [choice["value"] for choice in choices] == ["Rem (Re:Zero)", "Rem (Death Note)"]
        image = {"image1": ("a.png", b"1")}
        asked = await ann.slash("general", "teach", {"name": "rem", **image})
        assert "**rem** is known already: do you mean one of these?" in await said(asked)
        refused = await sandbox.member("ben").select(asked.answers[0], WHO, ["rem"])
        assert "Only who teaches" in await said(refused)
        await ann.select(asked.answers[0], WHO, ["rem"])
        await becomes(asked, "I know **Rem** (Re:Zero) now")
        assert [e.character_id for e in await bot.services.storage.exemplars.in_use(server_id)] == [
            "rem"
        ]
        assert not (await bot.services.galleries.roster(server_id)).changed

        asked = await ann.slash("general", "teach", {"name": "Rem", **image})
        await said(asked)
        await ann.select(asked.answers[0], WHO, ["!new"])
        await becomes(asked, "I know **Rem** now")
        assert (await bot.services.galleries.roster(server_id)).characters["rem_2"].name == "Rem"

        told = await ann.slash("general", "teach", {"name": "Rem (Death Note)", **image})
        assert "I know **Rem** (Death Note) now" in await said(told)


async def test_a_member_who_means_somebody_listed_proposes_that(
    sandbox: Sandbox, start: Start
) -> None:
    async with start(ListingStages()) as bot:
        ann, ben, server_id = sandbox.member("ann"), sandbox.member("ben"), bot.guilds[0].id
        asked = await ben.slash("general", "teach", {"name": "Rem", "image1": ("a.png", b"1")})
        await said(asked)
        await ben.select(asked.answers[0], WHO, ["!new"])
        await becomes(asked, "/review")
        review = await ann.slash("general", "review")
        await said(review)
        await ann.press(review.answers[0], "Accept")

        async def added() -> bool:
            return "rem_2" in (await bot.services.galleries.roster(server_id)).characters

        await eventually(added)


async def test_who_is_listed_but_not_taught_is_said_not_to_be_known_by_face(
    sandbox: Sandbox, start: Start
) -> None:
    async with start(ListingStages()):
        ann = sandbox.member("ann")
        everybody = text_of(await sandbox.answer(await ann.slash("quiet", "characters")))
        assert "**Marin** — Tests" in everybody
        assert "Rem" not in everybody
        assert "3 known by name" in everybody
        found = await sandbox.answer(await ann.slash("quiet", "characters", {"search": "rem"}))
        assert "**Rem** (レム) — Re:Zero · *not by face yet*" in text_of(found)
        about = text_of(await sandbox.answer(await ann.slash("quiet", "about")))
        assert "1 by face, 3 by name" in about
