"""Files that former versions wrote are read as what they hold."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load, save, save_file

from models.gallery.fitted import Threshold
from models.gallery.former_names import FORMER, threshold_fields
from models.gallery.head_file import read_head, write_head
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.packs import Pack, read_pack, write_pack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRESENT = {present: former for former, present in FORMER.items()}


def _former(held: Mapping[str, Any]) -> dict[str, Any]:
    """Return entries under the names that they had before."""
    return {PRESENT.get(name, name): value for name, value in held.items()}


def test_the_shipped_names_of_former_versions_are_read(tmp_path: Path) -> None:
    with safe_open(NAMING_FILE, "numpy") as file:
        settings = json.loads(file.metadata()["moedex"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert not FORMER.keys() & {*tensors, *settings}
    for part in ("scoring", "threshold"):
        settings[part] = _former(settings[part])
    old = tmp_path / "naming.safetensors"
    save_file(_former(tensors), old, {"moedex": json.dumps(_former(settings))})
    before, now = Namer.load(old), Namer.load()
    assert (before.scoring, before.calibration) == (now.scoring, now.calibration)
    assert before.threshold == now.threshold
    for name in ("centroids", "class_weights", "non_faces", "auxiliary_weights", "counts"):
        assert np.array_equal(getattr(before.gallery, name), getattr(now.gallery, name))


def test_heads_of_former_versions_are_read() -> None:
    namer = Namer.load()
    head = replace(namer.gallery, calibration=namer.calibration, threshold=namer.threshold)
    held = load(write_head(head))
    about = json.loads(held["about"].tobytes())
    about["threshold"] = _former(about["threshold"])
    held["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    back = read_head(save(_former(held)))
    assert back.threshold == namer.threshold
    assert np.abs(back.class_weights - head.class_weights).max() < 1e-3


def test_packs_of_former_versions_are_read(tmp_path: Path) -> None:
    character = {"id": "aoi", "name": "Aoi", "series": "Own"}
    file = tmp_path / "a.pack"
    write_pack(Pack("b1", "a test", (character,), np.eye(2, dtype=np.float32), (0, 0)), file)
    with safe_open(file, "numpy") as opened:
        metadata = opened.metadata()
        held = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file(_former(held), file, metadata)
    assert np.array_equal(read_pack(file).vectors, np.eye(2))


def test_a_threshold_of_former_versions_is_read() -> None:
    now = Threshold(0.7, 2, 0.5)
    assert Threshold.read(_former(asdict(now))) == now
    assert Threshold.read(0.7).among(10_000) == 0.7
    for wrong in ({"least": 0.7}, None, "much"):
        with pytest.raises((TypeError, ValueError)):
            Threshold.read(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="much"):
        threshold_fields("much")  # type: ignore[arg-type]
