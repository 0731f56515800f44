"""Reading labelled pictures: bad files, near-duplicates, crops without a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import ExifTags, Image

from models.training.dataset import (
    CACHED_SIDE,
    NO_NAME,
    DatasetError,
    class_indices,
    labels_of,
    load_dataset,
    near_duplicate_groups,
    post_faces,
)

if TYPE_CHECKING:
    from pathlib import Path


def _save(path: Path, seed: int, side: int = 64, quality: int = 95) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    image.save(path, quality=quality)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _save(tmp_path / "characters/anna/0.jpg", 1)
    _save(tmp_path / "characters/anna/1.jpg", 2, side=400)
    _save(tmp_path / "characters/bea/0.jpg", 3)
    _save(tmp_path / "icons/anna/0.jpg", 4)
    _save(tmp_path / "stickers/cleo/0.jpg", 5)
    (tmp_path / "characters/bea/broken.jpg").write_bytes(b"\xff\xd8 nothing")
    return tmp_path


def test_kinds_labels_and_sizes(folder: Path) -> None:
    samples = load_dataset(folder).samples
    labels = labels_of(samples)

    assert labels == ("anna", "bea", "icon/anna", "sticker/cleo")
    assert class_indices(samples, labels).tolist() == [0, 0, 1, 2, 3]
    assert all(max(sample.pixels.shape) <= CACHED_SIDE for sample in samples)


def test_bad_files_are_listed_and_skipped(folder: Path) -> None:
    skipped = load_dataset(folder).skipped
    assert [file for file, _ in skipped] == ["characters/bea/broken.jpg"]
    assert skipped[0][1]


def test_plain_character_folders_work(tmp_path: Path) -> None:
    _save(tmp_path / "anna/0.png", 1)
    samples = load_dataset(tmp_path).samples
    assert [(sample.label, sample.kind) for sample in samples] == [("anna", "character")]


def test_an_empty_folder_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="character/picture"):
        load_dataset(tmp_path)


def test_recompressed_copies_share_a_group(tmp_path: Path) -> None:
    _save(tmp_path / "anna/0.jpg", 1)
    _save(tmp_path / "anna/1.jpg", 1, side=96, quality=40)
    _save(tmp_path / "bea/0.jpg", 2)
    groups = [sample.group for sample in load_dataset(tmp_path).samples]
    assert groups[0] == groups[1] != groups[2]


def test_copies_turned_by_exif_are_read_upright(tmp_path: Path) -> None:
    coarse = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    upright = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned clockwise to be upright
    (tmp_path / "anna").mkdir()
    upright.save(tmp_path / "anna/0.png")
    sideways.save(tmp_path / "anna/1.png", exif=exif)
    sideways.save(tmp_path / "anna/2.jpg", exif=exif, quality=95)

    plain, turned, compressed = load_dataset(tmp_path).samples

    np.testing.assert_array_equal(turned.pixels, plain.pixels)
    assert compressed.pixels.shape == plain.pixels.shape
    np.testing.assert_allclose(compressed.pixels.astype(int), plain.pixels.astype(int), atol=40)
    assert plain.group == turned.group == compressed.group


def test_given_groups_and_hashes_join() -> None:
    hashes = [0, 0b111, 2**64 - 1, 2**63 + 2**40 + 2**41 + 2**42 + 2**43 + 2**44 + 2**45 + 2**46]
    assert near_duplicate_groups(hashes, ["", "", "a", "a"]) == [0, 0, 1, 1]
    assert near_duplicate_groups(hashes) == [0, 0, 1, 2]


def test_parts_of_posts_without_a_head_are_no_face(folder: Path) -> None:
    _save(folder / "posts/anna/0.jpg", 9, side=600)
    (folder / "posts.csv").write_text(
        'file,width,height,boxes\nanna/0.jpg,600,600,"200,200,400,400,0.9"\n'
    )
    parts = [s for s in load_dataset(folder).samples if s.kind == "no_face"]
    assert parts
    assert len({part.group for part in parts}) == 1
    for part in parts:
        x, y, side = (int(value) for value in part.file.split("#")[1].split(","))
        assert x + side <= 200 or x >= 400 or y + side <= 200 or y >= 400


def test_faces_of_posts_with_one_head_are_cut_as_in_use(folder: Path) -> None:
    head, hair, background = (200, 40, 40), (40, 40, 200), (90, 90, 90)
    for name in ("anna/0.png", "anna/1.png", "nobody/2.png"):
        pixels = np.full((300, 400, 3), background, np.uint8)
        pixels[85:215, 135:265] = hair
        pixels[100:200, 150:250] = head
        path = folder / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    one, two = "150,100,250,200,0.9", "150,100,250,200,0.9 10,10,60,60,0.8"
    rows = [f'anna/0.png,400,300,"{one}"', f'anna/1.png,400,300,"{two}"']
    rows += [f'nobody/2.png,400,300,"{one}"', 'anna/gone.png,400,300,"1,1,9,9,0.9"']
    (folder / "posts.csv").write_text("\n".join(["file,width,height,heads", *rows]) + "\n")

    faces = post_faces(folder, {"anna", "bea"})

    assert [(face.file, face.label) for face in faces] == [("posts/anna/0.png", "anna")]
    pixels = faces[0].pixels
    assert pixels.shape == (CACHED_SIDE, CACHED_SIDE, 3)
    np.testing.assert_allclose(pixels[CACHED_SIDE // 2, CACHED_SIDE // 2], head, atol=2)
    np.testing.assert_allclose(pixels[CACHED_SIDE // 2, 3], hair, atol=2)
    assert {sample.source for sample in load_dataset(folder).samples} <= {"", "posts"}
    assert not [s for s in load_dataset(folder).samples if s.file == "posts/anna/0.png"]


def test_a_folder_that_is_no_name_is_skipped(folder: Path) -> None:
    _save(folder / "characters/___/0.jpg", 9)
    found = load_dataset(folder)
    assert labels_of(found.samples) == ("anna", "bea", "icon/anna", "sticker/cleo")
    assert ("characters/___", NO_NAME) in found.skipped
