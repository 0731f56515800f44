"""Files that former versions wrote are read as what they hold."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load, save, save_file

from models.gallery.calibration import logistic
from models.gallery.fitted import Calibration, Threshold
from models.gallery.former_names import FORMER
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
    settings["scoring"] = _former(settings["scoring"])
    old = tmp_path / "naming.safetensors"
    save_file(_former(tensors), old, {"moedex": json.dumps(_former(settings))})
    before, now = Namer.load(old), Namer.load()
    assert (before.scoring, before.calibration) == (now.scoring, now.calibration)
    assert before.threshold == now.threshold
    for name in ("centroids", "class_weights", "non_faces", "auxiliary_weights", "counts"):
        assert np.array_equal(getattr(before.gallery, name), getattr(now.gallery, name))


def test_heads_of_former_versions_are_read() -> None:
    namer = Namer.load()
    few = namer.gallery.subset(range(20))
    few = few.with_class_weights(few.centroids * (np.arange(20) % 2)[:, None])
    head = replace(few, calibration=namer.calibration, threshold=namer.threshold)
    held = load(write_head(head))
    weights = np.zeros_like(held["centroids"])
    weights[held.pop("classified")] = held["class_weights"]
    held["class_weights"] = weights  # a row for each character, as it was
    about = json.loads(held["about"].tobytes())
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
    former = {"least": 0.7, "characters": 2, "per_doubling": 0.5}
    now = Threshold.rising(0.7, 2, 0.5)
    assert Threshold.read(_former(former)) == Threshold.read(former) == now
    assert Threshold.read(asdict(now)) == now
    assert logistic(np.array(Threshold.read(0.7).among(10_000))) == pytest.approx(0.7)


def test_a_calibration_of_former_versions_is_read() -> None:
    former = {"weights": [0.5, 0.45, 0.05], "slope": 20.0, "offset": -8.0, "temperature": 0.06}
    found = Calibration.read(former)
    assert found.weights == pytest.approx((11.0, 9.0))
    assert (found.offset, found.shift(0.9)) == (-8.0, pytest.approx(0.0))
    assert Calibration.read(asdict(found)) == found


def test_what_is_no_threshold_is_refused() -> None:
    for wrong in ({"least": 0.7}, None, "much"):
        with pytest.raises((TypeError, ValueError)):
            Threshold.read(wrong)  # type: ignore[arg-type]
