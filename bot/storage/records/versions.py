"""A version of a server's head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

VersionState = Literal["current", "kept", "rejected"]
SourceKind = Literal["face", "exemplar"]


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
