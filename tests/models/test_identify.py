"""The stages tied together, with a detector and an embedder that are easy to foresee."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.embedding.embedder import Embedder
from models.gallery.namer import Namer, Naming
from models.gallery.policy import NamingPolicy
from models.identify import Identifier, card_frame, detection_side, whole_face
from models.images.decoding import Picture, decode
from models.types import Box, Character, Face, Guess, Pixels, Vectors
from tests.models.drawn import encoded

SIDE = 32


class BrightSquares:
    """Finds one head: the box around what is brighter than 100."""

    def detect(self, picture: Pixels) -> list[Face]:
        rows, columns = np.nonzero(picture.max(axis=2) > 100)
        if not len(rows):
            return []
        edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return [Face(Box(*map(float, edges)), 0.5)]


class MeanColour:
    """Embeds a crop as its mean colour, of unit length."""

    side, dimensions, version = SIDE, 3, "colour"

    def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        colours = crops.reshape(len(crops), SIDE * SIDE, 3).mean(axis=1) + 1
        return (colours / np.linalg.norm(colours, axis=1, keepdims=True)).astype(np.float32)


class ByStrongestColour:
    """Names a face red, green or blue."""

    version = "strongest"

    def is_non_face(self, vectors: Vectors, gallery: None = None) -> NDArray[np.bool_]:
        return np.zeros(len(vectors), np.bool_)

    def name(
        self,
        vectors: Vectors,
        gallery: None = None,
        policy: NamingPolicy | None = None,
        top: int = 5,
        frames: Sequence[int] | None = None,
    ) -> list[Naming]:
        policy = policy or NamingPolicy(named=0.5)
        names = ["red", "green", "blue"]
        return [
            Naming(
                tuple(
                    Guess(Character(names[i], names[i], ""), float(vector[i]))
                    for i in np.argsort(-vector)
                ),
                policy.tier(float(vector.max())),
            )
            for vector in vectors
        ]


@pytest.fixture
def identifier() -> Identifier:
    return Identifier(
        BrightSquares(), cast("Embedder", MeanColour()), cast("Namer", ByStrongestColour())
    )


def frame_with(colour: tuple[int, int, int] | None, x: int = 40, y: int = 40) -> Pixels:
    frame = np.zeros((200, 200, 3), np.uint8)
    if colour:
        frame[y : y + 60, x : x + 60] = colour
    return frame


def picture_of(*frames: Pixels) -> Picture:
    return Picture("a.gif", frames, len(frames) > 1, 200, 200)


RED, BLUE = (250, 0, 0), (0, 0, 250)


def test_one_face_is_found_cropped_and_named(identifier: Identifier) -> None:
    (named,) = identifier.identify(picture_of(frame_with(RED)))
    assert named.best.character.id == "red"
    assert not named.unknown
    assert named.crop.shape == (SIDE, SIDE, 3)
    assert named.vector.shape == (3,)
    assert named.face.box == Box(40, 40, 100, 100)
    assert identifier.model_version == "colour-strongest"


def test_no_face_is_an_empty_answer(identifier: Identifier) -> None:
    assert identifier.identify(picture_of(frame_with(None))) == []


def test_a_face_through_all_frames_is_given_once(identifier: Identifier) -> None:
    frames = [frame_with(RED, 40 + 4 * step) for step in range(6)]
    assert len(identifier.find(picture_of(*frames))) == 1
    assert len(identifier.identify(picture_of(*frames))) == 1


def test_a_face_that_jumps_is_found_twice_and_named_once(identifier: Identifier) -> None:
    picture = picture_of(frame_with(RED, 0), frame_with(RED, 120))
    assert len(identifier.find(picture)) == 2
    assert len(identifier.identify(picture)) == 1


def test_after_a_cut_another_face_in_the_same_place_is_another(identifier: Identifier) -> None:
    picture = picture_of(frame_with(RED), frame_with(BLUE))
    named = identifier.identify(picture)
    assert sorted(one.best.character.id for one in named) == ["blue", "red"]
    assert {one.face.frame for one in named} == {0, 1}


def test_the_card_is_drawn_on_the_frame_with_most_faces(identifier: Identifier) -> None:
    frames = frame_with(None), frame_with(BLUE)
    picture = picture_of(*frames)
    assert card_frame(picture, identifier.find(picture)) is frames[1]
    assert card_frame(picture, []) is frames[0]


def test_a_picture_that_is_one_face_is_its_own_crop(identifier: Identifier) -> None:
    picture = picture_of(frame_with(None))
    crop = identifier.crops(picture, [whole_face(picture)])[0]
    assert (crop == 0).all()
    checks = np.indices((200, 200)).sum(axis=0)[..., None].repeat(3, axis=2) // 2
    picture = picture_of(checks.astype(np.uint8))
    crop = identifier.crops(picture, [whole_face(picture)])[0]
    assert crop[0, 0, 0] < 8
    assert crop[-1, -1, 0] > 190


def test_a_face_in_a_large_picture_is_boxed_in_its_own_pixels(identifier: Identifier) -> None:
    frame = np.zeros((3000, 4000, 3), np.uint8)
    frame[1000:1064, 3200:3264] = RED
    picture = Picture("a.png", (frame,), animated=False, width=4000, height=3000)
    (face,) = identifier.find(picture)
    assert face.box == Box(3200, 1000, 3264, 1064)


def test_crops_are_cut_from_the_full_size(identifier: Identifier) -> None:
    frame = np.zeros((3000, 4000, 3), np.uint8)
    frame[::2] = 255  # stripes that are grey at half the size
    picture = Picture("a.png", (frame,), animated=False, width=4000, height=3000)
    (crop,) = identifier.crops(picture, [Face(Box(210, 210, 235, 235), 1.0)])
    assert (crop.min(), crop.max()) == (0, 255)


def test_a_picture_that_was_decoded_smaller_gives_the_same_boxes_and_crops(
    identifier: Identifier,
) -> None:
    whole = np.zeros((400, 400, 3), np.uint8)
    whole[100:228, 200:328] = (250, 120, 120)
    small = whole[::2, ::2]
    pictures = [Picture("", (frame,), False, 400, 400) for frame in (whole, small)]
    faces, same = (identifier.find(picture) for picture in pictures)
    assert same == faces == [Face(Box(200, 100, 328, 228), 0.5)]
    crops, others = (identifier.crops(picture, faces) for picture in pictures)
    assert np.abs(crops.astype(int) - others).mean() < 4


@pytest.mark.parametrize(
    ("shrunk", "side", "suffices"),
    [(1, 10, True), (2, 50, True), (2, 48, False), (4, 99, True), (4, 97, False)],
)
def test_small_faces_need_the_whole_picture(
    identifier: Identifier, shrunk: int, side: int, *, suffices: bool
) -> None:
    frame = np.zeros((600 // shrunk, 800 // shrunk, 3), np.uint8)
    picture = Picture("", (frame,), False, 800, 600)
    faces = [Face(Box(0, 0, 300, 300), 0.9), Face(Box(100, 100, 100 + side, 100 + side), 0.9)]
    assert identifier.suffices(picture, faces) is suffices
    assert identifier.suffices(picture, [])


def test_real_posts_are_answered_the_same_from_half_of_their_pixels(shared_data: Path) -> None:
    identifier = Identifier.load()
    for file in ("nami/180.jpg", "several/003.jpg"):
        image = Image.open(shared_data / "posts" / file).convert("RGB")
        times = 3400 / max(image.size)
        large = image.resize((round(times * image.width), round(times * image.height)))
        data = encoded(large, "JPEG", quality=90)
        whole, half = decode(data, file), decode(data, file, enough=detection_side)
        assert max(half.frames[0].shape) == 1700
        expected, found = identifier.identify(whole), identifier.identify(half)
        for one, other in zip(found, expected, strict=True):
            # who comes first among guesses of less than a hundredth is chance
            if max(one.best.probability, other.best.probability) > 0.01:
                assert one.best.character.id == other.best.character.id
            box, same = one.face.box, other.face.box
            apart = np.abs(np.subtract(box.as_list(), same.as_list())).max()
            assert apart < 0.03 * same.side
            assert one.best.probability == pytest.approx(other.best.probability, abs=0.05)
