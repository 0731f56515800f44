"""What is shipped after training: names for every character, and a few vectors of each."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks import held_out_model
from bot.cli import app
from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.gallery.training_vectors import VectorSet
from models.roster.roster import load_roster
from models.training import pipeline, start_model
from models.training.augmentation import Augmentation
from models.training.dataset import Kind, Sample
from models.training.embedding_network import build_embedding_network
from models.training.export import export_embedding
from models.training.galleries import KEPT_VECTORS, fit_shipped_head
from models.training.pipeline import (
    INSTALLED_FILES,
    BackbonePlans,
    TrainingPlan,
    train_further,
)
from models.training.plan import BackbonePlan
from models.training.structure import Fusion, Structure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIDE, AXES, DIMENSIONS = 75, 8, 12
THRESHOLD = Threshold.rising(0.63, 50, 0.7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder whose embedding is untrained."""
    structure = Structure(("mixed6", "mixed6"), AXES, Fusion(("mixed4",), 4, DIMENSIONS))
    network = build_embedding_network(SIDE, structure)
    export_embedding(network, tmp_path / EMBEDDING_FILE.name, structure)
    weights = np.eye(2, DIMENSIONS, dtype=np.float32)
    first, second = (character.id for character in load_roster().characters[:2])
    np.savez(tmp_path / "classes.npz", labels=np.array([first, second]), weights=weights)
    return tmp_path


def _samples(label: str, kind: Kind, count: int, groups: int) -> list[Sample]:
    rng = np.random.default_rng(len(label) + count)
    return [
        Sample(
            f"{label}/{i}",
            label,
            kind,
            i % groups,
            "",
            0,
            rng.integers(0, 256, (80, 80, 3), np.uint8),
        )
        for i in range(count)
    ]


def test_every_character_is_named_and_a_few_vectors_of_each_are_kept(tmp_path: Path) -> None:
    folder = tmp_path
    shutil.copyfile(EMBEDDING_FILE, folder / EMBEDDING_FILE.name)
    first, second = (character.id for character in load_roster().characters[:2])
    dimensions = Embedder.load().dimensions
    weights = np.eye(2, dimensions, dtype=np.float32)
    np.savez(folder / "classes.npz", labels=np.array([first, second]), weights=weights)
    samples = [
        *_samples(first, "character", 34, groups=32),
        *_samples(second, "character", 6, groups=3),
        *_samples("icon/nian", "icon", 3, groups=3),
        *_samples("no_face", "no_face", 2, groups=2),
    ]
    empty = np.zeros((1, dimensions), np.float32)
    measured = Namer(
        Gallery.of({load_roster().characters[0]: empty}),
        scoring=Scoring(),
        calibration=Calibration(offset=-7.0),
        threshold=THRESHOLD,
        version="",
    )

    fit_shipped_head(samples, folder, measured)

    namer = Namer.load(folder / "naming.safetensors")
    assert [character.id for character in namer.gallery.characters] == [first, second]
    assert (namer.threshold, namer.calibration.offset) == (THRESHOLD, -7.0)
    assert len(namer.gallery.non_faces) == 2
    embedder = Embedder.load(folder / EMBEDDING_FILE.name)
    data = VectorSet.load(folder / "vectors.safetensors", embedder.version)
    assert data is not None
    assert [data.labels.count(label) for label in (first, second)] == [KEPT_VECTORS, 3]
    assert set(data.labels) == {first, second}
    assert len({*zip(data.labels, data.groups, strict=True)}) == KEPT_VECTORS + 3
    np.testing.assert_allclose(np.linalg.norm(data.vectors, axis=1), 1, atol=1e-3)
    assert VectorSet.load(folder / "vectors.safetensors", "another") is None


SHORT = BackbonePlan(
    cut="mixed6",
    axes=AXES,
    sides=((75, 1.0),),
    passes=1,
    batch=4,
    steps_an_epoch=1,
    hue_shifted=0.0,
    augmentation=Augmentation(recolour=0, grey=0),
)


