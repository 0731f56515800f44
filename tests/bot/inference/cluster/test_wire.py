"""What goes between bot and cluster comes back as it was, and nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from bot.config import load_config
from bot.inference.cluster import wire
from bot.inference.cluster.frames import ShownFrames
from bot.inference.finding import Intake
from bot.inference.stages import FoundFaces
from models.images.decoding import Picture, PictureError, decode
from models.types import Box, Face
from sandbox.samples.shelf import PICTURES

RNG = np.random.default_rng(7)


def found(faces: int) -> FoundFaces:
    return FoundFaces(
        width=1000,
        height=700,
        frames={2: np.zeros((8, 9, 3), np.uint8)} if faces else {},
        faces=tuple(Face(Box(0.1, 1 / 3, n + 2, 7.5), 1 / (n + 1), 2) for n in range(faces)),
        crops=RNG.integers(0, 256, (faces, 8, 8, 3), np.uint8),
        phash="00ff",
        sha256="ab",
        seconds={"decode": 0.25},
        more=3,
    )


def no_pixels(indices: Collection[int]) -> dict[int, np.ndarray]:
    return {index: np.zeros((1, 1, 3), np.uint8) for index in indices}


@pytest.mark.parametrize("faces", [0, 1, 5])
def test_what_was_found_comes_back_to_the_bit(faces: int) -> None:
    sent = found(faces)
    got = wire.unpack_found(wire.pack_found(sent), no_pixels)
    assert got.faces == sent.faces
    assert np.array_equal(got.crops, sent.crops)
    assert list(got.frames) == [2] * bool(faces)
    for name in ("width", "height", "phash", "sha256", "seconds", "more"):
        assert getattr(got, name) == getattr(sent, name)


def test_crops_and_vectors_come_back() -> None:
    crops = found(4).crops
    assert np.array_equal(wire.unpack_crops(wire.pack_crops(crops), 8), crops)
    vectors = RNG.normal(size=(4, 6)).astype(np.float32)
    assert np.array_equal(wire.unpack_vectors(wire.pack_vectors(vectors), 4), vectors)


def test_a_refusal_comes_back() -> None:
    error = PictureError("truncated", "“ä.png” is cut short.", "ä.png")
    got = wire.unpack_picture_error(wire.pack_picture_error(error))
    assert (got.code, got.message, got.name) == (error.code, error.message, error.name)


@pytest.mark.parametrize(
    "read",
    [
        lambda data: wire.unpack_found(data, no_pixels),
        lambda data: wire.unpack_crops(data, 8),
        lambda data: wire.unpack_vectors(data, 1),
        wire.unpack_picture_error,
    ],
)
@given(data=st.binary(max_size=300))
def test_bytes_of_any_kind_are_refused(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(wire.WireError):
        read(data)


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 8, 8, 3), np.float32),
        np.zeros((1, 8, 8), np.uint8),
        np.zeros((1, 8, 9, 3), np.uint8),
        np.zeros((1, 9, 9, 3), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.zeros((wire.MOST_CROPS + 1, 8, 8, 3), np.uint8),
    ],
)
def test_crops_of_another_shape_are_refused(crops: np.ndarray) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack_crops(save({"crops": crops}), 8)


def test_vectors_of_another_number_are_refused() -> None:
    with pytest.raises(wire.WireError, match="2 vectors came for 3 crops"):
        wire.unpack_vectors(wire.pack_vectors(np.zeros((2, 4), np.float32)), 3)


def test_faces_without_their_crops_are_refused() -> None:
    arrays = {
        "about": np.frombuffer(json.dumps({"width": 1}).encode(), np.uint8),
        "faces": np.zeros((2, 6)),
        "crops": np.zeros((1, 8, 8, 3), np.uint8),
    }
    with pytest.raises(wire.WireError):
        wire.unpack_found(save(arrays), no_pixels)


def test_frames_are_decoded_when_one_is_asked_for_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = load_config(None, answers={"side": 200})
    data = (PICTURES / "nodding.gif").read_bytes()
    decoded: list[str] = []

    def noted(data: bytes, name: str, *more: Any, **options: Any) -> Picture:
        decoded.append(name)
        return decode(data, name, *more, **options)

    monkeypatch.setattr("bot.inference.finding.decode", noted)
    frames = ShownFrames(data, "a.gif", Intake.of(config), {3, 0})
    assert (list(frames), len(frames), decoded) == ([0, 3], 2, [])
    assert not np.array_equal(frames[0], frames[3])
    assert frames[0].dtype == np.uint8
    assert decoded == ["a.gif"]
    with pytest.raises(KeyError):
        frames[1]
