"""How often a character will be named, as /teach says it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.gallery.composition import server_gallery
from models.gallery.examples import Example
from models.gallery.expectation import _turned, expected
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.tuning import tuned
from tests.models.gallery.world import IMPOSTORS, People, faces

NOBODY = np.empty((0, 32), np.float32)


def gallery_of(namer: Namer, vectors: np.ndarray, others: np.ndarray = NOBODY) -> Gallery:
    """Return the gallery of a server that taught Aoi by these pictures, and Yuu by others."""
    examples = [
        Example(vector, key, True, n + 1, -n - 1)
        for n, (key, vector) in enumerate(
            [*(("aoi", each) for each in vectors), *(("yuu", each) for each in others)]
        )
    ]
    gallery = server_gallery(namer.gallery, People.of("aoi", "yuu"), examples)
    return tuned(gallery, namer, IMPOSTORS)


def test_more_pictures_and_pictures_that_agree_are_expected_to_help(namer: Namer) -> None:
    alike, apart = faces(20, 6, 1, 0.05), faces(20, 6, 1, 0.6)
    one = expected(namer, gallery_of(namer, alike[:1]), "aoi", alike[:1], IMPOSTORS)
    good = expected(namer, gallery_of(namer, alike), "aoi", alike, IMPOSTORS)
    bad = expected(namer, gallery_of(namer, apart), "aoi", apart, IMPOSTORS)
    assert one is not None
    assert good is not None
    assert bad is not None
    assert (one.pictures, good.pictures) == (1, 6)
    assert 0 <= one.now <= one.later <= 1
    assert good.now > bad.now


def test_who_is_like_somebody_else_is_expected_to_be_named_less(namer: Namer) -> None:
    own, others, twin = faces(20, 3, 1), faces(21, 3, 1), faces(20, 3, 2)
    alone = expected(namer, gallery_of(namer, own, others), "aoi", own, IMPOSTORS)
    alike = expected(namer, gallery_of(namer, own, twin), "aoi", own, IMPOSTORS)
    assert alone is not None
    assert alike is not None
    assert alike.now < alone.now


def test_nothing_is_said_of_nobody_or_by_too_few_faces(namer: Namer) -> None:
    alike = faces(20, 2, 1)
    gallery = gallery_of(namer, alike)
    assert expected(namer, gallery, "gone", alike, IMPOSTORS) is None
    lone = replace(IMPOSTORS, identities=tuple(map(str, range(len(IMPOSTORS.vectors)))))
    assert expected(namer, gallery, "aoi", alike, lone) is None


def test_turning_keeps_how_far_two_drawings_are_apart() -> None:
    start, vectors, (end,) = faces(3, 9, 1, 0.3), faces(3, 9, 2, 0.3), faces(20, 1, 1)
    turned = _turned(start, vectors, end)
    assert np.allclose(turned @ end, (vectors * start).sum(1), atol=1e-5)
    assert np.allclose(_turned(start, start, end), end, atol=1e-5)
