"""Box arithmetic: overlap, clusters, reading order."""

from __future__ import annotations

import numpy as np
import pytest

from models.detection.boxes import (
    around,
    best_faces,
    cluster,
    cluster_corners,
    iou,
    mean_box,
    outermost,
    reading_order,
    same_face,
    squared,
)
from models.types import Box, Face


def test_overlap_of_equal_half_and_separate_boxes() -> None:
    box = Box(0, 0, 10, 10)
    assert iou(box, box) == 1.0
    assert iou(box, Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert iou(box, Box(10, 0, 20, 10)) == 0.0
    assert iou(box, Box(0, 0, 0, 0)) == 0.0


def test_squared_keeps_the_centre_and_the_longer_side() -> None:
    assert squared(Box(0, 10, 20, 20)) == Box(0, 5, 20, 25)


def test_mean_box_is_weighted() -> None:
    assert mean_box([Box(0, 0, 4, 4), Box(4, 4, 8, 8)], [3, 1]) == Box(1, 1, 5, 5)


def test_cluster_joins_what_means_one_face() -> None:
    boxes = [around(50, 50, 40), around(200, 50, 40), around(53, 52, 44), around(52, 50, 12)]
    assert cluster(boxes, [1, 5, 2, 1]) == [[1], [2, 0, 3]]


def test_a_cluster_is_looked_for_when_it_is_asked_for() -> None:
    corners = np.array([around(50 * n, 50, 40).as_list() for n in range(4)])
    groups = cluster_corners(corners, np.array([0.1, 0.9, 0.5, 0.2]))
    assert next(groups).tolist() == [1]
    assert [group.tolist() for group in groups] == [[2], [3], [0]]


def test_clusters_are_those_of_the_rule_for_two() -> None:
    rng = np.random.default_rng(5)
    middles, sides = rng.uniform(0, 200, (80, 2)), rng.uniform(5, 60, (80, 2))
    corners = np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)
    weights = rng.uniform(0, 1, 80)
    boxes = [Box(*row) for row in corners.tolist()]
    left, expected = sorted(range(80), key=lambda n: -weights[n]), list[list[int]]()
    while left:
        expected.append([n for n in left if n == left[0] or same_face(boxes[left[0]], boxes[n])])
        left = [n for n in left if n not in expected[-1]]
    assert cluster(boxes, weights.tolist()) == expected


def test_neighbours_stay_apart() -> None:
    assert len(cluster([around(50, 50, 40), around(80, 50, 40)], [1, 1])) == 2


def test_reading_order_goes_by_rows() -> None:
    places = [(300, 60), (50, 300), (40, 50), (170, 45), (200, 310)]
    faces = [Face(around(x, y, 60), 0.5) for x, y in places]
    ordered = [face.box.center for face in reading_order(faces)]
    assert ordered == [(40, 50), (170, 45), (300, 60), (50, 300), (200, 310)]


def test_best_faces_are_the_sure_and_large_ones() -> None:
    large, sure, small = (
        Face(around(10, 0, 100), 0.6),
        Face(around(300, 0, 60), 0.9),
        Face(around(200, 0, 30), 0.9),
    )
    assert best_faces([small, sure, large], 2) == [large, sure]
    assert best_faces([], 3) == []


def test_a_part_of_a_head_is_no_head() -> None:
    head, eye, neighbour = (
        Face(around(50, 50, 100), 0.5),
        Face(around(80, 30, 30), 0.9),
        Face(around(120, 50, 100), 0.5),
    )
    assert outermost([eye, head, neighbour]) == [head, neighbour]
    assert outermost([]) == []
