"""Ties the stages together: a picture's faces, their crops, their vectors and their names.

No threads and no event loop in here: the bot's worker calls the stages one by one, so that faces
of many messages share a batch; the command line calls `identify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.boxes import best_faces, reading_order, same_face
from models.detection.registry import AUTO, Detector, load_detector
from models.detection.tiles import stretch
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.gallery import Gallery
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.policy import NamingPolicy
from models.images.crops import MARGIN, crop_face
from models.images.decoding import Picture
from models.images.resizing import halved
from models.types import Box, Face, NamedFace, Pixels, Vectors

MAX_FACES = 16

_DETECTION_SIDE = 1536
"""Larger pictures are halved to this or more before detection, which sees none larger."""

_SAME_PLACE = 0.3
_SAME_COLOURS = 40.0
_SAME_VECTOR = 0.75


class FaceFinder:
    """Finds faces and crops them for an embedder; safe to use from several threads at once.

    `side`: pixels of the square crops.
    """

    def __init__(self, detector: Detector, side: int) -> None:
        self.detector = detector
        self.side = side

    def warm_up(self) -> None:
        """Run the detector once, so that the first picture is as quick as others."""
        self.detector.detect(np.zeros((96, 64, 3), np.uint8))

    def find(self, picture: Picture, max_faces: int = MAX_FACES) -> list[Face]:
        """Return at most `max_faces` faces, in reading order.

        A face that stays where it is through an animation is given once, in its best frame.
        """
        tracks: list[_Track] = []
        faces: list[Face] = []
        for index, frame in enumerate(picture.frames):
            small = halved(frame, detection_side(*frame.shape[:2]))
            scale = max(picture.width, picture.height) / max(small.shape[:2])
            for found in self.detector.detect(small):
                faces.append(Face(found.box.scaled(scale), found.score, index))
                if picture.animated:
                    _follow(tracks, faces[-1], _thumbnail(small, found.box))
        return best_faces(
            [track.best for track in tracks] if picture.animated else faces, max_faces
        )

    def crops(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Return the faces' crops, (n, side, side, 3) uint8 RGB."""
        if not faces:
            return np.empty((0, self.side, self.side, 3), np.uint8)
        return np.stack(
            [
                crop_face(frame, face.box.scaled(frame.shape[1] / picture.width), self.side)
                for face in faces
                for frame in (picture.frames[face.frame],)
            ]
        )

    def suffices(self, picture: Picture, faces: Sequence[Face]) -> bool:
        """Tell whether a picture that was decoded smaller has the pixels that the crops need.

        Where it hasn't, a crop would be enlarged that the file shows sharper.
        """
        scale = picture.frames[0].shape[1] / picture.width
        least = min((face.box.side for face in faces), default=np.inf) * (1 + 2 * MARGIN)
        return scale >= 1 or scale * least >= self.side


class Identifier(FaceFinder):
    """Detector, embedder and namer, loaded once; safe to use from several threads at once."""

    def __init__(self, detector: Detector, embedder: Embedder, namer: Namer) -> None:
        super().__init__(detector, embedder.side)
        self.embedder = embedder
        self.namer = namer
        self.model_version = f"{embedder.version}-{namer.version}"

    @classmethod
    def load(
        cls,
        detector: str = AUTO,
        cascade: Path | None = None,
        weights: Path | None = None,
    ) -> Identifier:
        """Load the installed weights, or those in the folder `weights`.

        `detector`: one of `detector_names`. `cascade`: a cascade file instead of the installed one.

        Raises CascadeError: there is no usable cascade file.
        Raises WeightsError: weights are missing or unreadable.
        """
        embedding = weights / EMBEDDING_FILE.name if weights else None
        naming = weights / NAMING_FILE.name if weights else None
        return cls(load_detector(detector, cascade), Embedder.load(embedding), Namer.load(naming))

    def warm_up(self) -> None:
        """Run the networks once, so that the first picture is answered as quickly as others."""
        super().warm_up()
        self.embedder.warm_up()

    def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        """Return the crops' vectors, (n, dimensions) float32 of unit length."""
        return self.embedder.embed(crops)

    def name(
        self,
        faces: Sequence[Face],
        crops: NDArray[np.uint8],
        vectors: Vectors,
        gallery: Gallery | None = None,
        policy: NamingPolicy | None = None,
        *,
        found: bool = True,
    ) -> list[NamedFace]:
        """Name faces by their vectors; what an animation shows twice is given once.

        `gallery` and `policy` are the installed ones where None. Where the faces were `found` by
        the detector, those whose vector is that of no face are left out. Raises ValueError for
        vectors of another model.
        """
        namings = self.namer.name(vectors, gallery, policy, frames=[face.frame for face in faces])
        named = [
            NamedFace(face, naming.guesses, naming.tier, vector, crop)
            for face, naming, vector, crop in zip(faces, namings, vectors, crops, strict=True)
        ]
        if found and named:
            refused = self.namer.is_non_face(vectors, gallery)
            named = [face for face, out in zip(named, refused, strict=True) if not out]
        return _each_once(named)

    def identify(
        self,
        picture: Picture,
        max_faces: int = MAX_FACES,
        gallery: Gallery | None = None,
        policy: NamingPolicy | None = None,
    ) -> list[NamedFace]:
        """Find and name the faces of one picture."""
        faces = self.find(picture, max_faces)
        crops = self.crops(picture, faces)
        return self.name(faces, crops, self.embed(crops), gallery, policy)