def _write_pictures(folder: Path, labels: Sequence[str], count: int) -> None:
    """Pictures of noise, each label in a colour of its own."""
    rng = np.random.default_rng(0)
    for label in labels:
        colour = rng.integers(40, 216, 3)
        own = folder / label
        own.mkdir(parents=True)
        for number in range(count):
            picture = np.clip(colour + rng.integers(-40, 40, (80, 80, 3)), 0, 255)
            cv2.imwrite(str(own / f"{number}.png"), picture.astype(np.uint8))


@pytest.mark.slow
def test_a_folder_of_ones_own_characters_trains_everything_but_the_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = ["alice", "bea", "cora", "dolores_umbridge", "emma"]
    _write_pictures(tmp_path / "data", labels, 9)
    first = BackbonePlans(replace(SHORT, hue_shifted=0.3), replace(SHORT, seed=1))
    plan = TrainingPlan((first, BackbonePlans(SHORT, SHORT)))
    monkeypatch.setattr(pipeline, "default_plan", lambda *_: plan)
    # Random weights stand in for the start, which is a package that has to be downloaded.
    monkeypatch.setattr(start_model, "read_start", lambda _: {})
    monkeypatch.setattr(start_model, "load_start", lambda *_: None)
    out = tmp_path / "out"
    arguments = ["train", "all", str(tmp_path / "data"), "--start", "none", "--out", str(out)]

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0, result.output
    assert "The detector stays as it is" in result.output
    assert {path.name for path in (out / "production").iterdir()} >= set(INSTALLED_FILES)
    gallery = Namer.load(out / "production" / "naming.safetensors").gallery
    assert [character.id for character in gallery.characters] == labels
    assert gallery.characters[3].name == "Dolores Umbridge"
    measured = json.loads((out / "held_out" / "split.json").read_text())
    assert {len(measured[part]) for part in ("unseen", "impostors")} == {9}
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 0, again.output

    monkeypatch.setattr(held_out_model, "default_plan", lambda: plan)
    monkeypatch.setattr(held_out_model, "KEPT", tmp_path / "kept")
    with pytest.raises(typer.BadParameter, match="no finished run"):
        held_out_model.main(tmp_path / "data", tmp_path / "together")
    held_out_model.main(tmp_path / "data", out / "held_out", keep=True)
    shipped = tmp_path / "shipped" / "naming.safetensors"
    monkeypatch.setattr(held_out_model, "NAMING_FILE", shipped)
    held_out_model.main(tmp_path / "data", tmp_path / "together", ship=True)
    measured, given = Namer.load(tmp_path / "together" / "naming.safetensors"), Namer.load(shipped)
    assert (given.calibration, given.threshold) == (measured.calibration, measured.threshold)
    assert given.gallery.characters == Namer.load().gallery.characters
    for name in (EMBEDDING_FILE.name, "naming.safetensors", "split.json"):
        together = (tmp_path / "together" / name).read_bytes()
        assert together == (out / "held_out" / name).read_bytes(), name


@pytest.mark.slow
def test_finished_weights_are_trained_further(folder: Path, tmp_path: Path) -> None:
    known = load_roster().characters[:2]
    _write_pictures(tmp_path / "data", [character.id for character in known], 4)
    before = Namer(
        Gallery.of({character: np.eye(1, DIMENSIONS, dtype=np.float32) for character in known}),
        scoring=Scoring(),
        calibration=Calibration(offset=-7.0),
        threshold=THRESHOLD,
        version="",
    )
    before.save(folder / "naming.safetensors")

    run = train_further(tmp_path / "data", tmp_path / "out", SHORT, weights=folder)

    assert (run / "doubtful.txt").is_file()
    namer = Namer.load(run / "naming.safetensors")
    assert [character.id for character in namer.gallery.characters] == [c.id for c in known]
    assert (namer.threshold, namer.calibration.offset) == (THRESHOLD, -7.0)
    embedder = Embedder.load(run / EMBEDDING_FILE.name)
    assert embedder.version != Embedder.load(folder / EMBEDDING_FILE.name).version
    assert VectorSet.load(run / "vectors.safetensors", embedder.version) is not None
