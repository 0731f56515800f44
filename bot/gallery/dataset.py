"""Datasets: a server's settled labels as an ImageFolder with a manifest, and back.

`<folder>/<character>/<name>.webp` are the crops, `<folder>/manifest.json` says of each which
picture it is from (perceptual hash), where in it, who it is, by how many votes of which kind, by
what consent it was kept, and when. Nobody who voted or posted is named.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from bot.storage.records import IGNORED, NOT_A_FACE, NewExemplar, ServerCharacter
from bot.wording import counted, one_line
from models.gallery.packs import WrittenCharacter
from models.images.crop_files import read_crops
from models.roster.spelling import can_be_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.storage import Storage, Vote
    from bot.storage.crops import CropStore
    from bot.storage.records import Exemplar, FaceLabel, FaceObservation
    from models.types import Crops, Vectors

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
NO_FACE: Final = "not_a_face"
"""The folder of boxes that show no face; no character's id is the same."""
TAUGHT: Final = "uploaded with /teach"
_SAFE = re.compile(r"[\w.-]+", re.ASCII)

Embed = Callable[["Crops"], "Vectors"]
"""Crops (n, side, side, 3) to vectors (n, dimensions) of unit length."""


class DatasetFolderError(Exception):
    """A folder can't be written to or is no exported dataset; the text says why."""


class _WrittenFace(BaseModel):
    file: str
    label: str
    picture: str | None
    consent: str


class _Format(BaseModel):
    format: int


class _Manifest(BaseModel):
    """What is read back of a manifest, which somebody else may have written."""

    server: str
    characters: list[WrittenCharacter]
    faces: list[_WrittenFace]


@dataclass(frozen=True, slots=True)
class DatasetFace:
    """A face of a dataset: the file of its crop, and what the manifest says of it."""

    crop: str
    entry: dict[str, Any]

    @property
    def label(self) -> str:
        """The id of the character, or `NO_FACE`."""
        return self.entry["label"]


async def dataset_faces(
    storage: Storage,
    server_id: int,
    roster: ServerRoster,
    may: Callable[[FaceObservation | Exemplar], bool] = lambda _: True,
) -> list[DatasetFace]:
    """Return what a server taught and settled, of which crops are kept and that `may` go out."""
    history = await storage.consents.history(server_id)
    votes = await storage.votes.in_server(server_id)
    found: list[DatasetFace] = []
    for observation, label in await storage.labels.in_server(server_id, "settled"):
        entry = _entry(observation, label, roster, votes.get(observation.reply_id, ()), history)
        if entry is not None and observation.crop and may(observation):
            found.append(DatasetFace(observation.crop, entry))
    for exemplar in await storage.exemplars.in_use(server_id):
        character = roster.resolve(exemplar.character_id)
        if exemplar.crop and character and may(exemplar):
            entry = {
                "label": character, "picture": exemplar.phash, "box": None, "votes": {},
                "consent": TAUGHT, "hidden": False, "at": _when(exemplar.at),
            }  # fmt: skip
            found.append(DatasetFace(exemplar.crop, entry))
    return found


def manifest_of(server_id: int, roster: ServerRoster, faces: Sequence[dict[str, Any]]) -> str:
    """Return the manifest of written faces, each with its `file` beside what is said of it."""
    labels = sorted({face["label"] for face in faces} - {NO_FACE})
    manifest = {
        "format": FORMAT,
        "server": str(server_id),
        "exported": _when(datetime.now(UTC)),
        "characters": [asdict(roster.characters[label]) for label in labels],
        "faces": faces,
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1)


async def export_dataset(
    storage: Storage, crops: CropStore, server_id: int, roster: ServerRoster, folder: Path
) -> int:
    """Write what a server taught and settled into a new folder; return how many crops.

    Faces whose crop is not kept are left out. Raises DatasetFolderError.
    """
    if await asyncio.to_thread(_is_in_use, folder):
        raise DatasetFolderError(f"{folder} is not empty: name another folder.")
    written: list[dict[str, Any]] = []
    for number, face in enumerate(await dataset_faces(storage, server_id, roster)):
        data = await crops.load(face.crop)
        if data is None:
            continue
        file = f"{face.label}/{number:06d}.webp"
        await asyncio.to_thread(_write, folder / file, data)
        written.append({"file": file, **face.entry})
    text = manifest_of(server_id, roster, written)
    await asyncio.to_thread(_write, folder / MANIFEST, text.encode())
    return len(written)


