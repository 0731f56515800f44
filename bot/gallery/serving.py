"""What a server's faces are named by, read from the storage: its examples and its trained head.

Its examples are taught drawings, packs, and settled labels. All of them name. A part of the
labelled pictures is held out of trainings by a fixed rule (`models.gallery.examples.hold_out`), so
that it can measure versions. A picture that was taught as well measures nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.gallery.roster import Listed, ServerRoster
from bot.storage.records import IGNORED, NOT_A_FACE
from models.gallery.composition import server_gallery
from models.gallery.examples import Example, each_once, hold_out
from models.gallery.head_file import read_head
from models.gallery.posted import Seen
from models.images.hashing import HashIndex, copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.storage import Storage
    from bot.storage.records import Exemplar, FaceLabel, FaceObservation, ModelVersion, SourceKind
    from models.gallery.gallery import Gallery
    from models.types import Character


@dataclass(frozen=True, eq=False)
class ServerState:
    """One moment of what a server has.

    `examples` are all of this backbone, `newer` those that came after the version that answers:
    they name beside it. `version` is None where the shipped head answers. `seen` says who
    was settled or surely named there; nobody where learning is off.
    """

    roster: ServerRoster
    examples: list[Example]
    newer: list[Example]
    version: ModelVersion | None
    seen: list[Seen] = field(default_factory=list)

    def gallery(self, shipped: Gallery) -> Gallery:
        """Build what answers now. Slow: for a thread."""
        head = None if self.version is None else read_head(self.version.head)
        return server_gallery(shipped, self.roster, self.examples, self.newer, head, self.seen)

    def without_held_out(self) -> ServerState:
        """Return the same without what measures a training: nothing is measured by itself."""
        return replace(
            self,
            examples=[e for e in self.examples if not e.held_out],
            newer=[e for e in self.newer if not e.held_out],
        )

    def first_gallery(self, shipped: Gallery) -> Gallery:
        """Build what would answer if nothing had ever been trained."""
        return server_gallery(shipped, self.roster, self.examples, seen=self.seen)


async def read_roster(
    storage: Storage, server_id: int, characters: Iterable[Character] | Listed
) -> ServerRoster:
    """Read who there is in a server, `characters` being those that every server has."""
    return ServerRoster(
        characters,
        await storage.galleries.characters(server_id),
        await storage.galleries.aliases(server_id),
    )


async def read_server(
    storage: Storage, server_id: int, roster: ServerRoster, backbone: str
) -> ServerState:
    """Read what a server has; a version of another backbone counts as none."""
    version = await storage.versions.current(server_id)
    if version is not None and version.backbone != backbone:
        version = None
    exemplars = await storage.exemplars.in_use(server_id)
    settled = await storage.labels.in_server(server_id, "settled")
    # A server may have taught and settled thousands of faces.
    examples = await asyncio.to_thread(examples_of, exemplars, settled, roster, backbone)
    newer = examples
    if version is not None:
        late = {(True, e.id) for e in exemplars if e.at > version.at}
        late |= {(False, face.id) for face, label in settled if label.at > version.at}
        newer = [e for e in examples if (e.taught, e.source_id) in late]
    seen: list[Seen] = []
    if (await storage.settings.get(server_id)).learning:
        seen = seen_in(settled, await storage.faces.surely_named(server_id), roster)
    return ServerState(roster, examples, newer, version, seen)


def seen_in(
    settled: Iterable[tuple[FaceObservation, FaceLabel]],
    surely_named: Iterable[tuple[int, str, datetime]],
    roster: ServerRoster,
) -> list[Seen]:
    """Return who was settled or surely named (face, character's id, when), each picture once."""
    now, found = datetime.now(UTC), list[tuple[str, datetime]]()
    judged: set[int] = set()
    for face, label in settled:
        judged.add(face.id)
        if face.id == face.group and label.label is not None and label.label.kind == "character":
            found.append((label.label.character_id, face.at))
    found += [(key, at) for face_id, key, at in surely_named if face_id not in judged]
    return [
        Seen(character_id, (now - at).total_seconds() / 86400)
        for key, at in found
        if (character_id := roster.resolve(key)) is not None
    ]


def examples_of(
    exemplars: Iterable[Exemplar],
    settled: Iterable[tuple[FaceObservation, FaceLabel]],
    roster: ServerRoster,
    backbone: str,
) -> list[Example]:
    """Return what a server has of this backbone, merges followed, the forgotten left out.

    A picture of a character that was taught or labelled again counts once. Some of it is held out
    of trainings.
    """
    taught = [
        (e, character_id)
        for e in exemplars
        if e.backbone == backbone and (character_id := roster.resolve(e.character_id))
    ]
    groups = _taught_groups([e for e, _ in taught])
    found = [
        Example(e.vector, character_id, True, e.id, groups[e.id]) for e, character_id in taught
    ]
    settled = list(settled)
    taught_too = _taught_too([e for e, _ in taught], groups, [face for face, _ in settled])
    for face, label in settled:
        if face.vector is None or face.backbone != backbone or label.label is None:
            continue
        if label.label == IGNORED:
            continue
        non_face = label.label == NOT_A_FACE
        character_id = None if non_face else roster.resolve(label.label.character_id)
        if non_face or character_id is not None:
            group = taught_too.get(face.group, face.group)
            found.append(Example(face.vector, character_id, False, face.id, group))
    return hold_out(each_once(found))


def source_of(example: Example) -> tuple[SourceKind, int]:
    """Return the kind and number of the row that an example is from."""
    return "exemplar" if example.taught else "face", example.source_id


def _taught_groups(exemplars: Sequence[Exemplar]) -> dict[int, int]:
    """Return the group of each drawing by its id: near-duplicates have that of the first."""
    groups = {e.id: -e.id for e in exemplars}
    index = HashIndex()
    for exemplar in exemplars:
        if not exemplar.phash:
            continue
        if near := index.within(exemplar.phash):
            groups[exemplar.id] = groups[near[0][1]]
        index.add(exemplar.id, exemplar.phash)
    return groups


def _taught_too(
    exemplars: Iterable[Exemplar], groups: dict[int, int], faces: Sequence[FaceObservation]
) -> dict[int, int]:
    """Return the groups of pictures that were taught as well, each with the drawing's group."""
    drawings = [(e.id, e.phash) for e in exemplars if e.phash]
    hashed = [(face.phash, face.group) for face in faces if face.phash]
    found = copies([phash for phash, _ in hashed], [phash for _, phash in drawings])
    return {hashed[place][1]: groups[drawings[drawing][0]] for place, drawing in found.items()}
