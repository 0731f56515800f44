"""The learned detector: its map read right, every shape of picture, several threads, real posts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.detection.boxes import iou
from models.detection.heat_map import decode_heads, padded_shape
from models.detection.learned import (
    CLOSE_PASS,
    DETECTOR_FILE,
    FIRST,
    FIRST_PASS,
    FURTHER,
    SECOND_PASS,
    LearnedDetector,
    Scale,
    accepted,
    doubtful,
    fused,
)
from models.detection.registry import load_detector
from models.images.decoding import decode
from models.training.detector.targets import targets
from models.types import Box, Face, Pixels
from models.weight_files import WeightsError


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


def test_passes_that_agree_score_higher_than_one_alone() -> None:
    left, right = Box(0, 0, 40, 40), Box(100, 0, 140, 40)
    near_left = Box(2, 2, 42, 42)
    faces = fused([[Face(left, 0.6), Face(right, 0.8)], [Face(near_left, 0.6)]])
    by_score = sorted(faces, key=lambda face: face.score)
    assert [face.score for face in by_score] == pytest.approx([0.4, 0.6])
    assert by_score[1].box.x0 == pytest.approx(1)


def test_the_best_head_is_accepted_sooner_than_further_ones() -> None:
    best, other = Face(Box(0, 0, 40, 40), 0.3), Face(Box(100, 0, 140, 40), 0.29)
    assert accepted([best, other], first=0.2, further=0.5) == [best]
    assert accepted([best, other], first=0.2, further=0.25) == [best, other]
    assert accepted([best, other], first=0.4, further=0.5) == []
    assert accepted([]) == []


HEAD, OTHER = Box(0, 0, 40, 40), Box(100, 0, 140, 40)


@pytest.mark.parametrize(
    ("scores", "doubt"),
    [
        ([FURTHER], False),
        ([FURTHER, FIRST - 0.01], False),
        ([0.99, FURTHER], False),
        ([FURTHER - 0.01], True),
        ([0.99, FIRST], True),
        ([FIRST - 0.01], True),
        ([], True),
    ],
)
def test_the_first_pass_leaves_a_doubt_where_a_score_is_neither_high_nor_low(
    scores: list[float], doubt: bool
) -> None:
    faces = [Face(box, score) for box, score in zip((HEAD, OTHER), scores, strict=False)]
    assert doubtful(faces) == doubt


class _Scripted(LearnedDetector):
    """Finds in each pass the faces that it is given, and notes which passes it made."""

    def __init__(self, shown: dict[Scale, list[Face]]) -> None:
        self.shown, self.passes = shown, []

    def candidates(self, picture: Pixels, scale: Scale) -> list[list[Face]]:
        self.passes.append(scale)
        return [self.shown.get(scale, [])] * (1 + scale.mirrored)


def _boxes(faces: list[Face]) -> list[Box]:
    return [Box(*(round(value) for value in face.box.as_list())) for face in faces]


PLAIN = np.zeros((300, 200, 3), np.uint8)


def test_a_first_pass_that_leaves_no_doubt_is_all() -> None:
    detector = _Scripted({FIRST_PASS: [Face(HEAD, 0.9)]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS]


def test_a_doubt_is_settled_by_the_mean_of_all_passes() -> None:
    seen = {FIRST_PASS: [Face(HEAD, 0.9), Face(OTHER, 0.4)], SECOND_PASS: [Face(HEAD, 0.9)]}
    detector = _Scripted(seen)
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS, SECOND_PASS]
    detector = _Scripted({**seen, SECOND_PASS: [Face(HEAD, 0.9), Face(OTHER, 0.8)]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD, OTHER]


def test_a_picture_without_a_head_gets_a_closer_pass() -> None:
    detector = _Scripted({CLOSE_PASS: [Face(HEAD, 0.9)]})
    assert _boxes(detector.detect(PLAIN)) == [HEAD]
    assert detector.passes == [FIRST_PASS, SECOND_PASS, CLOSE_PASS]


@pytest.mark.parametrize(
    ("height", "width"), [(320, 320), (320, 180), (180, 320), (320, 1), (250, 320)]
)
def test_the_padded_shape_holds_the_picture_and_is_one_of_few(height: int, width: int) -> None:
    rows, columns = padded_shape(height, width, 320)
    assert rows >= height
    assert columns >= width
    assert rows % 32 == columns % 32 == 0
    assert {rows, columns} <= {320, 256, 192}


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
        max(faces, key=lambda face: face.score)
        for faces in detector.candidates(picture, Scale(256, mirrored=True))
    )
    assert iou(plain.box, mirrored.box) > 0.7


def test_threads_get_the_same_answers(detector: LearnedDetector, posts: list[Pixels]) -> None:
    alone = [detector.detect(post) for post in posts[:3]]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(detector.detect, posts[:3])) == alone


def test_auto_takes_the_learned_detector() -> None:
    assert isinstance(load_detector("auto"), LearnedDetector)