async def import_dataset(
    storage: Storage,
    crops: CropStore,
    server_id: int,
    roster: ServerRoster,
    folder: Path,
    *,
    embed: Embed,
    side: int,
    backbone: str,
) -> int:
    """Teach a server the faces of an exported dataset; return how many.

    The whole import is one act that can be undone. Characters that the server has not got are made.
    Raises DatasetFolderError, and nothing is changed then.
    """
    manifest = await asyncio.to_thread(_read_manifest, folder)
    faces = [face for face in manifest.faces if face.label != NO_FACE]
    if not faces:
        raise DatasetFolderError(f"{folder} has no labelled face.")
    pixels = await asyncio.to_thread(_read_crops, folder, [face.file for face in faces], side)
    vectors = await asyncio.to_thread(embed, pixels)
    ids, rows = match_characters([c.model_dump() for c in manifest.characters], roster)
    now = datetime.now(UTC)
    names = await crops.save(server_id, list(pixels))
    try:
        await storage.galleries.change(
            server_id, "pack", 0,
            f"imported {counted(len(faces), 'face')} of {counted(len(ids), 'character')}", now,
            characters=rows,
            exemplars=[
                NewExemplar(
                    ids[face.label], 0, "pack", vector, backbone, now,
                    provenance=f"dataset of server {manifest.server}, {face.consent}"[:200],
                    phash=face.picture, crop=name,
                )
                for face, vector, name in zip(faces, vectors, names, strict=True)
            ],
        )  # fmt: skip
    finally:
        crops.recorded(names)
    return len(faces)


def match_characters(
    characters: Iterable[dict[str, Any]], roster: ServerRoster
) -> tuple[dict[str, str], list[ServerCharacter]]:
    """Find each character of elsewhere in a roster; return ids here by ids there, and new rows.

    A shipped character is known by its id. Others are known by name and series: two servers may
    have given the same id to two characters.
    """
    ids: dict[str, str] = {}
    rows: list[ServerCharacter] = []
    taken: set[str] = set()
    for there in characters:
        key, name, series = there["id"], one_line(there["name"]), one_line(there["series"])
        resolved = roster.resolve(key) if key in roster.shipped_ids else None
        if resolved is None:
            found = roster.find(f"{name} ({series})" if series else name)
            same = found is not None and found.series.casefold() == series.casefold()
            resolved = found.id if found is not None and same else None
        if resolved is None:
            resolved = base = roster.new_id(name)
            number = 1
            while resolved in taken:
                number += 1
                resolved = f"{base}_{number}"
            taken.add(resolved)
            rows.append(ServerCharacter(resolved, name, series, there.get("native_name", "")))
        ids[key] = resolved
    return ids, rows


def _entry(
    observation: FaceObservation,
    label: FaceLabel,
    roster: ServerRoster,
    votes: Sequence[Vote],
    history: Sequence[tuple[datetime, int, bool]],
) -> dict[str, Any] | None:
    if label.label is None or label.label == IGNORED:
        return None
    name = NO_FACE if label.label == NOT_A_FACE else roster.resolve(label.label.character_id)
    if name is None:
        return None
    own = [v.kind for v in votes if v.face_index in (None, observation.face_index)]
    since = max((at for at, _, on in history if on and at <= observation.at), default=None)
    return {
        "label": name,
        "picture": observation.phash,
        "box": [round(value, 5) for value in observation.box.as_list()],
        "votes": dict(Counter(own)),
        "consent": "learning is on" if since is None else f"learning on since {_when(since)}",
        "hidden": observation.hidden,
        "at": _when(observation.at),
    }


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
        written = _Format.model_validate_json(text).format
        if written != FORMAT:
            raise DatasetFolderError(
                f"{folder} was exported by a newer Moedex (format {written}): upgrade."
            )
        manifest = _Manifest.model_validate_json(text)
    except FileNotFoundError:
        raise DatasetFolderError(
            f"{folder} has no {MANIFEST}: it is not a dataset that Moedex exported."
        ) from None
    except OSError as error:
        raise DatasetFolderError(f"{path} can't be read ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise DatasetFolderError(f"{path} can't be read ({what}).") from error
    if not all(can_be_read(character.name) for character in manifest.characters):
        raise DatasetFolderError(f"{folder}: a character's name has neither a letter nor a digit.")
    known = {character.id for character in manifest.characters} | {NO_FACE}
    for face in manifest.faces:
        parts = face.file.split("/")
        safe = all(_SAFE.fullmatch(part) and part.strip(".") for part in parts)
        if not safe or face.label not in known:
            raise DatasetFolderError(f"{folder}: {face.file} is not a face of this dataset.")
    return manifest


def _read_crops(folder: Path, files: Sequence[str], side: int) -> Crops:
    try:
        return read_crops([folder / file for file in files], side)
    except OSError as error:
        raise DatasetFolderError(f"{error.filename} can't be read ({error.strerror}).") from error


def _is_in_use(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _when(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
