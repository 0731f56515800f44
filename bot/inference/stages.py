"""What the worker's threads do: the models' functions, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bot.inference.results import Drawing, FacePictures, IdentifiedPicture
    from models.gallery.expectation import Expectation
    from models.gallery.gallery import Gallery
    from models.gallery.policy import NamingPolicy
    from models.roster.roster import Roster
    from models.types import Character, Face, NamedFace, Pixels, Vector, Vectors


class StagesError(Exception):
    """A pair of backbone and names can't be loaded; the text says why."""


@dataclass(frozen=True, slots=True)
class FoundFaces:
    """A picture taken in: `frames` are those with faces, made smaller, `crops` (n, side, side, 3).

    `more` counts faces beyond `faces`.
    """

    width: int
    height: int
    frames: Mapping[int, Pixels]
    faces: tuple[Face, ...]
    crops: NDArray[np.uint8]
    phash: str
    sha256: str
    seconds: dict[str, float]
    more: int = 0


class Stages(Protocol):
    """The steps of a picture's way. Every method runs in a worker thread and may be slow."""

    model_version: str
    characters: tuple[Character, ...]
    roster: Roster | None
    """Who there is besides those that can be named; None where nobody else is known."""
    backbone: str
    """The hash of what makes vectors; those of two backbones don't compare."""
    side: int
    """Pixels of the square crops that `embed` takes."""

    @property
    def gallery(self) -> Gallery | None:
        """The production model's gallery; None where servers can't have their own."""
        ...

    def tuned(self, gallery: Gallery) -> Gallery:
        """Return a server's gallery with what it asks of a name fitted to unknown identities."""
        ...

    def expected(
        self, gallery: Gallery, character_id: str, samples: Sequence[Vector]
    ) -> Expectation | None:
        """Return how often a gallery will name a character of it; None where nobody can tell.

        `samples` are the character's own vectors that it holds.
        """
        ...

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Decode, find the faces and crop them. Raises PictureError."""
        ...

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Embed the crops of several pictures at once; one array a picture."""
        ...

    def name(
        self, found: FoundFaces, vectors: Vectors, gallery: Gallery | None, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Name the faces of one picture."""
        ...

    def compare(
        self, vectors: Vectors, gallery: Gallery | None, character_ids: Sequence[str]
    ) -> NDArray[np.float32]:
        """Return the scores of vectors, (n, d), for some characters, (n, characters) float32.

        Not a number stands for who is not in the gallery.
        """
        ...

    def draw(
        self,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        shown: FacePictures,
        max_bytes: int,
    ) -> Drawing:
        """Draw the pictures of an answer; see `InferenceWorker.draw`."""
        ...

    def save_pair(self, folder: Path) -> None:
        """Write what vectors and names are made by into a folder. Raises OSError."""
        ...

    def load_pair(self, folder: Path) -> Stages:
        """Return stages that run on a pair that `save_pair` wrote. Raises StagesError."""
        ...
