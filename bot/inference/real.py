"""The stages of the real models. Importing this imports OpenCV and LiteRT."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bot.inference.drawing import draw_answer
from bot.inference.stages import FoundFaces, StagesError
from models.detection.boxes import best_faces
from models.embedding.embedder import EMBEDDING_FILE, Embedder, version_of
from models.gallery.expectation import expected
from models.gallery.gallery import Gallery
from models.gallery.impostors import IMPOSTORS_FILE, fitting_impostors
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.scoring import scores
from models.gallery.tuning import tuned
from models.identify import Identifier, detection_side
from models.images.decoding import PictureLimits, decode
from models.images.hashing import perceptual_hash
from models.images.resizing import halved
from models.roster.roster import Roster, load_roster
from models.weight_files import WEIGHTS, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.config import Config
    from bot.inference.results import Drawing, FacePictures, IdentifiedPicture
    from models.gallery.expectation import Expectation
    from models.gallery.policy import NamingPolicy
    from models.types import NamedFace, Vector, Vectors

MOST_FACES: Final = 100
"""Faces that are counted in a picture, beyond those that are named."""

_TAGGED_SIDE: Final = 1600
"""Pixels of a frame's longer side, or more, that a tagger has to look at."""


class RealStages:
    """Runs the models on one picture at a time, and the embedder on many."""

    def __init__(self, config: Config, identifier: Identifier, weights: Path = WEIGHTS) -> None:
        self._config = config
        self._identifier = identifier
        self._weights = weights
        identifier.warm_up()  # the first picture must not pay for it
        self._limits = PictureLimits(
            max_bytes=config.pictures.max_bytes,
            max_pixels=config.pictures.max_pixels,
            frames=config.pictures.frames,
        )
        self._faces = config.pictures.faces
        self._answers = config.answers
        self._side = max(config.answers.side, _TAGGED_SIDE if config.tagger.model else 0)
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
        watch = _Stopwatch()
        picture = decode(data, name, self._limits, enough=detection_side)
        watch.lap("decode")
        found = self._identifier.find(picture, MOST_FACES)
        faces = best_faces(found, self._faces)
        watch.lap("detect")
        # The other frames, and pixels that no answer shows, are let go.
        frames = {
            index: halved(picture.frames[index], self._side) for index in {f.frame for f in faces}
        }
        phash = perceptual_hash(picture.frames[0])
        sha256 = hashlib.sha256(data).hexdigest()
        watch.lap("crop")
        if not self._identifier.suffices(picture, faces):
            picture = decode(data, name, self._limits)
            watch.lap("decode")
        crops = self._identifier.crops(picture, faces)
        watch.lap("crop")
        return FoundFaces(
            picture.width,
            picture.height,
            frames,
            tuple(faces),
            crops,
            phash,
            sha256,
            watch.seconds,
            len(found) - len(faces),
        )

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


class _Stopwatch:
    """Seconds by stage; a stage may come several times."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as `stage`'s."""
        now = time.perf_counter()
        self.seconds[stage] += now - self._since
        self._since = now
