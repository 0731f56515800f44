"""What a server settled, taken elsewhere: zips of crops with an index, piece by piece, and packs.

Only what whoever asks may see goes out: faces from the channels that they read, and of taught
drawings those that were posted there, or that they handed over themselves.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from bot.errors import UserError
from bot.gallery.dataset import MANIFEST, NO_FACE, dataset_faces, manifest_of
from bot.gallery.serving import read_server
from bot.storage.records import Exemplar
from models.gallery.packs import PackError, make_pack, write_pack
from models.images.crop_files import side_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.labelling.labeller import Labeller
    from bot.storage import Storage
    from bot.storage.crops import CropStore
    from bot.storage.records import FaceObservation

Form = Literal["imagefolder", "csv", "coco"]

MANAGERS_ONLY: Final = "Only who may manage the server takes its labels elsewhere."
NOTHING: Final = "Nothing is settled yet that you may take elsewhere."
PROVENANCE: Final = "a server's labels"
_COLUMNS: Final = (
    "file", "label", "name", "series", "x0", "y0", "x1", "y1", "picture", "votes", "consent",
    "hidden", "at",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@")


class Exports:
    """Makes exports of all servers. `backbone` is the hash of what makes vectors now."""

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        roster: Callable[[int], Awaitable[ServerRoster]],
        backbone: Callable[[], str],
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._roster = roster
        self._backbone = backbone

    async def zipped(self, labeller: Labeller, form: Form) -> AsyncIterator[bytes]:
        """Return the pieces of a zip: `<character>/<number>.webp`, and an index of the form.

        `imagefolder` has the manifest that `moedex dataset import` reads; `csv` has `labels.csv`;
        `coco` has `annotations.json`, whose images are the crops. Raises UserError.
        """
        _check(labeller)
        roster = await self._roster(labeller.server_id)
        faces = await dataset_faces(self._storage, labeller.server_id, roster, _may(labeller))
        if not faces:
            raise UserError(NOTHING)
        return self._pieces(labeller, form, roster, [(f.crop, f.entry) for f in faces])

    async def pack(self, labeller: Labeller) -> bytes:
        """Return a pack: names and centroids, no picture. Raises UserError."""
        _check(labeller)
        server_id, backbone = labeller.server_id, self._backbone()
        roster = await self._roster(server_id)
        state = await read_server(self._storage, server_id, roster, backbone)
        may = _may(labeller)
        faces = await self._storage.labels.in_server(server_id, "settled")
        taught = await self._storage.exemplars.in_use(server_id)
        allowed = {(False, face.id) for face, _ in faces if may(face)}
        allowed |= {(True, exemplar.id) for exemplar in taught if may(exemplar)}
        examples = [e for e in state.examples if (e.taught, e.source_id) in allowed]

        def make() -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "pack.safetensors")
                write_pack(make_pack(examples, roster.characters, backbone, PROVENANCE), file)
                return file.read_bytes()

        try:
            return await asyncio.to_thread(make)
        except PackError as error:
            raise UserError(str(error)) from error

    async def _pieces(
        self,
        labeller: Labeller,
        form: Form,
        roster: ServerRoster,
        faces: Sequence[tuple[str, dict[str, Any]]],
    ) -> AsyncIterator[bytes]:
        pipe = _Pipe()
        written: list[dict[str, Any]] = []
        sides: list[int] = []
        # Crops are WebP: they can't be packed any smaller.
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as packed:
            for number, (crop, entry) in enumerate(faces):
                data = await self._crops.load(crop)
                if data is None:  # erased meanwhile
                    continue
                file = f"{entry['label']}/{number:06d}.webp"
                packed.writestr(file, data)
                written.append({"file": file, **entry})
                sides.append(side_of(data))
                yield pipe.take()
            name, text = _index(form, labeller.server_id, roster, written, sides)
            packed.writestr(name, text, zipfile.ZIP_DEFLATED)
        yield pipe.take()


class _Pipe(io.RawIOBase):
    """Takes what a zip writes, and gives it on; nothing is sought back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _check(labeller: Labeller) -> None:
    if not labeller.manages:
        raise UserError(MANAGERS_ONLY)


def _may(labeller: Labeller) -> Callable[[FaceObservation | Exemplar], bool]:
    def may(what: FaceObservation | Exemplar) -> bool:
        if not isinstance(what, Exemplar):
            return what.channel_id in labeller.channels
        if what.posted is None:
            return what.user_id == labeller.user_id
        return what.posted[0] in labeller.channels

    return may


def _index(
    form: Form,
    server_id: int,
    roster: ServerRoster,
    written: Sequence[dict[str, Any]],
    sides: Sequence[int],
) -> tuple[str, str]:
    match form:
        case "imagefolder":
            return MANIFEST, manifest_of(server_id, roster, written)
        case "csv":
            return "labels.csv", _table(roster, written)
        case "coco":
            return "annotations.json", _coco(roster, written, sides)


def _table(roster: ServerRoster, written: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for face in written:
        name, series = _named(roster, face["label"])
        votes = ", ".join(f"{kind}: {count}" for kind, count in face["votes"].items())
        row = (
            face["file"], face["label"], name, series, *(face["box"] or ("",) * 4),
            face["picture"] or "", votes, face["consent"], face["hidden"], face["at"],
        )  # fmt: skip
        rows.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: object) -> object:
    """Return a value so that no spreadsheet takes a name for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _coco(roster: ServerRoster, written: Sequence[dict[str, Any]], sides: Sequence[int]) -> str:
    """Return COCO's JSON; the images are crops, so each box is a whole image."""
    labels = sorted({face["label"] for face in written})
    numbers = {label: number for number, label in enumerate(labels, 1)}
    categories = []
    for label in labels:
        name, series = _named(roster, label)
        categories.append({"id": numbers[label], "name": name, "supercategory": series})
    images, annotations = [], []
    for number, (face, side) in enumerate(zip(written, sides, strict=True), 1):
        images.append(
            {"id": number, "file_name": face["file"], "width": side, "height": side,
             "date_captured": face["at"]}
        )  # fmt: skip
        annotations.append(
            {"id": number, "image_id": number, "category_id": numbers[face["label"]],
             "bbox": [0, 0, side, side], "area": side * side, "iscrowd": 0,
             "attributes": {"character": face["label"], "picture": face["picture"],
                            "box_in_picture": face["box"], "hidden": face["hidden"]}}
        )  # fmt: skip
    about = {"description": "Faces that a server labelled with Moedex", "version": "1.0"}
    return json.dumps(
        {"info": about, "images": images, "annotations": annotations, "categories": categories},
        ensure_ascii=False,
    )


def _named(roster: ServerRoster, label: str) -> tuple[str, str]:
    if label == NO_FACE:
        return "not a face", ""
    character = roster.characters[label]
    return character.name, character.series
