"""The learned detector: its map read right, every shape of picture, several threads, real posts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.detection.boxes import around, iou
from models.detection.heat_map import decode_heads, padded_shape
from models.detection.learned import DETECTOR_FILE, LearnedDetector
from models.detection.registry import load_detector
from models.detection.rules import (
    CLOSE_PASS,
    CLOSER_PASSES,
    FIRST_PASS,
    RULES,
    SECOND_PASS,
    Pass,
    Scale,
)
from models.images.decoding import decode
from models.training.detector.targets import targets
from models.types import Box, Face, Pixels
from models.weight_files import WeightsError
from sandbox.samples.shelf import load_samples


@pytest.fixture(scope="module")
def detector() -> LearnedDetector:
    return LearnedDetector.load()


@pytest.fixture(scope="module")
def posts(shared_data: Path) -> list[Pixels]:
    files = sorted((shared_data / "three_lookalikes" / "posts").glob("*/*.*"))[::11]
    return [decode(file.read_bytes(), file.name).frames[0] for file in files]


def _map_of(heads: np.ndarray, side: int = 192) -> np.ndarray:
    """Make the map of a network that gives just what is wanted of it."""
    wanted = targets(heads, side)
    given = wanted[..., :4].copy()
    heat = np.clip(wanted[..., 0], 0.001, 0.98)
    given[..., 0] = np.log(heat / (1 - heat))
    return given


def test_a_perfect_map_gives_the_heads_back_in_reading_order() -> None:
    heads = np.array([[140, 52, 70], [40, 50, 50], [90, 150, 24]], np.float32)
    faces = decode_heads(_map_of(heads), 0.35)
    assert len(faces) == 3
    for face, (x, y, side) in zip(faces, heads[[1, 0, 2]], strict=True):
        wanted = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        assert iou(face.box, wanted) > 0.7
        assert 0.9 < face.score <= 1


def test_a_map_without_activation_has_no_heads() -> None:
    given = np.zeros((12, 12, 4), np.float32)
    given[..., 0] = -6
    assert decode_heads(given, 0.35) == []


class _Scripted(LearnedDetector):
    """Finds in each pass the faces that it is given, and notes which passes it made."""

    def __init__(self, shown: dict[Scale, list[Face]]) -> None:
        self.rules, self.shown, self.passes = RULES, shown, []

    def candidates(self, picture: Pixels, scale: Scale) -> list[Pass]:
        self.passes.append(scale)
        found = Pass(scale.factor(picture), self.shown.get(scale, []))
        return [found] * (1 + scale.mirrored)


def _boxes(faces: list[Face]) -> list[Box]:
    return [Box(*(round(value) for value in face.box.as_list())) for face in faces]


PLAIN = np.zeros((900, 600, 3), np.uint8)
HEAD, OTHER = around(180, 180, 240), around(450, 600, 240)
TINY, OTHER_TINY = around(60, 60, 80), around(180, 60, 80)


def test_a_first_pass_that_leaves_no_doubt_is_all() -> None:
    detector = _Scripted({FIRST_PASS: [Face(HEAD, 0.9)]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS]


def test_a_doubt_is_settled_by_the_mean_of_all_passes() -> None:
    seen = {FIRST_PASS: [Face(HEAD, 0.9), Face(OTHER, 0.3)], SECOND_PASS: [Face(HEAD, 0.9)]}
    detector = _Scripted(seen)
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS, SECOND_PASS]


def test_where_there_may_be_several_it_looks_closer() -> None:
    both = [Face(HEAD, 0.9), Face(OTHER, 0.4)]
    detector = _Scripted({FIRST_PASS: both, SECOND_PASS: both, CLOSE_PASS: both[:1]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS, SECOND_PASS, CLOSE_PASS]
    sure = [Face(HEAD, 0.9), Face(OTHER, 0.95)]
    detector = _Scripted({FIRST_PASS: both, SECOND_PASS: both, CLOSE_PASS: sure})
    assert _boxes(detector.detect(PLAIN)) == [HEAD, OTHER]


def test_one_small_head_may_not_be_all() -> None:
    found = [Face(TINY, 0.9)]
    closer = [*found, Face(OTHER_TINY, 0.9), Face(around(300, 60, 80), 0.9)]
    seen = {FIRST_PASS: found, SECOND_PASS: found, CLOSE_PASS: closer, CLOSER_PASSES[0]: closer}
    detector = _Scripted(seen)
    assert len(detector.detect(PLAIN)) == 3


def test_it_looks_closer_again_while_heads_are_small() -> None:
    heads = [Face(TINY, 0.9), Face(OTHER_TINY, 0.9), Face(around(300, 60, 80), 0.9)]
    detector = _Scripted(
        dict.fromkeys((FIRST_PASS, SECOND_PASS, CLOSE_PASS, *CLOSER_PASSES), heads)
    )
    assert len(detector.detect(PLAIN)) == 3
    assert detector.passes == [FIRST_PASS, SECOND_PASS, CLOSE_PASS, CLOSER_PASSES[0]]


def test_a_picture_without_more_pixels_is_not_looked_at_closer() -> None:
    heads = [Face(around(20, 30, 30), 0.9), Face(around(80, 30, 30), 0.9)]
    detector = _Scripted(dict.fromkeys((FIRST_PASS, SECOND_PASS), heads))
    assert len(detector.detect(np.zeros((150, 100, 3), np.uint8))) == 2
    assert detector.passes == [FIRST_PASS, SECOND_PASS]


def test_a_picture_without_a_head_gets_a_closer_pass() -> None:
    detector = _Scripted({CLOSE_PASS: [Face(HEAD, 0.9)]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS, SECOND_PASS, CLOSE_PASS]


def test_what_a_closer_pass_does_not_confirm_stays_where_it_is_all() -> None:
    likely = [Face(HEAD, 0.5), Face(OTHER, 0.26)]
    detector = _Scripted({FIRST_PASS: likely, SECOND_PASS: likely})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]


@pytest.mark.parametrize(
    ("height", "width"), [(320, 320), (320, 180), (180, 320), (320, 1), (250, 320)]
)
def test_the_padded_shape_holds_the_picture_and_is_one_of_few(height: int, width: int) -> None:
    rows, columns = padded_shape(height, width)
    assert rows >= height
    assert columns >= width
    assert rows % 32 == columns % 32 == 0
    assert {rows, columns} <= {320, 256, 192, 128, 96}


@pytest.fixture(scope="module")
def drawn() -> Pixels:
    sample = next(each for each in load_samples() if each.id == "hikari-1")
    return decode(sample.read(), sample.filename).frames[0]


def test_a_face_in_a_tinted_blur_is_found(detector: LearnedDetector, drawn: Pixels) -> None:
    (head,) = detector.detect(drawn)
    # As behind red glass: every colour spans some twenty-five levels.
    tinted = (np.array([180, 0, 0]) + drawn * np.array([0.1, 0.12, 0.12])).astype(np.uint8)
    assert LearnedDetector(detector.network, replace(RULES, pale=False)).detect(tinted) == []
    (found,) = detector.detect(tinted)
    assert iou(found.box, head.box) > 0.6


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"nothing of the sort")
    with pytest.raises(WeightsError, match=r"broken\.tflite can't be read"):
        LearnedDetector.load(broken)


def test_the_installed_weights_are_small() -> None:
    assert DETECTOR_FILE.stat().st_size <= 4_000_000


def test_every_shape_of_picture_is_taken(detector: LearnedDetector) -> None:
    for height, width in ((1, 1), (3, 700), (700, 3), (64, 64), (2000, 900)):
        for face in detector.detect(np.full((height, width, 3), 127, np.uint8)):
            assert 0 < face.score <= 1


def test_finds_the_face_in_real_posts(detector: LearnedDetector, posts: list[Pixels]) -> None:
    for post in posts:
        faces = detector.detect(post)
        assert faces
        height, width = post.shape[:2]
        for face in faces:
            x, y = face.box.center
            assert -50 <= x <= width + 50
            assert -50 <= y <= height + 50


def test_boxes_are_in_pixels_of_the_picture_given(
    detector: LearnedDetector, posts: list[Pixels]
) -> None:
    picture = posts[0]
    double = picture.repeat(2, axis=0).repeat(2, axis=1)
    small, large = detector.detect(picture)[0].box, detector.detect(double)[0].box
    assert iou(small, Box(*(value / 2 for value in large.as_list()))) > 0.7


def test_a_mirrored_pass_boxes_the_same_head(
    detector: LearnedDetector, posts: list[Pixels]
) -> None:
    picture = np.ascontiguousarray(posts[0][:, : posts[0].shape[1] * 4 // 5])
    plain, mirrored = (
        max(seen.faces, key=lambda face: face.score)
        for seen in detector.candidates(picture, Scale(256, mirrored=True))
    )
    assert iou(plain.box, mirrored.box) > 0.7


def test_threads_get_the_same_answers(detector: LearnedDetector, posts: list[Pixels]) -> None:
    alone = [detector.detect(post) for post in posts[:3]]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(detector.detect, posts[:3])) == alone


def test_auto_takes_the_learned_detector() -> None:
    assert isinstance(load_detector("auto"), LearnedDetector)
