"""What `/stats` counts, from the database and from settled faces; and that it is drawn."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bot.feedback.statistics import FEWEST_SETTLED, Statistics, count
from bot.storage import Storage
from bot.storage.records import IGNORED, NOT_A_FACE, FaceLabel, Label, SettledFace, StoredGuess
from bot.ui.statistics_picture import ShownPair, draw
from models.types import Tier
from tests.bot.recorded_faces import answer_with_face, record_face

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 25)  # a Wednesday
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FACE = SettledFace(AT, "rin", 0.85, True, Label.of("rin"), 1, False, "7/a.webp")
SERVER = 7


def resolve(key: str) -> str | None:
    """Follow one merge."""
    return {"rin_old": "rin"}.get(key, key)


def counted(*faces: SettledFace, visible: tuple[int, ...] = (1,)) -> Statistics:
    return count(TODAY, {TODAY: 3}, {Tier.NAMED: 10}, faces, resolve, visible)


def test_a_face_is_right_where_its_best_guess_was_settled_merges_followed() -> None:
    found = counted(
        FACE,
        replace(FACE, guess="rin_old"),
        replace(FACE, label=Label.of("saber")),
        replace(FACE, label=NOT_A_FACE),
        replace(FACE, label=IGNORED),
        replace(FACE, named=False),
    )
    assert (found.confirmed, found.corrected, found.settled) == (2, 2, 5)
    assert found.weeks == ((date(2026, 11, 23), found.weeks[0][1]),)
    assert (found.weeks[0][1].hits, found.weeks[0][1].total) == (2, 4)


def test_weeks_begin_on_monday_and_days_without_answers_are_zero() -> None:
    found = counted(FACE, replace(FACE, at=AT - timedelta(days=3), guess="saber"))
    assert [(week, share.hits) for week, share in found.weeks] == [
        (date(2026, 11, 16), 0),
        (date(2026, 11, 23), 1),
    ]
    assert found.answers[-1] == (TODAY, 3)
    assert found.answers[-2] == (TODAY - timedelta(days=1), 0)
    assert found.answered == 3


def test_pairs_are_the_most_confused_that_the_viewer_may_see() -> None:
    wrong = replace(FACE, label=Label.of("saber"), crop=None)
    found = counted(
        wrong,
        replace(wrong, crop="7/b.webp"),
        replace(wrong, label=Label.of("archer"), crop="7/c.webp"),
        replace(wrong, label=Label.of("lancer"), channel_id=2),
        replace(wrong, label=Label.of("caster"), hidden=True),
        replace(wrong, label=NOT_A_FACE),
        replace(wrong, label=Label.of("rider"), named=False),
    )
    assert [(p.said, p.meant, p.count, p.crop) for p in found.pairs] == [
        ("rin", "saber", 2, "7/b.webp"),
        ("rin", "archer", 1, "7/c.webp"),
    ]


def test_stated_probabilities_are_held_against_what_came() -> None:
    found = counted(
        replace(FACE, probability=0.82),
        replace(FACE, probability=0.88, guess="saber"),
        replace(FACE, probability=1.0),
        replace(FACE, probability=0.12, named=False),
    )
    shares = [(round(s.mean, 2), s.held.hits, s.held.total) for s in found.stated]
    assert shares == [(0.12, 1, 1), (0.85, 1, 2), (1.0, 1, 1)]


@pytest.mark.parametrize("settled", [0, FEWEST_SETTLED])
def test_it_is_drawn_with_little_data_and_with_more(settled: int) -> None:
    found = counted(*[FACE] * settled, *[replace(FACE, label=Label.of("saber"))] * (settled // 2))
    names = ShownPair("Rin $1 $2", "遠坂凛", "Saber" * 20, "", 3, np.zeros((8, 8, 3), np.uint8))
    data = draw(found, [names, replace(names, crop=None)] if settled else [])
    assert Image.open(io.BytesIO(data)).size == (1200, 920)


async def test_the_database_is_counted_by_server_and_time(tmp_path: Path) -> None:
    async with Storage.open(tmp_path / "moedex.db") as storage:
        for number, (server, days) in enumerate([(SERVER, 0), (SERVER, 0), (SERVER, 1), (8, 0)], 1):
            at = AT - timedelta(days=days)
            guess = StoredGuess("rin", "Rin", "Fate", 0.7)
            answer = answer_with_face(
                number, server, at, (guess,), tier=Tier.NOT_KNOWN if number == 2 else Tier.NAMED
            )
            seen = await record_face(storage, answer)
            state = "disputed" if number == 3 else "settled"
            label = FaceLabel(seen.id, state, Label.of("saber"), None, at)
            await storage.labels.set([label], "test")
        found = storage.statistics
        since = AT - timedelta(days=2)
        days = await found.answers_by_day(SERVER, since)
        assert days == {TODAY: 2, TODAY - timedelta(days=1): 1}
        assert await found.answers_by_day(SERVER, AT) == {TODAY: 2}
        assert await found.faces_by_tier(SERVER, since) == {Tier.NAMED: 2, Tier.NOT_KNOWN: 1}
        faces = await found.settled_faces(SERVER, since)
        assert [(f.guess, f.probability, f.named, f.label, f.at) for f in faces] == [
            ("rin", 0.7, True, Label.of("saber"), AT),
            ("rin", 0.7, False, Label.of("saber"), AT),
        ]


def test_what_only_some_questions_need_is_not_loaded_at_the_start() -> None:
    code = (
        "import sys, cogs.info.stats, cogs.feedback.review, cogs.server.training; "
        "import bot.app; "
        "print({'matplotlib', 'sklearn', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout.strip() == "set()"
