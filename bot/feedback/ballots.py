"""From the votes on an answer to the ballots on its faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from bot.feedback.consensus import Ballot
from bot.storage.records import IGNORED, NOT_A_FACE, Label
from models.types import Tier

if TYPE_CHECKING:
    from bot.storage import Vote
    from bot.storage.records import AnsweredFace, FaceObservation


def ballots_of(
    faces: Sequence[FaceObservation],
    votes: Iterable[Vote],
    deciders: set[tuple[int, int]],
    resolve: Callable[[str], str | None],
) -> dict[int, list[Ballot]]:
    """Return the ballots by the number of the face; `faces` are all those of one answer.

    ✅ on the answer confirms each face that got a name, probably or surely, and says nothing about
    the others. ❌ on the answer denies the name of a single face; with several faces it names none,
    and only the question that follows says which. What somebody says about one face goes before
    what he said about all. `resolve` follows merges and returns None for a character that was
    forgotten.
    """
    ballots: dict[int, dict[int, Ballot]] = {face.id: {} for face in faces}
    for vote in sorted(votes, key=lambda v: v.face_index is not None):
        for face in faces:
            if vote.face_index is not None and vote.face_index != face.face_index:
                continue
            if vote.face_index is None and vote.kind == "no" and len(faces) > 1:
                continue
            label = _claim(vote, face, resolve)
            if label is not None:
                ballots[face.id][vote.user_id] = Ballot(
                    vote.user_id,
                    label,
                    against=vote.kind == "no",
                    decides=(vote.reply_id, vote.user_id) in deciders,
                    at=vote.at.timestamp(),
                )
    return {face: list(by_voter.values()) for face, by_voter in ballots.items()}


def leaves_open(faces: Sequence[AnsweredFace], kind: str) -> bool:
    """Return whether a vote on a whole answer leaves the name of one of its faces open.

    ✅ does where nobody was named, ❌ everywhere: it doesn't say who it is instead.
    """
    return kind == "no" or any(face.best is None or face.tier is Tier.NOT_KNOWN for face in faces)


def pooled(parts: Iterable[Iterable[Ballot]]) -> list[Ballot]:
    """Return the ballots on all copies of a face as those on one: a voter's newest counts."""
    newest: dict[int, Ballot] = {}
    for ballot in sorted((b for part in parts for b in part), key=lambda b: b.at):
        newest[ballot.user_id] = ballot
    return list(newest.values())


def _claim(vote: Vote, face: FaceObservation, resolve: Callable[[str], str | None]) -> Label | None:
    """Return what a vote says of a face; None where it says nothing."""
    if vote.kind == "not_a_face":
        return NOT_A_FACE
    if vote.kind == "ignore":
        return IGNORED
    if vote.kind == "is":
        named = vote.character_id
    elif face.best is None or face.tier is Tier.NOT_KNOWN:
        return None
    else:
        named = face.best.character_id
    character_id = resolve(named)
    return None if character_id is None else Label.of(character_id)