def detection_side(height: int, width: int) -> int:
    """Return the pixels of a picture's longer side that detection needs at least.

    Of a strip `_DETECTION_SIDE` is the side of a stretch; see `models.detection.tiles.stretch`.
    """
    return round(_DETECTION_SIDE * max(height, width) / stretch(height, width))


def whole_face(picture: Picture) -> Face:
    """Return the box that makes the crop of a picture which is one face already."""
    side = max(picture.width, picture.height) / (1 + 2 * MARGIN)
    x, y = picture.width / 2, picture.height / 2
    return Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0)


def card_frame_index(picture: Picture, faces: Sequence[Face]) -> int:
    """Return the place of the frame to draw the card on: that which most of the faces are from."""
    counts = [sum(face.frame == index for face in faces) for index in range(len(picture.frames))]
    return int(np.argmax(counts))


def card_frame(picture: Picture, faces: Sequence[Face]) -> Pixels:
    """Return the frame to draw the card on; see `card_frame_index`."""
    return picture.frames[card_frame_index(picture, faces)]


class _Track:
    """A face followed through frames: where it was last, how it looked, its best frame."""

    def __init__(self, face: Face, look: NDArray[np.int16]) -> None:
        self.last, self.look, self.best = face, look, face

    def continues_with(self, face: Face, look: NDArray[np.int16]) -> bool:
        # After a cut another face may be in the same place: colours tell.
        return (
            face.frame != self.last.frame
            and same_face(self.last.box, face.box, _SAME_PLACE)
            and float(np.abs(self.look - look).mean()) < _SAME_COLOURS
        )

    def go_on(self, face: Face, look: NDArray[np.int16]) -> None:
        self.last, self.look = face, look
        if face.score * face.box.side > self.best.score * self.best.box.side:
            self.best = face


def _follow(tracks: list[_Track], face: Face, look: NDArray[np.int16]) -> None:
    for track in tracks:
        if track.continues_with(face, look):
            track.go_on(face, look)
            return
    tracks.append(_Track(face, look))


def _thumbnail(frame: Pixels, box: Box) -> NDArray[np.int16]:
    face = crop_face(frame, box, 32, margin=0.0)
    return np.asarray(cv2.resize(face, (8, 8), interpolation=cv2.INTER_AREA), np.int16)


def _each_once(named: list[NamedFace]) -> list[NamedFace]:
    """Drop faces that another frame of an animation shows better."""
    kept: list[NamedFace] = []
    for one in sorted(named, key=lambda one: -one.face.score * one.face.box.side):
        if not any(_same_in_another_frame(one, other) for other in kept):
            kept.append(one)
    order = {id(face): place for place, face in enumerate(reading_order([k.face for k in kept]))}
    return sorted(kept, key=lambda one: order[id(one.face)])


def _same_in_another_frame(one: NamedFace, other: NamedFace) -> bool:
    if one.face.frame == other.face.frame:
        return False
    same_name = one.best.character.id == other.best.character.id
    sure = not (one.unknown or other.unknown)
    return (same_name and sure) or float(one.vector @ other.vector) >= _SAME_VECTOR
