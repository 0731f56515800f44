"""The labelled pictures that the embedding learns from, and their near-duplicate groups.

A data folder holds `characters/<id>/*` (one face a picture), optionally `icons/<id>/*` and
`stickers/<id>/*` (further classes, never names), `three_lookalikes/train_96px/<id>/*` (faces cut
more tightly than the rest: without them tight crops are named by other tight ones), `posts/` with
`posts.csv` (whole pictures; parts of them without a head are the class "no face"), and
`pictures.csv` with known near-duplicate groups. A folder of nothing but `character/picture` folders
works too.
"""

from __future__ import annotations

import csv
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.detection.boxes import squared
from models.images.crops import crop_face
from models.images.decoding import LOCAL_LIMITS, PictureError, decode
from models.images.hashing import NEAR, perceptual_hash
from models.roster.spelling import can_be_read
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from models.types import Pixels

log = logging.getLogger(__name__)

Kind = Literal["character", "icon", "sticker", "no_face"]

CACHED_SIDE: Final = 192
"""Pictures are kept in memory at most this large, in pixels of the longer side."""

ONE_FRAME: Final = replace(LOCAL_LIMITS, frames=1)
"""Of an animation the first frame is the sample."""

NO_NAME: Final = "a folder's name needs at least one letter or digit"

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"})
_KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    ("characters", "character"),
    ("icons", "icon"),
    ("stickers", "sticker"),
    ("three_lookalikes/train_96px", "character"),
)


class DatasetError(Exception):
    """The folder holds nothing to learn from; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of one class.

    `label` is the class: the folder's name, with the kind before it for icons and stickers
    (`icon/nian`). `group` is the near-duplicate group. `pixels` is square-free RGB, at most
    `CACHED_SIDE` on the longer side.
    """

    file: str
    label: str
    kind: Kind
    group: int
    source: str
    phash: int
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Dataset:
    """All readable samples, and the files that were skipped with the reason."""

    samples: tuple[Sample, ...]
    skipped: tuple[tuple[str, str], ...]


def load_dataset(root: Path, *, backgrounds: bool = True, seed: int = 0) -> Dataset:
    """Read every picture below `root`; unreadable files are listed and skipped.

    Raises DatasetError where there is no picture at all.
    """
    found = list(_files(root))
    listed = [item for item in found if can_be_read(item[0].parent.name)]
    if not listed:
        raise DatasetError(
            f"{root} holds no pictures; expected character/picture folders, "
            "or a folder characters/ of them"
        )
    given = _given_groups(root)
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(lambda item: read_sample(item[0]), listed))
    rows: list[tuple[str, str, Kind, str, int, Pixels]] = []
    skipped: list[tuple[str, str]] = []
    for path in sorted({item[0].parent for item in found} - {item[0].parent for item in listed}):
        skipped.append((path.relative_to(root).as_posix(), NO_NAME))
        log.warning("skipped %s: %s", *skipped[-1])
    for (path, label, kind), result in zip(listed, read, strict=True):
        file = path.relative_to(root).as_posix()
        if isinstance(result, str):
            skipped.append((file, result))
            log.warning("skipped %s: %s", file, result)
            continue
        rows.append((file, label, kind, given.get(file, ("", ""))[1], result[1], result[0]))
    groups = near_duplicate_groups(
        [row[4] for row in rows], [given.get(row[0], ("", ""))[0] for row in rows]
    )
    samples = [
        Sample(file, label, kind, group, source, phash, pixels)
        for (file, label, kind, source, phash, pixels), group in zip(rows, groups, strict=True)
    ]
    if backgrounds:
        samples += non_face_samples(root, max(groups) + 1, seed)
    return Dataset(tuple(samples), tuple(skipped))


def _files(root: Path) -> Iterable[tuple[Path, str, Kind]]:
    kinds: list[tuple[Path, Kind]] = [
        (root / folder, kind) for folder, kind in _KINDS if (root / folder).is_dir()
    ]
    plain: list[tuple[Path, Kind]] = [(root, "character")]
    for folder, kind in kinds or plain:
        for path in sorted(folder.glob("*/*")):
            if path.suffix.lower() in PICTURE_SUFFIXES:
                name = path.parent.name
                yield path, name if kind == "character" else f"{kind}/{name}", kind


def _given_groups(root: Path) -> dict[str, tuple[str, str]]:
    """`pictures.csv`: file -> (group, source)."""
    path = root / "pictures.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            f"characters/{row['file']}": (row["near_duplicate_group"], row["source"])
            for row in csv.DictReader(file)
        }


