"""The evaluation split: which groups are held out, which characters are never seen in training.

Deterministic by the seed; shared by `moedex train` and `benchmarks/accuracy.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.training.dataset import Sample

HELD_OUT_SHARE: Final = 0.2
"""The share of each known character's near-duplicate groups that is held out."""

UNSEEN_CHARACTERS: Final = 15
IMPOSTOR_CHARACTERS: Final = 15
MOST_LEFT_OUT: Final = 1 / 4
"""The share of a small folder's characters that may be unseen, and that may be impostors."""
UNSEEN_ICONS: Final = 30
MOST_PICTURES_LEFT_OUT: Final = 66
LEAST_PICTURES_LEFT_OUT: Final = 8


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into the samples.

    `train`: what is learned from. `known`: held-out pictures of characters in `train`, one a
    near-duplicate group. `unseen`, `impostors`, `icons`, `no_face`: pictures of classes, or of
    posts, that `train` has none of.
    """

    train: tuple[int, ...]
    known: tuple[int, ...]
    unseen: tuple[int, ...]
    impostors: tuple[int, ...]
    icons: tuple[int, ...]
    no_face: tuple[int, ...]

    def save(self, path: Path, samples: Sequence[Sample]) -> None:
        """Write each part's files, so that a run can be measured by the very split it was given."""
        parts = {part: [samples[i].file for i in getattr(self, part)] for part in self.__slots__}
        path.write_text(json.dumps(parts, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, samples: Sequence[Sample]) -> Split:
        """Read a saved split; files that are not among `samples` any more are left out."""
        place = {sample.file: index for index, sample in enumerate(samples)}
        parts = json.loads(path.read_text(encoding="utf-8"))
        if "strangers" in parts:  # as runs of former versions call them
            parts["impostors"] = parts.pop("strangers")
        return cls(*(tuple(place[f] for f in parts[p] if f in place) for p in cls.__slots__))


def split_samples(samples: Sequence[Sample], seed: int = 0) -> Split:
    """Split by near-duplicate group; no group has members on both sides.

    Characters with 8 to 66 pictures are candidates for being left out, so that the many pictures of
    the others stay for training.
    """
    rng = np.random.default_rng(seed)
    by_label: dict[str, list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_label[sample.label].append(index)
    candidates = sorted(
        label
        for label, members in by_label.items()
        if samples[members[0]].kind == "character"
        and LEAST_PICTURES_LEFT_OUT <= len(members) <= MOST_PICTURES_LEFT_OUT
    )
    drawn = [candidates[i] for i in rng.permutation(len(candidates))]
    characters = [own for own in by_label.values() if samples[own[0]].kind == "character"]
    most = int(MOST_LEFT_OUT * len(characters))
    first = min(UNSEEN_CHARACTERS, most)
    unseen = set(drawn[:first])
    impostors = set(drawn[first : first + min(IMPOSTOR_CHARACTERS, most)])
    icon_labels = sorted(label for label in by_label if label.startswith("icon/"))
    icons = {icon_labels[i] for i in rng.permutation(len(icon_labels))[:UNSEEN_ICONS]}

    parts: dict[str, list[int]] = defaultdict(list)
    held_groups: set[int] = set()
    for label in sorted(by_label):
        members = by_label[label]
        groups = sorted({samples[i].group for i in members})
        if label in unseen or label in impostors or label in icons:
            held_groups.update(groups)
        elif samples[members[0]].kind in ("character", "no_face"):
            count = round(HELD_OUT_SHARE * len(groups)) if len(groups) >= 3 else 0
            # Each class draws for itself: a picture more of one must not move another's.
            own = np.random.default_rng((seed, *label.encode()))
            held_groups.update(groups[i] for i in own.permutation(len(groups))[:count])
    left_out_names = {part for label in unseen | impostors for part in label.split("_")}
    shown: set[tuple[str, int]] = set()
    for index, sample in enumerate(samples):
        if sample.kind == "sticker" and sample.label.removeprefix("sticker/") in left_out_names:
            continue  # hatsune_miku has stickers too; they must not teach what is left out
        if sample.label in unseen:
            parts["unseen"].append(index)
        elif sample.label in impostors:
            parts["impostors"].append(index)
        elif sample.label in icons:
            parts["icons"].append(index)
        elif sample.group not in held_groups:
            parts["train"].append(index)
        elif sample.kind == "no_face":
            parts["no_face"].append(index)
        elif sample.kind == "character" and (sample.label, sample.group) not in shown:
            shown.add((sample.label, sample.group))
            parts["known"].append(index)
    return Split(
        train=tuple(parts["train"]),
        known=tuple(parts["known"]),
        unseen=tuple(parts["unseen"]),
        impostors=tuple(parts["impostors"]),
        icons=tuple(parts["icons"]),
        no_face=tuple(parts["no_face"]),
    )
