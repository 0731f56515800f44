"""The drawn samples: the same every time, distinct, and with faces that the cascade finds."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from sandbox.samples.drawing.cast import CAST, DRAWINGS
from sandbox.samples.drawing.figure import draw_picture
from sandbox.samples.drawing.pictures import pictures
from sandbox.samples.shelf import Sample, load_samples

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = {sample.id: sample for sample in load_samples()}


@pytest.fixture(scope="module")
def cascade() -> cv2.CascadeClassifier:
    """Return the LBP cascade that the project's first detector uses."""
    return cv2.CascadeClassifier(str(files("danbooru") / "lbpcascade_animeface.xml"))


def pixels(sample: Sample) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(sample.read())).convert("RGB"))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_one_pass_finds_every_face_and_none_where_nobody_is(
    name: str, cascade: cv2.CascadeClassifier
) -> None:
    sample = SAMPLES[name]
    grey = cv2.equalizeHist(cv2.cvtColor(pixels(sample), cv2.COLOR_RGB2GRAY))
    assert len(cascade.detectMultiScale(grey, 1.1, 5)) == sample.people


def test_there_are_five_characters_and_four_drawings_of_each() -> None:
    assert len(CAST) >= 5
    assert set(CAST) == set(DRAWINGS)
    assert all(len(drawings) >= 4 for drawings in DRAWINGS.values())


def test_the_shelf_has_a_group_an_animation_a_landscape_and_something_to_hide() -> None:
    assert SAMPLES["three-friends"].people == 3
    assert SAMPLES["lake"].people == 0
    animation = Image.open(io.BytesIO(SAMPLES["nodding"].read()))
    assert animation.format == "GIF"
    assert getattr(animation, "n_frames", 1) > 4
    assert any(sample.filename.startswith("SPOILER_") for sample in SAMPLES.values())


def test_a_drawing_is_the_same_every_time() -> None:
    drawing = DRAWINGS["suzu"]["under the cherry tree"]
    assert np.array_equal(np.asarray(draw_picture(drawing)), np.asarray(draw_picture(drawing)))


def test_the_shipped_files_are_what_the_code_draws() -> None:
    drawn = {picture.id: picture for picture in pictures()}
    assert set(drawn) == set(SAMPLES)
    assert sum(sample.path.stat().st_size for sample in SAMPLES.values()) < 3_000_000
    for name in ("hikari-4", "suzu-3", "tsumugi-4", "lake"):
        sample, picture = SAMPLES[name], drawn[name]
        listed = (sample.title, sample.group, sample.people, sample.path.name)
        assert listed == (picture.title, picture.group, picture.people, picture.file)
        assert sample.filename.startswith("SPOILER_") == picture.spoiler
        (image,) = picture.draw()
        # lossless, so only another version of the drawing library may round a pixel differently
        difference = np.abs(pixels(sample).astype(int) - np.asarray(image).astype(int))
        assert difference.mean() < 0.1


def test_no_two_samples_look_the_same() -> None:
    assert len({sample.read() for sample in SAMPLES.values()}) == len(SAMPLES)


def test_a_folder_of_ones_own_follows_the_drawn_ones(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.JPG").write_bytes(b"a picture")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "me.png").write_bytes(b"another")
    own = load_samples(tmp_path)[len(SAMPLES) :]
    assert [(s.title, s.group, s.filename) for s in own] == [
        ("beach", "holiday", "beach.JPG"),
        ("me", tmp_path.name, "me.png"),
    ]
    assert own[0].read() == b"a picture"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere"):
        load_samples(tmp_path / "nowhere")
