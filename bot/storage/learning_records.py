"""What the storage of learning hands out and takes in: frozen records, no rows, no sessions.

Vectors are (dimensions,) float32 here and half precision in the database; `backbone` is the hash of
the backbone that made them, and only vectors of one backbone may be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.types import Box

Vector = NDArray[np.float32]

LabelState = Literal["open", "settled", "disputed"]
CharacterState = Literal["active", "forgotten", "merged"]
ActionKind = Literal["teach", "alias", "rename", "merge", "forget", "pack"]
ProposalState = Literal["waiting", "accepted"]
VersionState = Literal["current", "kept", "rejected"]
ExemplarSource = Literal["teach", "pack"]
SourceKind = Literal["sighting", "exemplar"]


@dataclass(frozen=True, slots=True)
class NewSighting:
    """A face that was answered, about to be kept.

    `box` is in shares of the picture's width and height (0 to 1). `guesses` are JSON objects with
    `id` and `probability`, best first. `hidden` is true for a spoilered picture and one from an
    age-restricted channel. `crop` is a file name in the crop folder. `group_id` is the group of
    near-duplicates it belongs to, None where it is the first of its kind.
    """

    server_id: int
    channel_id: int
    message_id: int
    reply_id: int
    face_index: int
    author_id: int
    phash: str
    box: Box
    guesses: tuple[dict[str, Any], ...]
    unknown: bool
    model_version: str
    hidden: bool
    at: datetime
    group_id: int | None = None
    crop: str | None = None
    vector: Vector | None = field(default=None, repr=False, compare=False)
    backbone: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting(NewSighting):
    """A kept sighting with its number."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """What a sighting's votes amount to. `decided_by` is a moderator, None for a consensus."""

    sighting_id: int
    server_id: int
    state: LabelState
    label: str | None
    decided_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One step of a label's trail; `user_id` is None where votes of members did it."""

    sighting_id: int
    before: str | None
    after: str | None
    user_id: int | None
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SettledFace:
    """How a face was answered and what it turned out to be; as `/stats` needs it.

    `guess` is the id of the best guess and `probability` (0 to 1) what was stated of it; `named` is
    whether it was given as the name, rather than as the nearest of an unknown face.
    """

    at: datetime
    guess: str
    probability: float
    named: bool
    label: str
    channel_id: int
    hidden: bool
    crop: str | None


@dataclass(frozen=True, slots=True)
class ServerCharacter:
    """A character of a server's own (`own`), or what the server changed about a shipped one."""

    id: str
    name: str
    series: str = ""
    native_name: str = ""
    own: bool = True
    state: CharacterState = "active"
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class NewExemplar:
    """A taught drawing or a pack's prototype, about to be kept; `crop` is a file name."""

    character_id: str
    user_id: int
    source: ExemplarSource
    vector: Vector = field(repr=False, compare=False)
    backbone: str
    at: datetime
    provenance: str = ""
    phash: str | None = None
    crop: str | None = None


@dataclass(frozen=True, slots=True)
class Exemplar(NewExemplar):
    """A kept exemplar with its number."""

    id: int = 0
    server_id: int = 0


@dataclass(frozen=True, slots=True)
class GalleryAction:
    """What was done to a gallery; `undone_by` is None while it stands."""

    id: int
    server_id: int
    kind: ActionKind
    user_id: int
    summary: str
    undone_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a member proposed; `arguments` are those of the command."""

    id: int
    server_id: int
    user_id: int
    kind: ActionKind
    arguments: dict[str, Any]
    state: ProposalState
    decided_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a server's head. `head` is its safetensors file, `report` what was measured."""

    id: int
    server_id: int
    number: int
    state: VersionState
    backbone: str
    head: bytes = field(repr=False)
    report: dict[str, Any]
    at: datetime


def pack_vector(vector: Vector) -> bytes:
    """Return a vector as it is stored: half precision, little-endian."""
    return np.asarray(vector, dtype="<f2").tobytes()


def unpack_vector(data: bytes) -> Vector:
    """Read a stored vector, and give it unit length again; rounding took a little of it."""
    vector = np.frombuffer(data, dtype="<f2").astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