def read_sample(path: Path, side: int = CACHED_SIDE) -> tuple[Pixels, int] | str:
    """Read a picture as the bot does; return its pixels and perceptual hash, or what is wrong.

    The longer side is shrunk to at most `side` pixels.
    """
    try:
        (whole,) = decode(path.read_bytes(), path.name, ONE_FRAME).frames
    except (OSError, PictureError) as error:
        return str(error)
    image = Image.fromarray(whole)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels, int(perceptual_hash(pixels), 16)


def near_duplicate_groups(hashes: Sequence[int], given: Sequence[str] | None = None) -> list[int]:
    """Number the near-duplicate groups: equal given groups, and hashes within `NEAR` bits.

    Groups are the connected components, numbered from 0 in order of their first member.
    """
    first: dict[str, int] = {}
    pairs = [(first.setdefault(name, i), i) for i, name in enumerate(given or ()) if name]
    codes = np.array(hashes, np.uint64)
    for index in range(len(codes)):
        near = np.bitwise_count(codes[index + 1 :] ^ codes[index]) <= NEAR
        pairs += [(index, index + 1 + int(other)) for other in np.flatnonzero(near)]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    shape = len(codes), len(codes)
    graph = coo_array((np.ones(len(pairs), np.int8), (rows, columns)), shape)
    components = connected_components(graph, directed=False)[1]
    numbers: dict[int, int] = {}
    return [numbers.setdefault(component, len(numbers)) for component in components.tolist()]


def non_face_samples(
    root: Path, first_group: int = 0, seed: int = 0, per_post: int = 4
) -> list[Sample]:
    """Cut squares without a head out of the posts: the class "no face", one group a post.

    Empty where the folder has no posts with boxes.
    """
    if not (root / "posts.csv").is_file():
        return []
    rng = np.random.default_rng(seed)
    samples: list[Sample] = []
    for number, (name, result, heads) in enumerate(_posts(root)):
        height, width = result.shape[:2]
        for _ in range(per_post):
            side = int(rng.uniform(0.08, 0.35) * min(height, width))
            x = int(rng.integers(0, width - side))
            y = int(rng.integers(0, height - side))
            if side < 24 or any(_touches((x, y, x + side, y + side), head) for head in heads):
                continue
            scale = min(side, 128)
            part = cv2.resize(
                result[y : y + side, x : x + side], (scale, scale), interpolation=cv2.INTER_AREA
            )
            file_name = f"posts/{name}#{x},{y},{side}"
            group = first_group + number
            pixels = np.asarray(part, np.uint8)
            samples.append(Sample(file_name, "no_face", "no_face", group, "posts", 0, pixels))
    return samples


def post_faces(root: Path, characters: Collection[str]) -> list[Sample]:
    """Cut the face out of each post of one of `characters` that shows just one, as in use.

    Many posts are the whole pictures of crops in `characters/`; which ones is not known, so these
    samples are no part of `load_dataset` and its split: only what holds nothing out learns them.
    Their groups are negative.
    """
    if not (root / "posts.csv").is_file():
        return []
    return [
        Sample(
            f"posts/{name}",
            name.split("/")[0],
            "character",
            -1 - number,
            "posts",
            0,
            crop_face(pixels, squared(Box(*heads[0])), CACHED_SIDE),
        )
        for number, (name, pixels, heads) in enumerate(_posts(root))
        if len(heads) == 1 and name.split("/")[0] in characters
    ]


def _posts(root: Path) -> Iterator[tuple[str, Pixels, list[list[float]]]]:
    """The readable posts with a head: file below `posts/`, picture, head boxes."""
    with (root / "posts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    for name, _, _, boxes in rows:
        heads = [[float(v) for v in box.split(",")[:4]] for box in boxes.split()]
        pixels = _read_whole(root / "posts" / name) if heads else None
        if pixels is not None:
            yield name, pixels, heads


def _read_whole(path: Path) -> Pixels | None:
    try:
        return decode(path.read_bytes(), path.name, ONE_FRAME).frames[0]
    except (OSError, PictureError):
        return None


def _touches(square: tuple[int, int, int, int], head: Sequence[float]) -> bool:
    return (
        square[0] < head[2] and head[0] < square[2] and square[1] < head[3] and head[1] < square[3]
    )


def labels_of(samples: Iterable[Sample]) -> tuple[str, ...]:
    """The classes in a fixed order: characters, icons, stickers, "no face", each by name."""
    order = {"character": 0, "icon": 1, "sticker": 2, "no_face": 3}
    return tuple(
        label for _, label in sorted({(order[sample.kind], sample.label) for sample in samples})
    )


def class_indices(samples: Sequence[Sample], labels: Sequence[str]) -> NDArray[np.int32]:
    """The class number of each sample, (n,) int32."""
    number = {label: index for index, label in enumerate(labels)}
    return np.array([number[sample.label] for sample in samples], np.int32)
