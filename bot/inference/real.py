"""The stages of the real models. Importing this imports OpenCV and LiteRT."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.inference.drawing import draw_answer
from bot.inference.finding import Finding, Intake
from bot.inference.stages import StagesError
from models.embedding.embedder import EMBEDDING_FILE, Embedder, version_of
from models.gallery.expectation import expected
from models.gallery.gallery import Gallery
from models.gallery.impostors import IMPOSTORS_FILE, fitting_impostors
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.scoring import scores
from models.gallery.tuning import tuned
from models.identify import Identifier
from models.roster.roster import Roster, load_roster
from models.weight_files import WEIGHTS, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.config import Config
    from bot.inference.results import Drawing, FacePictures, IdentifiedPicture
    from bot.inference.stages import FoundFaces
    from models.gallery.expectation import Expectation
    from models.gallery.policy import NamingPolicy
    from models.types import NamedFace, Vector, Vectors


class RealStages:
    """Runs the models on one picture at a time, and the embedder on many."""

    def __init__(self, config: Config, identifier: Identifier, weights: Path = WEIGHTS) -> None:
        self._config = config
        self._identifier = identifier
        self._weights = weights
        identifier.warm_up()  # the first picture must not pay for it
        self._finding = Finding(identifier, Intake.of(config))
        self._answers = config.answers
        self.model_version = self._identifier.model_version
        self.gallery = self._identifier.namer.gallery
        self.characters = self.gallery.characters
        self.roster: Roster | None = load_roster()
        self.backbone = self._identifier.embedder.version
        self.side = self._identifier.embedder.side
        self._impostors = fitting_impostors(self.backbone, weights / IMPOSTORS_FILE.name)

    @classmethod
    def load(cls, config: Config) -> RealStages:
        """Load the production model."""
        cascade = config.inference.cascade
        detector = config.inference.detector
        return cls(config, Identifier.load(detector, Path(cascade) if cascade else None))

    def tuned(self, gallery: Gallery) -> Gallery:
        """Hold a server's gallery against the faces of reserved identities."""
        return tuned(gallery, self._identifier.namer, self._impostors)

    def expected(
        self, gallery: Gallery, character_id: str, samples: Sequence[Vector]
    ) -> Expectation | None:
        """Tell by the faces of reserved identities how often a character will be named."""
        if self._impostors is None or not samples:
            return None
        namer, own = self._identifier.namer, np.stack(samples)
        return expected(namer, gallery, character_id, own, self._impostors)

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Decode, find the faces and crop them. Raises PictureError."""
        return self._finding.find(data, name)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Embed the crops of several pictures in one batch."""
        vectors = self._identifier.embed(np.concatenate(crops))
        ends = np.cumsum([len(each) for each in crops])
        return np.split(vectors, ends[:-1])

    def name(
        self, found: FoundFaces, vectors: Vectors, gallery: Gallery | None, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Name the faces of one picture."""
        return tuple(self._identifier.name(found.faces, found.crops, vectors, gallery, policy))

    def compare(
        self, vectors: Vectors, gallery: Gallery | None, character_ids: Sequence[str]
    ) -> NDArray[np.float32]:
        """Return the scores of vectors for some characters."""
        among = gallery or self.gallery
        every = scores(vectors, among, self._identifier.namer.scoring)
        places = {character.id: place for place, character in enumerate(among.characters)}
        result = np.full((len(vectors), len(character_ids)), np.nan, np.float32)
        for column, character_id in enumerate(character_ids):
            if character_id in places:
                result[:, column] = every[:, places[character_id]]
        return result

    def draw(
        self,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        shown: FacePictures,
        max_bytes: int,
    ) -> Drawing:
        """Draw what an answer shows; see `InferenceWorker.draw`."""
        return draw_answer(
            pictures,
            shown=shown,
            max_bytes=max_bytes,
            side=self._answers.side,
            picture_format=self._answers.format,
        )

    def save_pair(self, folder: Path) -> None:
        """Copy the weights of embedding and names. Raises OSError, also where they changed."""
        for file in (EMBEDDING_FILE, NAMING_FILE):
            shutil.copyfile(self._weights / file.name, folder / file.name)
        impostors = self._weights / IMPOSTORS_FILE.name
        if impostors.is_file():
            shutil.copyfile(impostors, folder / impostors.name)
        if version_of(folder / EMBEDDING_FILE.name) != self.backbone:
            raise OSError("the weights were exchanged since they were loaded")

    def load_pair(self, folder: Path) -> RealStages:
        """Load kept weights; the detector is the one there is. Raises StagesError."""
        try:
            embedder = Embedder.load(folder / EMBEDDING_FILE.name)
            namer = Namer.load(folder / NAMING_FILE.name)
        except WeightsError as error:
            raise StagesError(str(error)) from error
        return RealStages(
            self._config, Identifier(self._identifier.detector, embedder, namer), folder
        )
