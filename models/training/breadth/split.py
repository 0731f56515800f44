"""The split of the breadth run: what the held-out model never trains on, and what that measures.

- `train`: trained on, and enrolled in the gallery.
- `second`: a picture in another style of 400 characters whose other pictures are enrolled (1-shot).
- `fan`: fan art of the 30 characters that `models.training.split` leaves out, of whom at most two
  portraits are enrolled (1-shot, and with fan art enrolled).
- `known`: held-out fan art of characters with many pictures, as in that split.
- `icons`: official icons that it leaves out.
- `reserved`: all pictures of the reserved identities, which are nowhere in the gallery.
- `dropped`: near-duplicates of these, further portraits of `fan`.

The run starts from the held-out model (`models/weights/held_out`), which saw nothing of `known`,
`fan`, `icons`, nor of any of the folders `portraits/` and `varied/`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from models.images.hashing import NEAR
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from models.training.breadth.faces import Face

HELD_OUT_SPLIT: Final = WEIGHTS / "held_out" / "split.json"
"""The files of each part of the split of the held-out model; in a checkout alone."""

SECOND_PICTURES: Final = 400
"""Characters of whom one picture in another style is held out."""

FAN_PORTRAITS: Final = 2
"""So many portraits at most are known of a character whose fan art is held out."""

OTHER_STYLES: Final = frozenset(
    {
        "anime still",
        "wiki still",
        "card game portrait A",
        "card game portrait B",
        "trading card",
        "game art",
        "game icon",
    }
)
"""Sources that are rather held out than enrolled, as people post these rather than portraits."""

SAME: Final = 3
"""Differing bits up to which pictures of different characters count as one picture."""


def split_roles(
    faces: Sequence[Face],
    former: Mapping[str, Collection[str]],
    reserved: Collection[str],
    seed: int = 0,
) -> list[str]:
    """Give each face its role. `former`: the files of each part of `models.training.split`."""
    former_role = {
        file: role
        for part, role in (
            ("train", "train"),
            ("known", "known"),
            ("unseen", "fan"),
            ("impostors", "fan"),
            ("icons", "icons"),
        )
        for file in former[part]
    }
    roles = [_first_role(face, former_role, reserved) for face in faces]
    own: dict[str, list[int]] = defaultdict(list)
    for index, face in enumerate(faces):
        own[face.identity].append(index)
    for identity in {faces[i].identity for i, role in enumerate(roles) if role == "fan"}:
        portraits = [i for i in own[identity] if roles[i] == "train"]
        for index in portraits[FAN_PORTRAITS:]:
            roles[index] = "dropped"
    hashes = np.array([face.phash for face in faces], np.uint64)
    for index in _second_pictures(faces, own, hashes, roles, seed):
        roles[index] = "second"
    _drop_duplicates(own, hashes, roles)
    return roles


def _first_role(face: Face, former: Mapping[str, str], reserved: Collection[str]) -> str:
    if face.identity in reserved or face.identity.removeprefix("icon/") in reserved:
        return "reserved" if face.folder in ("portraits", "varied") else "dropped"
    if face.folder in ("portraits", "varied"):
        return "train"
    return former.get(face.file, "dropped")


def _second_pictures(
    faces: Sequence[Face],
    own: Mapping[str, Sequence[int]],
    hashes: np.ndarray,
    roles: Sequence[str],
    seed: int,
) -> list[int]:
    """One picture each of `SECOND_PICTURES` characters that are in `portraits/` alone."""
    rng = np.random.default_rng(seed)
    candidates = [
        identity
        for identity, members in sorted(own.items())
        if all(faces[i].folder == "portraits" and roles[i] == "train" for i in members)
        and len({faces[i].source for i in members}) > 1
    ]
    chosen: list[int] = []
    for identity in rng.permutation(np.array(candidates, object)):
        members = list(rng.permutation(own[identity]))
        members.sort(key=lambda i: faces[i].source not in OTHER_STYLES)
        held = members[0]
        near = np.bitwise_count(hashes ^ hashes[held]) <= SAME
        others = [i for i in members if i != held and faces[i].source != faces[held].source]
        alone = near.sum() == 1 and all(
            np.bitwise_count(hashes[i] ^ hashes[held]) > NEAR for i in others
        )
        if others and alone:
            chosen.append(int(held))
        if len(chosen) == SECOND_PICTURES:
            break
    return chosen


def _drop_duplicates(
    own: Mapping[str, Sequence[int]], hashes: np.ndarray, roles: list[str]
) -> None:
    """Drop trained pictures that are nearly a held-out one; of `fan` drop the held-out one."""
    for members in own.values():
        trained = [i for i in members if roles[i] == "train"]
        held = [i for i in members if roles[i] in ("second", "known", "fan")]
        for i in held:
            near = [j for j in trained if np.bitwise_count(hashes[i] ^ hashes[j]) <= NEAR]
            if near and roles[i] == "fan":
                roles[i] = "dropped"
            elif near:
                for j in near:
                    roles[j] = "dropped"
