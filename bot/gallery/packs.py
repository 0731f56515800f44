"""Packs: characters with names, aliases and prototype vectors, and no picture.

A pack is one safetensors file. Its prototypes are bound to the backbone that made them; a Moedex
with another one refuses it, as its vectors would mean nothing there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bot.gallery.dataset import match_characters
from bot.storage.records import NewExemplar

if TYPE_CHECKING:
    from pathlib import Path

    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_gallery import Example
    from bot.storage import Storage
    from models.types import Vectors

FORMAT: Final = 1
PROTOTYPES: Final = 4
"""Prototypes of a character at most: the centres of so many clusters of its faces."""


class PackError(Exception):
    """A pack can't be made, read or used; the text says why and what to do."""


@dataclass(frozen=True, eq=False)
class Pack:
    """What a file holds. `vectors`: (m, dimensions); `owners` (m,) names the character of each.

    `characters` are JSON objects with id, name, series, native_name, aliases and `faces`, how many
    labelled faces are behind its prototypes.
    """

    backbone: str
    provenance: str
    characters: tuple[dict[str, Any], ...]
    vectors: Vectors
    owners: tuple[int, ...]


def make_pack(
    examples: Sequence[Example], roster: ServerRoster, backbone: str, provenance: str
) -> Pack:
    """Make a pack of a server's characters from its labelled faces. Raises PackError for none."""
    from models.training.head import clusters

    stacks: dict[str, list[Vectors]] = {}
    for example in examples:
        if example.label in roster.characters:
            stacks.setdefault(example.label, []).append(example.vector)
    if not stacks:
        raise PackError("There is no labelled face of a character to make a pack of.")
    characters: list[dict[str, Any]] = []
    vectors: list[Vectors] = []
    owners: list[int] = []
    for key, own in sorted(stacks.items()):
        character = roster.characters[key]
        centres = clusters(np.stack(own), PROTOTYPES)
        vectors.append(centres)
        owners += [len(characters)] * len(centres)
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
        "prototypes": np.ascontiguousarray(pack.vectors, np.float16),
        "owners": np.array(pack.owners, np.int32),
    }
    try:
        file.write_bytes(save(tensors, {"moedex": json.dumps(about)}))
    except OSError as error:
        raise PackError(f"{file} can't be written ({error.strerror}).") from error


def read_pack(file: Path) -> Pack:
    """Read a pack. Raises PackError."""
    try:
        with safe_open(file, "numpy") as opened:
            about = json.loads(opened.metadata()["moedex"])
            vectors = opened.get_tensor("prototypes").astype(np.float32)
            owners = tuple(int(owner) for owner in opened.get_tensor("owners"))
        characters = tuple(
            {"native_name": "", "aliases": [], "faces": 0}
            | {key: character[key] for key in ("id", "name", "series")}
            | character
            for character in about["characters"]
        )
        newer = about["format"] != FORMAT
        if any(not 0 <= owner < len(characters) for owner in owners) or len(owners) != len(vectors):
            raise ValueError("its prototypes belong to nobody")
        pack = Pack(about["backbone"], about["provenance"], characters, vectors, owners)
    except FileNotFoundError:
        raise PackError(f"There is no file {file}.") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise PackError(f"{file} is not a sound Moedex pack ({error}).") from error
    if newer:
        raise PackError(f"{file} was made by a newer Moedex: upgrade first.")
    return pack


async def load_pack(
    storage: Storage, server_id: int, roster: ServerRoster, pack: Pack, backbone: str
) -> int:
    """Give a server a pack's characters, in one act that can be undone; return how many.

    Raises PackError for a pack of another backbone.
    """
    if pack.backbone != backbone:
        raise PackError(
            f"This pack was made with the backbone {pack.backbone}, this one has {backbone}: its "
            "vectors mean nothing here. Ask for one made with the same version of Moedex."
        )
    ids, rows = match_characters(pack.characters, roster)
    present = await storage.galleries.aliases(server_id)
    aliases: dict[str, tuple[str, ...]] = {}
    for character in pack.characters:
        key = ids[character["id"]]
        # Another's name stays another's: an alias that is taken here is left out.
        free = [a for a in character["aliases"] if roster.index.resolve(a) is None]
        aliases[key] = (*aliases.get(key, present.get(key, ())), *free)
    now = datetime.now(UTC)
    await storage.galleries.change(
        server_id, "pack", 0, f"loaded a pack of {len(ids)} characters", now,
        characters=rows,
        aliases=aliases,
        exemplars=[
            NewExemplar(
                ids[pack.characters[owner]["id"]], 0, "pack", vector, backbone, now,
                provenance=f"pack: {pack.provenance}, "
                f"{pack.characters[owner]['faces']} faces"[:200],
            )
            for vector, owner in zip(pack.vectors, pack.owners, strict=True)
        ],
    )  # fmt: skip
    return len(ids)
