"""Names the faces of many files: decoding and detecting in threads, embedding in shared batches."""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.detection.registry import AUTO
from models.gallery.gallery import Gallery
from models.gallery.policy import NamingPolicy
from models.identify import Identifier, card_frame, whole_face
from models.images.decoding import PictureError, PictureLimits, check_size, decode
from models.images.resizing import halved
from models.roster.roster import unlisted
from models.roster.spelling import can_be_read
from models.types import Face, NamedFace, Pixels, Vectors

BATCH_FACES = 16
BATCH_PICTURES = 16

CARD_SIDE: Final = 1600
"""Longest side, in pixels, of the cards that kept frames are drawn into."""

_LARGE_PIXELS: Final = PictureLimits().max_pixels
_one_large = threading.Lock()  # two at once might take more memory than there is


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a file was not read: a code for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file shows.

    `frame` is what a card is drawn on, kept only where asked for; it is smaller than `width` and
    `height` where a card can't show so many pixels.
    """

    file: Path
    width: int | None
    height: int | None
    faces: tuple[NamedFace, ...]
    error: FileError | None
    frame: Pixels | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A file on its way: decoded, its faces found and cropped, not yet named."""

    file: Path
    width: int
    height: int
    faces: Sequence[Face]
    crops: NDArray[np.uint8]
    frame: Pixels | None


