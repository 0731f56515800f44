"""What ✅, ❌ and words about one face say, face by face."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.feedback.ballots import ballots_of
from bot.storage import Vote
from bot.storage.records import FaceObservation, StoredGuess
from models.types import Box, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage import VoteKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPLY = 1


def face(index: int, name: str, *, tier: Tier = Tier.NAMED) -> FaceObservation:
    return FaceObservation(
        id=index, server_id=7, channel_id=3, reply_id=REPLY, face_index=index, hidden=False, at=NOW,
        box=Box(0.1, 0.1, 0.5, 0.6), guesses=(StoredGuess(name, name, "", 0.8),), tier=tier,
    )  # fmt: skip


def said(kind: VoteKind, index: int | None = None, value: str = "", after: int = 0) -> Vote:
    return Vote(REPLY, index, 5, kind, value, NOW + timedelta(seconds=after))


def claims(faces: Sequence[FaceObservation], *votes: Vote) -> list[str | None]:
    """Return what a member's votes say of each face; a name that is denied begins with "not"."""
    merged = {"rin": "rin", "miku": "miku", "miku_39": "miku"}
    found = ballots_of(faces, votes, set(), merged.get)
    one = [found[each.id][0] if found[each.id] else None for each in faces]
    return [b and ("not " * b.against + (b.label.character_id or b.label.kind)) for b in one]


def test_a_tick_confirms_the_best_name_of_each_named_face_and_says_nothing_of_an_unknown() -> None:
    assert claims([face(0, "rin")], said("yes")) == ["rin"]
    assert claims([face(0, "rin", tier=Tier.NOT_KNOWN)], said("yes")) == [None]
    several = [face(0, "rin"), face(1, "miku", tier=Tier.NOT_KNOWN), face(2, "miku")]
    assert claims(several, said("yes")) == ["rin", None, "miku"]


def test_a_cross_denies_a_single_name_and_with_several_faces_none() -> None:
    assert claims([face(0, "rin")], said("no")) == ["not rin"]
    assert claims([face(0, "rin"), face(1, "miku")], said("no")) == [None, None]


def test_a_word_about_one_face_goes_before_one_about_all() -> None:
    faces = [face(0, "rin"), face(1, "miku")]
    one = said("is", 1, "rin")
    assert claims(faces, one, said("yes", after=9)) == ["rin", "rin"]
    assert claims(faces, said("not_a_face", 0), said("no", after=9)) == ["not_a_face", None]
    assert claims(faces, said("ignore", 0)) == ["ignore", None]


def test_merges_are_followed_and_the_forgotten_say_nothing() -> None:
    assert claims([face(0, "rin")], said("is", 0, "miku_39")) == ["miku"]
    assert claims([face(0, "rin")], said("is", 0, "forgotten")) == [None]
    assert claims([face(0, "forgotten")], said("yes")) == [None]
