"""Packs: characters with names, aliases and centroids, and no picture.

A pack is one safetensors file. Its centroids are bound to the backbone that made them; a Moedex
with another one refuses it, as its vectors would mean nothing there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from pydantic import BaseModel, StringConstraints
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from models.gallery.clustering import centroids_of
from models.gallery.examples import stacks_of
from models.gallery.former_names import with_present_names
from models.roster.spelling import can_be_read

if TYPE_CHECKING:
    from pathlib import Path

    from models.gallery.examples import Example
    from models.types import Character, Vectors

FORMAT: Final = 1
_MOST_BYTES: Final = 512 * 2**20
"""Some hundred thousand characters."""
CENTROIDS: Final = 4
"""Centroids of a character at most: those of so many clusters of its faces."""


_Text = Annotated[str, StringConstraints(max_length=500)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PackError(Exception):
    """A pack can't be made, read or used; the text says why and what to do."""


class WrittenCharacter(BaseModel):
    """A character as packs and datasets write it; what somebody else wrote is checked by it."""

    id: _Name
    name: _Name
    series: _Text
    native_name: _Text = ""
    aliases: tuple[_Text, ...] = ()
    faces: int = 0


class _About(BaseModel):
    format: int
    backbone: _Text
    provenance: _Text
    characters: tuple[WrittenCharacter, ...]


@dataclass(frozen=True, eq=False)
class Pack:
    """What a file holds. `vectors`: (m, dimensions); `owners` (m,) names the character of each.

    `characters` are JSON objects with id, name, series, native_name, aliases and `faces`, how many
    labelled faces are behind its centroids.
    """

    backbone: str
    provenance: str
    characters: tuple[dict[str, Any], ...]
    vectors: Vectors
    owners: tuple[int, ...]


def make_pack(
    examples: Sequence[Example],
    named: Mapping[str, Character],
    backbone: str,
    provenance: str,
) -> Pack:
    """Make a pack of the characters of `named`, by id, from their labelled faces.

    Raises PackError where there is none.
    """
    stacks = stacks_of(examples, named)
    if not stacks:
        raise PackError("There is no labelled face of a character to make a pack of.")
    characters: list[dict[str, Any]] = []
    vectors: list[Vectors] = []
    owners: list[int] = []
    for key, own in stacks.items():
        character = named[key]
        centroids = centroids_of(own, CENTROIDS)
        vectors.append(centroids)
        owners += [len(characters)] * len(centroids)
        characters.append(
            {
                "id": key,
                "name": character.name,
                "series": character.series,
                "native_name": character.native_name,
                "aliases": list(character.aliases),
                "faces": len(own),
            }
        )
    return Pack(backbone, provenance, tuple(characters), np.concatenate(vectors), tuple(owners))


def write_pack(pack: Pack, file: Path) -> None:
    """Write a pack, vectors in half precision. Raises PackError where the file can't be written."""
    about = {
        "format": FORMAT,
        "backbone": pack.backbone,
        "provenance": pack.provenance,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "characters": list(pack.characters),
    }
    tensors = {
        "centroids": np.ascontiguousarray(pack.vectors, np.float16),
        "owners": np.array(pack.owners, np.int32),
    }
    try:
        file.write_bytes(save(tensors, {"moedex": json.dumps(about)}))
    except OSError as error:
        raise PackError(f"{file} can't be written ({error.strerror}).") from error


def read_pack(file: Path) -> Pack:
    """Read a pack. Raises PackError."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise PackError(f"{file} is far too large for a pack.")
        with safe_open(file, "numpy") as opened:
            about = _About.model_validate_json(opened.metadata()["moedex"])
            held = with_present_names({name: opened.get_tensor(name) for name in opened.keys()})  # noqa: SIM118
        vectors = held["centroids"].astype(np.float32)
        owners = tuple(int(owner) for owner in held["owners"])
        characters = tuple(character.model_dump() for character in about.characters)
        newer = about.format != FORMAT
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise ValueError("its centroids are no vectors")
        if not all(can_be_read(character.name) for character in about.characters):
            raise ValueError("a name in it has neither a letter nor a digit")
        if any(not 0 <= owner < len(characters) for owner in owners) or len(owners) != len(vectors):
            raise ValueError("its centroids belong to nobody")
        pack = Pack(about.backbone, about.provenance, characters, vectors, owners)
    except FileNotFoundError:
        raise PackError(f"There is no file {file}.") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise PackError(f"{file} is not a sound Moedex pack ({error}).") from error
    if newer:
        raise PackError(f"{file} was made by a newer Moedex: upgrade first.")
    return pack
