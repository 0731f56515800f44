"""A character's page: its pictures, who is most alike, and how well it is named in a server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bot.feedback.character_record import record_of
from bot.storage.records import Label, SettledFace
from models.gallery.gallery import Gallery, unit
from models.gallery.resemblance import place_of
from models.types import Character
from sandbox import Sandbox
from tests.bot.fakes import MARIN, ListingStages
from tests.web.conftest import served, sign_in
from tests.web.counted_server import answered

REM = Character("rem", "Rem", "Re:Zero")
RAM = Character("ram", "Ram", "Re:Zero")
GALLERY = Gallery.of_centroids(
    (MARIN, REM, RAM), unit(np.array([[1, 0], [0.6, 0.8], [0.5, 0.85]])), [7, 2, 1]
)


class Named(ListingStages):
    """Stages with a gallery of three."""

    gallery = GALLERY  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]
    characters = GALLERY.characters  # pyright: ignore[reportAssignmentType]


def test_the_likest_come_first() -> None:
    place = place_of(GALLERY, "rem", 8)
    assert place is not None
    assert place.pictures == 2
    assert [each.character.id for each in place.nearest] == ["ram", "marin"]
    assert place.nearest[1].cosine == pytest.approx(0.6)
    assert place_of(GALLERY, "nobody", 8) is None
    one = place_of(GALLERY, "rem", 0)
    assert one is not None
    assert one.nearest == ()


def settled(guess: str, label: str, **details: object) -> SettledFace:
    given = {"channel_id": 1, "hidden": False, "named": True, **details}
    at, probability = datetime.now(UTC), 0.9
    return SettledFace(at, guess, probability, label=Label.of(label), crop=None, **given)  # pyright: ignore[reportArgumentType]


def test_a_record_counts_names_both_ways() -> None:
    faces = [
        settled("rem", "rem"),
        settled("rem_old", "rem"),
        settled("ram", "rem"),
        settled("ram", "rem", channel_id=2),
        settled("ram", "rem", hidden=True),
        settled("rem", "ram"),
        settled("rem", "rem", named=False),
        settled("ram", "ram"),
    ]
    record = record_of("rem", faces, lambda key: key.removesuffix("_old"), {1})
    assert (record.named.hits, record.named.total) == (2, 6)
    assert (record.right.hits, record.right.total) == (2, 3)
    assert record.taken_for == (("ram", 1),)
    assert record.mistaken == (("ram", 1),)


async def test_the_page_tells_them(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, Named(), sandbox) as site:
        await answered(site.services.storage, sandbox, right=9, wrong=3)

        async def page(path: str) -> str:
            async with site.client.get(f"{site.url}characters/{path}") as answer:
                assert answer.status == 200
                return await answer.text()

        everywhere = await page("marin")
        assert "<dd>7 shipped</dd>" in everywhere
        assert everywhere.index(">Rem</a>") < everywhere.index(">Ram</a>")
        assert "How well it is named here" not in everywhere
        await sign_in(site, sandbox.member("ben"))
        assert f"?server={sandbox.server.id}" in await page("marin")
        here = await page(f"marin?server={sandbox.server.id}")
        assert "<b>9 of 9</b> of its faces got its name" in here
        assert "<b>9 of 12</b> of those called so were it" in here
        assert ">Rem</a>, 3 ×" in here