@dataclass(frozen=True, slots=True)
class BulkNaming:
    """How files are read: limits, faces a picture, whether each is one face already.

    `gallery` and `policy` are the installed ones where None.
    """

    identifier: Identifier
    limits: PictureLimits
    max_faces: int
    gallery: Gallery | None = None
    policy: NamingPolicy | None = None
    one_face: bool = False
    keep_frames: bool = False
    threads: int = os.cpu_count() or 2

    def name_all(self, entries: Iterable[Path | FileResult]) -> Iterator[FileResult]:
        """Yield a result for every file, in the order given; a bad file yields its error.

        An entry that is a result already (see `collect`) is passed on in its place.
        """
        with ThreadPoolExecutor(self.threads, "find") as pool:
            waiting: deque[Future[_Found | FileResult]] = deque()
            left = iter(entries)
            batch: list[_Found | FileResult] = []
            while True:
                ahead = 2 * self.threads - len(waiting)
                waiting.extend(pool.submit(self._find, entry) for entry in islice(left, ahead))
                if not waiting:
                    break
                batch.append(waiting.popleft().result())
                faces = sum(len(one.faces) for one in batch)
                if faces >= BATCH_FACES or len(batch) >= BATCH_PICTURES:
                    yield from self._name(batch)
                    batch = []
            yield from self._name(batch)

    def _find(self, file: Path | FileResult) -> _Found | FileResult:
        if isinstance(file, FileResult):
            return file
        try:
            data = self._read(file)
            usual = replace(self.limits, max_pixels=min(self.limits.max_pixels, _LARGE_PIXELS))
            try:
                return self._find_in(file, data, usual)
            except PictureError as error:
                if error.code != "too_many_pixels" or usual == self.limits:
                    raise
            with _one_large:
                return self._find_in(file, data, self.limits)
        except PictureError as error:
            return _failed(file, error.code, error.message)
        except MemoryError:
            return _failed(file, "unreadable", f"“{file}” needs more memory than there is.")

    def _find_in(self, file: Path, data: bytes, limits: PictureLimits) -> _Found:
        picture = decode(data, str(file), limits)
        if self.one_face:
            faces = [whole_face(picture)]
        else:
            faces = self.identifier.find(picture, self.max_faces)
        crops = self.identifier.crops(picture, faces)
        frame = halved(card_frame(picture, faces), CARD_SIDE) if self.keep_frames else None
        return _Found(file, picture.width, picture.height, faces, crops, frame)

    def _read(self, file: Path) -> bytes:
        name = str(file)
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
                raise PictureError("unreadable", f"“{name}” is not a file.", name)
            check_size(status.st_size, name, self.limits)
            return file.read_bytes()
        except OSError as error:
            message = f"“{name}” can't be read: {_reason(error)}."
            raise PictureError("unreadable", message, name) from error

    def _name(self, batch: list[_Found | FileResult]) -> Iterator[FileResult]:
        crops = [one.crops for one in batch if isinstance(one, _Found)]
        if not crops:
            yield from (one for one in batch if isinstance(one, FileResult))
            return
        vectors = self.identifier.embed(np.concatenate(crops))
        start = 0
        for one in batch:
            if isinstance(one, FileResult):
                yield one
                continue
            own = vectors[start : start + len(one.crops)]
            start += len(one.crops)
            named = self.identifier.name(
                one.faces, one.crops, own, self.gallery, self.policy, found=not self.one_face
            )
            yield FileResult(one.file, one.width, one.height, tuple(named), None, one.frame)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `BulkNaming` is loaded by, in this process or in another one."""

    limits: PictureLimits
    max_faces: int
    detector: str = AUTO
    cascade: Path | None = None
    policy: NamingPolicy | None = None
    one_face: bool = False
    keep_frames: bool = False

    def load(self, gallery: Gallery | None = None, threads: int | None = None) -> BulkNaming:
        """Load the models. Raises WeightsError and CascadeError."""
        return BulkNaming(
            Identifier.load(self.detector, self.cascade),
            self.limits,
            self.max_faces,
            gallery,
            self.policy,
            self.one_face,
            self.keep_frames,
            threads or os.cpu_count() or 2,
        )


def gallery_of(
    files: Sequence[Path],
    naming: BulkNaming,
    skipped: Callable[[str], None],
    largest: Callable[[Path], bool] = lambda _: False,
) -> Gallery | None:
    """Learn the characters of files <character>/<picture>; None where there is nobody.

    A picture without a face that is found is taken for one face as it is. What can't be learned
    from, several faces, no picture or a folder that is no name, is left out; `skipped` gets the
    reason. Of several faces the
    largest is meant in the files for which `largest` says so.
    """
    own: dict[str, list[Vectors]] = {}
    nobody: list[Path] = []
    named = [file for file in files if can_be_read(file.parent.name)]
    for folder in sorted({file.parent for file in files} - {file.parent for file in named}):
        skipped(f"“{folder}” is no name: it has neither a letter nor a digit.")

    def learn(result: FileResult) -> None:
        faces = list(result.faces)
        if result.error:
            skipped(result.error.message)
        elif len(faces) > 1 and largest(result.file):
            face = max(faces, key=lambda named: named.face.box.side)
            own.setdefault(result.file.parent.name, []).append(face.vector)
        elif len(faces) > 1:
            skipped(f"“{result.file}” shows {len(faces)} faces: which one is meant?")
        else:
            own.setdefault(result.file.parent.name, []).append(faces[0].vector)

    for result in naming.name_all(named):
        if result.error or result.faces:
            learn(result)
        else:
            nobody.append(result.file)
    for result in replace(naming, one_face=True).name_all(nobody):
        learn(result)
    if not own:
        return None
    return Gallery.of({unlisted(name): np.stack(own[name]) for name in sorted(own)})


def _failed(file: Path, code: str, message: str) -> FileResult:
    return FileResult(file, None, None, (), FileError(code, message))


def collect(paths: Iterable[Path]) -> list[Path | FileResult]:
    """Return the files to read: those given, and those in given folders, sorted, however deep.

    Hidden files are left out, and links to folders not followed. A path that doesn't exist, a
    folder without files and one that may not be read are results that carry the error, in their
    place.
    """
    entries: list[Path | FileResult] = []
    for path in paths:
        if os.path.isdir(path):  # a name too long for any disk is none, and no error
            empty = _failed(path, "empty_folder", f"The folder “{path}” has no files in it.")
            entries += _inside(path) or [empty]
        elif os.path.exists(path):
            entries.append(path)
        else:
            entries.append(_failed(path, "not_found", f"“{path}” does not exist."))
    return entries


def _inside(folder: Path) -> list[Path | FileResult]:
    refused: list[OSError] = []
    files: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(root, name) for name in names if not name.startswith(".")]
    found: dict[Path, Path | FileResult] = {file: file for file in files}
    for error in refused:
        path = Path(error.filename)
        message = f"The folder “{path}” can't be read: {_reason(error)}."
        found[path] = _failed(path, "unreadable", message)
    return [found[path] for path in sorted(found)]


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
