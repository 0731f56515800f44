"""A version of a server's head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from models.gallery.comparison import Comparisons

if TYPE_CHECKING:
    from datetime import datetime

VersionState = Literal["current", "kept", "rejected"]
SourceKind = Literal["face", "exemplar"]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a version was trained on, what was measured, and why it was promoted or not.

    `fingerprint` is a hash of what it was trained on. `examples` are the server's labelled faces,
    `held_out` those of them that only measure, `shared` those of other servers; `shipped_vectors`
    are trained on beside them. `summary` says in sentences what came of the tests, `reasons` says
    more. `current` and `first` compare it with the version that answered and with the one before
    any training.
    """

    fingerprint: str = ""
    examples: int = 0
    shared: int = 0
    held_out: int = 0
    characters: int = 0
    shipped_vectors: int = 0
    seconds: float = 0.0
    promoted: bool = False
    summary: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    current: Comparisons = field(default_factory=dict)
    first: Comparisons = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a server's head; `head` is its safetensors file."""

    id: int
    server_id: int
    number: int
    state: VersionState
    backbone: str
    head: bytes = field(repr=False)
    report: TrainingReport
    at: datetime
