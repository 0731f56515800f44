"""Faces in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.training.breadth.face_pack import cut, read_pack, write_pack
from models.training.breadth.faces import Face, FaceSet

if TYPE_CHECKING:
    from pathlib import Path


def shown() -> tuple[FaceSet, list[str]]:
    """Two faces of plain colours, and one that is dropped."""
    sizes = [(60, 50), (30, 40), (20, 20)]
    colours = [(200, 40, 40), (20, 40, 220), (0, 0, 0)]
    pixels = [np.full((*size, 3), c, np.uint8) for size, c in zip(sizes, colours, strict=True)]
    ends = np.cumsum([one.size for one in pixels])
    places = [(end - one.size, *one.shape[:2]) for end, one in zip(ends, pixels, strict=True)]
    faces = [Face(f"portraits/{n}/0.jpg", n, "game art", 7) for n in ("a", "b", "c")]
    flat = np.concatenate([one.reshape(-1) for one in pixels])
    return FaceSet(faces, np.array(places), flat), ["train", "reserved", "dropped"]


def test_a_pack_holds_faces_roles_and_appearances(tmp_path: Path) -> None:
    faces, roles = shown()
    size = write_pack(tmp_path / "pack", faces, roles, {"a": 5}, side=40)
    assert size == (tmp_path / "pack").stat().st_size
    found, kept, appearances = read_pack(tmp_path / "pack")
    assert found.faces == faces.faces[:2]
    assert kept == ["train", "reserved"]
    assert appearances == {"a": 5}
    assert found.picture(0).shape == (40, 33, 3)
    assert found.picture(1).shape == (30, 40, 3)
    for n in range(2):
        before = faces.picture(n).reshape(-1, 3).mean(0)
        assert np.abs(found.picture(n).reshape(-1, 3).mean(0) - before).max() < 8


def test_a_pack_is_read_from_its_parts(tmp_path: Path) -> None:
    faces, roles = shown()
    write_pack(tmp_path / "pack", faces, roles, {})
    parts = cut(tmp_path / "pack", 300)
    assert len(parts) > 1
    assert max(part.stat().st_size for part in parts) <= 300
    assert read_pack(*parts)[0].faces == faces.faces[:2]
