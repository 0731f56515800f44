"""How one character is named in a server, counted from its settled faces."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.intervals import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bot.storage.records import SettledFace


@dataclass(frozen=True, slots=True)
class CharacterRecord:
    """What came of the faces that were settled as a character, or called by its name.

    `named` is the share of its faces that got its name, `right` that of the names that were it.
    `taken_for` are ids of those that its faces were called, `mistaken` of those who were called by
    its name, both with how often, the most often first.
    """

    named: Share
    right: Share
    taken_for: tuple[tuple[str, int], ...]
    mistaken: tuple[tuple[str, int], ...]


def record_of(
    character_id: str,
    faces: Sequence[SettledFace],
    resolve: Callable[[str], str | None],
    visible: Collection[int],
) -> CharacterRecord:
    """Count a character's record. Merges are followed by `resolve`.

    Others are told only of faces in `visible` channels that are not hidden.
    """
    own = said = both = 0
    taken_for: Counter[str] = Counter()
    mistaken: Counter[str] = Counter()
    for face in faces:
        meant = resolve(face.label.character_id) if face.label.kind == "character" else None
        guess = resolve(face.guess) if face.named else None
        shown = face.channel_id in visible and not face.hidden
        own += meant == character_id
        said += guess == character_id
        both += meant == guess == character_id
        if shown and guess is not None and meant is not None and guess != meant:
            if meant == character_id:
                taken_for[guess] += 1
            if guess == character_id:
                mistaken[meant] += 1
    return CharacterRecord(
        Share(both, own),
        Share(both, said),
        tuple(taken_for.most_common()),
        tuple(mistaken.most_common()),
    )
