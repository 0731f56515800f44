"""Datasets and packs: out of one server, into another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.gallery.dataset import MANIFEST, DatasetFolderError, export_dataset, import_dataset
from bot.gallery.packs import load_pack
from bot.gallery.roster import ServerRoster
from bot.gallery.serving import read_server
from bot.storage.crops import CropStore
from bot.storage.records import IGNORED, NOT_A_FACE, ServerCharacter
from models.gallery.examples import Example
from models.gallery.packs import PackError, make_pack, read_pack, write_pack
from tests.bot.labelled_server import BACKBONE, SERVER, START, own_character
from tests.models.gallery.world import SHIPPED, faces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.storage import Storage
    from bot.storage.records import FaceObservation
    from models.gallery.namer import Namer

    Labelled = Callable[..., Awaitable[FaceObservation]]

OTHER = 8
SIDE = 16


async def roster_of(storage: Storage, server: int) -> ServerRoster:
    return ServerRoster(
        SHIPPED,
        await storage.galleries.characters(server),
        await storage.galleries.aliases(server),
    )


def embed(crops: np.ndarray) -> np.ndarray:
    """Stand in for the embedder: a crop's colour says which axis its vector is near."""
    return np.concatenate([faces(int(c[..., 0].mean()) // 10, 1, 5) for c in crops])


async def taught_server(storage: Storage, crops: CropStore, labelled: Labelled) -> None:
    await own_character(storage, "aoi", "Aoi")
    saved = [np.full((SIDE, SIDE, 3), shade, np.uint8) for shade in (204, 204, 24, 104, 104)]
    names = await crops.save(SERVER, saved)
    labels = ("aoi", "aoi", SHIPPED[2].id, NOT_A_FACE, IGNORED)
    for name, label in zip(names, labels, strict=True):
        seen = await labelled(faces(20, 1, 1)[0], label, crop=name, hidden=label == "aoi")
        named = label if isinstance(label, str) else ""
        await storage.votes.add(seen.reply_id, 0, 55, "is", START, character_id=named)
    await labelled(faces(20, 1, 1)[0], "aoi", crop=None)


async def test_a_dataset_goes_to_another_server(
    storage: Storage, tmp_path: Path, namer: Namer, labelled: Labelled
) -> None:
    crops = CropStore(tmp_path / "crops")
    await taught_server(storage, crops, labelled)
    folder = tmp_path / "out"
    count = await export_dataset(storage, crops, SERVER, await roster_of(storage, SERVER), folder)
    assert count == 4
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    first = manifest["faces"][0]
    assert first["label"] == "aoi"
    assert first["votes"] == {"is": 1}
    assert first["box"] == [0.1, 0.1, 0.5, 0.6]
    assert first["hidden"]
    assert first["consent"].startswith("learning on since 2026-03-01")
    assert "55" not in json.dumps(manifest["faces"][0]["votes"])
    assert (folder / first["file"]).is_file()
    assert {f["label"] for f in manifest["faces"]} == {"aoi", SHIPPED[2].id, "not_a_face"}

    # The other server has another character of the same id.
    await storage.galleries.change(
        OTHER, "teach", 5, "taught", START,
        characters=[ServerCharacter("aoi", "Aoi", "Another Show")],
    )  # fmt: skip
    roster = await roster_of(storage, OTHER)
    imported = await import_dataset(
        storage, crops, OTHER, roster, folder, embed=embed, side=SIDE, backbone=BACKBONE
    )
    assert imported == 3
    roster = await roster_of(storage, OTHER)
    assert {c.id for c in roster.characters.values() if c.series == "Own"} == {"aoi_2"}
    gallery = (await read_server(storage, OTHER, roster, BACKBONE)).gallery(namer.gallery)
    (naming,) = namer.name(faces(20, 1, 6), gallery)
    assert naming.guesses[0].character.id == "aoi_2"
    assert len(list((tmp_path / "crops" / str(OTHER)).iterdir())) == 3
    (action, *_) = await storage.galleries.actions(OTHER)
    assert action.summary == "imported 3 faces of 2 characters"
    await storage.galleries.undo(OTHER, action.id, 1)
    assert await storage.exemplars.in_use(OTHER) == []


async def test_a_folder_in_use_is_not_written_to(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    roster = await roster_of(storage, SERVER)
    with pytest.raises(DatasetFolderError, match="not empty"):
        await export_dataset(storage, CropStore(tmp_path), SERVER, roster, tmp_path)


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (None, "no manifest"),
        ("{", "can't be read"),
        ({"format": 9}, "newer"),
        ({"format": 1}, "server: Field required"),
        (
            {
                "format": 1,
                "server": "1",
                "characters": [{"id": "aoi", "name": "Aoi", "series": ""}],
                "faces": [
                    {"file": "../../etc/passwd", "label": "aoi", "picture": None, "consent": ""}
                ],
            },
            "not a face of this dataset",
        ),
        (
            {
                "format": 1,
                "server": "1",
                "characters": [{"id": "aoi", "name": "...", "series": ""}],
                "faces": [],
            },
            "neither a letter nor a digit",
        ),
        (
            {
                "format": 1,
                "server": "1",
                "characters": [{"id": "aoi", "name": "Aoi", "series": ""}],
                "faces": [{"file": "aoi/1.webp", "label": "aoi", "picture": None, "consent": ""}],
            },
            "can't be read",
        ),
        (
            {
                "format": 1,
                "server": "1",
                "characters": [{"id": "aoi", "name": ["Aoi"], "series": ""}],
                "faces": [],
            },
            "characters.0.name",
        ),
        (
            {
                "format": 1,
                "server": "1",
                "characters": [],
                "faces": [{"file": 1, "label": "aoi", "picture": None, "consent": ""}],
            },
            "faces.0.file",
        ),
    ],
)
async def test_a_broken_dataset_changes_nothing(
    storage: Storage, tmp_path: Path, manifest: object, why: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    if manifest is not None:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        (folder / MANIFEST).write_text(text, encoding="utf-8")
    roster = await roster_of(storage, SERVER)
    with pytest.raises(DatasetFolderError, match=why):
        await import_dataset(
            storage, CropStore(tmp_path / "crops"), SERVER, roster, folder,
            embed=embed, side=SIDE, backbone=BACKBONE,
        )  # fmt: skip
    assert await storage.exemplars.in_use(SERVER) == []


async def test_a_pack_goes_to_another_server(
    storage: Storage, tmp_path: Path, namer: Namer, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await storage.galleries.change(
        SERVER, "alias", 5, "alias", START, aliases={"aoi": ["Blue", "Shipped 3"]}
    )
    for vector in faces(20, 9, 1):
        await labelled(vector, "aoi")
    roster = await roster_of(storage, SERVER)
    state = await read_server(storage, SERVER, roster, BACKBONE)
    file = tmp_path / "own.moepack"
    write_pack(make_pack(state.examples, roster.characters, BACKBONE, "a test"), file)
    pack = read_pack(file)
    assert [c["faces"] for c in pack.characters] == [9]
    assert len(pack.vectors) == 4

    loaded = await load_pack(storage, OTHER, await roster_of(storage, OTHER), pack, BACKBONE)
    assert loaded == 1
    roster = await roster_of(storage, OTHER)
    assert roster.characters["aoi"].aliases == ("Blue",)
    kept = await storage.exemplars.in_use(OTHER)
    assert {e.provenance for e in kept} == {"pack: a test, 9 faces"}
    assert all(e.crop is None for e in kept)
    gallery = (await read_server(storage, OTHER, roster, BACKBONE)).gallery(namer.gallery)
    (naming,) = namer.name(faces(20, 1, 6), gallery)
    assert naming.guesses[0].character.id == "aoi"


async def test_a_pack_of_another_backbone_is_refused(
    storage: Storage, tmp_path: Path, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await labelled(faces(20, 1, 1)[0], "aoi")
    roster = await roster_of(storage, SERVER)
    state = await read_server(storage, SERVER, roster, BACKBONE)
    pack = make_pack(state.examples, roster.characters, BACKBONE, "a test")
    other = replace(pack, backbone="older")
    with pytest.raises(PackError, match=r"made with the backbone older, this one has b1"):
        await load_pack(storage, OTHER, roster, other, BACKBONE)
    assert await storage.exemplars.in_use(OTHER) == []
    with pytest.raises(PackError, match="no labelled face"):
        make_pack([], {}, BACKBONE, "")


def test_what_is_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="There is no file"):
        read_pack(tmp_path / "none")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(PackError, match="not a sound"):
        read_pack(tmp_path / "text")


def test_a_pack_with_a_name_that_nobody_can_read_is_refused(tmp_path: Path) -> None:
    nameless = replace(SHIPPED[0], name="\u200b")
    examples = [Example(faces(0, 1, 1)[0], nameless.id, True, 1, -1)]
    pack = make_pack(examples, {nameless.id: nameless}, BACKBONE, "a test")
    write_pack(pack, tmp_path / "pack")
    with pytest.raises(PackError, match="neither a letter nor a digit"):
        read_pack(tmp_path / "pack")
