"""Many files: results in the order given, every bad file its own error, faces in shared batches."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from models.bulk import BATCH_PICTURES, BulkNaming, FileResult, collect
from models.embedding.embedder import Embedder
from models.gallery.namer import Namer
from models.identify import Identifier
from models.images.decoding import Picture, PictureLimits
from models.types import Face
from tests.models.test_identify import BrightSquares, ByStrongestColour, MeanColour


@pytest.fixture
def naming() -> BulkNaming:
    stages = BrightSquares(), cast("Embedder", MeanColour()), cast("Namer", ByStrongestColour())
    return BulkNaming(Identifier(*stages), PictureLimits(max_bytes=100_000), 8, threads=3)


def save(path: Path, colour: tuple[int, int, int]) -> Path:
    frame = np.zeros((50, 60, 3), np.uint8)
    frame[10:30, 10:30] = colour
    Image.fromarray(frame).save(path)
    return path


def test_results_come_in_the_order_given(naming: BulkNaming, tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (0, 0, 0)]
    count = 3 * BATCH_PICTURES + 1
    files = [save(tmp_path / f"{n}.png", colours[n % 4]) for n in range(count)]

    results = list(naming.name_all(files))

    assert [result.file for result in results] == files
    names = [[face.best.character.id for face in result.faces] for result in results]
    assert names == [[["red"], ["green"], ["blue"], []][n % 4] for n in range(count)]
    assert {(result.width, result.height) for result in results} == {(60, 50)}


def test_bad_files_do_not_end_the_run(naming: BulkNaming, tmp_path: Path) -> None:
    good = save(tmp_path / "good.png", (250, 0, 0))
    empty, text, large = (tmp_path / name for name in ("empty.png", "text.jpg", "large.png"))
    empty.touch()
    text.write_text("hello")
    large.write_bytes(os.urandom(100_001))
    missing, folder = tmp_path / "missing.png", tmp_path / "folder"
    folder.mkdir()

    given = [missing, empty, good, folder, text, large]
    results = list(naming.name_all(collect(given)))

    assert [result.file for result in results] == given
    codes = [result.error.code if result.error else None for result in results]
    assert codes == [
        "not_found",
        "empty",
        None,
        "empty_folder",
        "not_a_picture",
        "too_large_bytes",
    ]
    assert all(str(r.file) in r.error.message for r in results if r.error)


def test_large_pictures_are_read_one_at_a_time(
    naming: BulkNaming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.bulk._LARGE_PIXELS", 2000)
    files = [save(tmp_path / f"{n}.png", (250, 0, 0)) for n in range(8)]  # of 3000 pixels
    running: list[int] = []
    most = 0
    find = naming.identifier.find

    def slow_find(picture: Picture, most_faces: int) -> list[Face]:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        time.sleep(0.01)
        running.pop()
        return find(picture, most_faces)

    monkeypatch.setattr(naming.identifier, "find", slow_find)
    assert all(len(result.faces) == 1 for result in naming.name_all(files))
    assert most == 1

    small = replace(naming, limits=replace(naming.limits, max_pixels=2500))
    errors = [result.error for result in small.name_all(files[:2])]
    assert [error and error.code for error in errors] == ["too_many_pixels"] * 2


def test_a_kept_frame_has_no_more_pixels_than_a_card_shows(
    naming: BulkNaming, tmp_path: Path
) -> None:
    file = tmp_path / "poster.png"
    Image.new("L", (4000, 3000)).save(file)
    (result,) = replace(naming, keep_frames=True).name_all([file])
    assert (result.width, result.height) == (4000, 3000)
    assert result.frame is not None
    assert result.frame.shape == (1500, 2000, 3)


def test_folders_are_read_sorted_and_deep_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.png", "a/c.png", ".hidden.png", ".cache/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(tmp_path / name, (9, 9, 9))
    inside = [str(cast("Path", entry).relative_to(tmp_path)) for entry in collect([tmp_path])]
    assert inside == ["a/c.png", "a/z.png", "b.png"]


def test_what_is_no_file_or_may_not_be_read_is_an_error_in_its_place(
    naming: BulkNaming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, gone, locked = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c"
    os.mkfifo(pipe)
    gone.symlink_to(tmp_path / "nowhere")
    locked.mkdir()
    last = save(tmp_path / "d.png", (250, 0, 0))
    scan = os.scandir

    def refusing(path: os.PathLike[str]) -> object:
        if Path(path) == locked:  # whoever runs the tests may be allowed to read everything
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    results = list(naming.name_all(collect([tmp_path])))

    assert [result.file for result in results] == [pipe, gone, locked, last]
    assert [result.error.code if result.error else None for result in results] == [
        "unreadable",
        "unreadable",
        "unreadable",
        None,
    ]


def test_only_errors_need_no_model(naming: BulkNaming, tmp_path: Path) -> None:
    entries = collect([tmp_path / "gone"])
    assert isinstance(entries[0], FileResult)
    assert list(naming.name_all(entries)) == entries


def test_each_file_may_be_one_face(naming: BulkNaming, tmp_path: Path) -> None:
    file = save(tmp_path / "face.png", (0, 0, 0))
    one_face = BulkNaming(naming.identifier, naming.limits, 8, one_face=True)
    (result,) = one_face.name_all([file])
    assert len(result.faces) == 1
    assert len(result.faces[0].guesses) == 3
