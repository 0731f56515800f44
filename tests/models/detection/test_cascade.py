"""The cascade finds faces on real pictures, at any place, angle and size, and from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.detection.boxes import iou
from models.detection.cascade import CascadeDetector
from models.detection.registry import load_detector
from models.images.decoding import decode
from models.types import Pixels


@pytest.fixture(scope="module")
def detector() -> CascadeDetector:
    return CascadeDetector()


@pytest.fixture(scope="module")
def posts(shared_data: Path) -> list[Pixels]:
    files = sorted((shared_data / "three_lookalikes" / "posts").glob("*/*.*"))[::9]
    return [_at_most(decode(file.read_bytes(), file.name).frames[0], 700) for file in files]


def _at_most(picture: Pixels, side: int) -> Pixels:
    image = Image.fromarray(picture)
    image.thumbnail((side, side))
    return np.array(image)


def test_finds_a_face_in_real_posts(detector: CascadeDetector, posts: list[Pixels]) -> None:
    found = [detector.detect(post) for post in posts]
    assert sum(map(bool, found)) >= len(posts) - 1
    for faces in found:
        for face in faces:
            width, height = face.box.x1 - face.box.x0, face.box.y1 - face.box.y0
            assert width == pytest.approx(height)
            assert 0 < face.score < 1


def test_boxes_are_in_pixels_of_the_picture_given(
    detector: CascadeDetector, posts: list[Pixels]
) -> None:
    picture = posts[0]
    large = np.array(Image.fromarray(picture).resize((picture.shape[1] * 2, picture.shape[0] * 2)))
    small_box, large_box = detector.detect(picture)[0].box, detector.detect(large)[0].box
    halved = type(large_box)(*(value / 2 for value in large_box.as_list()))
    assert iou(small_box, halved) > 0.6


def test_a_turned_face_is_found(posts: list[Pixels]) -> None:
    detector = CascadeDetector()
    picture = posts[0]
    upright = detector.detect(picture)[0].box
    turned = np.array(Image.fromarray(picture).rotate(30, expand=True, fillcolor="white"))
    side = upright.side
    assert any(abs(face.box.side - side) < side / 2 for face in detector.detect(turned))


def test_a_face_that_fills_the_picture_is_found(
    detector: CascadeDetector, posts: list[Pixels]
) -> None:
    box = detector.detect(posts[0])[0].box
    x0, y0, x1, y1 = (max(0, round(value)) for value in box.as_list())
    assert detector.detect(np.ascontiguousarray(posts[0][y0:y1, x0:x1]))


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (24, 24), (300, 300)])
def test_pictures_without_a_face(detector: CascadeDetector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == []


def test_threads_find_what_one_thread_finds(detector: CascadeDetector, posts: list[Pixels]) -> None:
    alone = [detector.detect(post) for post in posts[:4]]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.detect, posts[:4])) == alone


def test_the_factory_makes_a_cascade_detector() -> None:
    assert isinstance(load_detector("cascade"), CascadeDetector)
