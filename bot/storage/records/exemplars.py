"""Taught drawings and the centroids of packs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from models.types import Vector

ExemplarSource = Literal["teach", "pack"]


_POSTED = re.compile(r"message (\d+)/(\d+)(?:/(\d+))?")


def posted_in(channel_id: int, message_id: int, file_id: int) -> str:
    """Return the provenance of a drawing that was taught from a file of a posted message."""
    return f"message {channel_id}/{message_id}/{file_id}"


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

    @property
    def posted(self) -> tuple[int, int] | None:
        """The channel and message that it was posted in; None where it was handed over."""
        found = _POSTED.fullmatch(self.provenance)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def file_id(self) -> int | None:
        """The posted file; None too where it was taught before that was kept."""
        found = _POSTED.fullmatch(self.provenance)
        return int(found[3]) if found and found[3] else None
