"""Taught drawings and the centroids of packs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from models.types import Vector

ExemplarSource = Literal["teach", "pack"]


@dataclass(frozen=True, slots=True)
class NewExemplar:
    """A taught drawing or a pack's centroid, about to be kept; `crop` is a file name."""

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
