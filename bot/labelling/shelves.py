"""The settled faces of each character, to be cleaned: what fits least first, copies marked."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.feedback.labels import same_face
from models.gallery.cleaning import typicality

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.gallery.teaching import Teaching
    from bot.labelling.labeller import Labeller
    from bot.storage import Storage
    from bot.storage.records import FaceObservation, GalleryAction
    from models.types import Character


@dataclass(frozen=True, slots=True)
class Shelved:
    """A face of a character; `typical` is its likeness to the others, -1 to 1, None: unknown.

    `copy` says that it is the same face of the same picture as one before it.
    """

    face: FaceObservation
    typical: float | None
    copy: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """A character with so many settled faces; `own` is one of the server's own."""

    character: Character
    faces: int
    own: bool


class Shelves:
    """The shelves of all servers. `backbone` is the hash of what makes vectors now."""

    def __init__(
        self,
        storage: Storage,
        teaching: Teaching,
        roster: Callable[[int], Awaitable[ServerRoster]],
        backbone: Callable[[], str],
    ) -> None:
        self._storage = storage
        self._teaching = teaching
        self._roster = roster
        self._backbone = backbone

    async def all(self, labeller: Labeller) -> list[Shelf]:
        """Return whom faces are settled as, and the server's own characters; most faces first."""
        server_id = labeller.server_id
        roster = await self._roster(server_id)
        counts: Counter[str] = Counter()
        found = await self._storage.labelled_crops.characters(server_id, labeller.channels)
        for key, count in found.items():
            resolved = roster.resolve(key)
            if resolved is not None:
                counts[resolved] += count
        own = {row.id for row in roster.changed.values() if row.own and row.state == "active"}
        shelves = [
            Shelf(roster.characters[key], counts[key], key in own) for key in {*counts, *own}
        ]
        return sorted(shelves, key=lambda shelf: (-shelf.faces, shelf.character.name))

    async def one(self, labeller: Labeller, character_id: str) -> list[Shelved]:
        """Return a character's faces, those that fit least first, copies after all."""
        server_id = labeller.server_id
        roster = await self._roster(server_id)
        counts = await self._storage.labelled_crops.characters(server_id, labeller.channels)
        ids = [key for key in counts if roster.resolve(key) == character_id]
        faces = await self._storage.labelled_crops.of_characters(server_id, labeller.channels, ids)
        return await asyncio.to_thread(_shelved, faces, self._backbone())

    async def merge(self, labeller: Labeller, character_id: str, into: str) -> GalleryAction:
        """Make two characters one. Raises TeachingError."""
        roster = await self._roster(labeller.server_id)
        who, target = (
            roster.value(roster.characters[key]) if key in roster.characters else key
            for key in (character_id, into)
        )
        _, action = await self._teaching.merge(labeller.server_id, labeller.user_id, who, target)
        return action

    async def merges(self, labeller: Labeller) -> list[GalleryAction]:
        """Return the latest merges that stand, newest first."""
        actions = await self._storage.galleries.actions(labeller.server_id, limit=200)
        return [each for each in actions if each.kind == "merge" and each.undone_by is None]


def _shelved(faces: Sequence[FaceObservation], backbone: str) -> list[Shelved]:
    first: dict[int, list[FaceObservation]] = {}
    copies: set[int] = set()
    for face in faces:
        before = first.setdefault(face.group, [])
        if any(same_face(face, other) for other in before):
            copies.add(face.id)
        else:
            before.append(face)
    vectors = {
        face.id: face.vector
        for face in faces
        if face.vector is not None and face.backbone == backbone and face.id not in copies
    }
    typical = dict(zip(vectors, typicality(list(vectors.values())), strict=True))
    shelved = [Shelved(face, typical.get(face.id), face.id in copies) for face in faces]
    return sorted(
        shelved, key=lambda s: (s.copy, 2.0 if s.typical is None else s.typical, s.face.id)
    )
