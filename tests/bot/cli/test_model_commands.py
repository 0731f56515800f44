"""`moedex train`, `evaluate`, `embed` and `model card`, by the shipped weights."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bot.cli import app
from models.vectors import from_text

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


def _picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    Image.fromarray(coarse).resize((128, 128)).save(path)
    return path


def test_embed_writes_unit_vectors_in_the_order_given(tmp_path: Path) -> None:
    files = [_picture(tmp_path / f"{seed}.png", seed) for seed in (3, 1, 2)]
    out = tmp_path / "vectors.npz"
    result = runner.invoke(app, ["embed", *map(str, files), "--face", "--out", str(out)])

    assert result.exit_code == 0, result.output
    with np.load(out) as held:
        assert held["file"].tolist() == [str(file) for file in files]
        assert held["vector"].dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(held["vector"], axis=1), 1, atol=1e-5)


def test_embed_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    good = _picture(tmp_path / "good.png", 1)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    out = tmp_path / "vectors.npz"
    result = runner.invoke(app, ["embed", str(good), str(bad), "--face", "--out", str(out)])

    assert result.exit_code == 1
    assert "bad.png" in result.output
    assert not out.exists()

    _picture(bad, 2)
    (part,) = tmp_path.glob("vectors.npz.*.part")
    kept = [json.loads(line) for line in part.read_text().splitlines()]
    assert [row["file"] for row in kept] == [str(good)]
    vector = from_text(kept[0]["vectors"][0])
    _picture(good, 3)  # what was embedded already is not looked at again
    result = runner.invoke(
        app, ["embed", str(bad), str(good), str(bad), "--face", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert not part.exists()
    with np.load(out) as held:
        assert held["file"].tolist() == [str(bad), str(good), str(bad)]
        assert np.array_equal(held["vector"][1], vector)


def test_evaluate_learns_from_a_gallery(tmp_path: Path) -> None:
    for name, seed in (("anna", 1), ("bea", 2)):
        _picture(tmp_path / "gallery" / name / "0.png", seed)
        _picture(tmp_path / "asked" / name / "0.png", seed)
    result = runner.invoke(
        app,
        ["evaluate", str(tmp_path / "asked"), "--gallery", str(tmp_path / "gallery"), "--json"],
    )

    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["gallery"] == 2
    assert (figures["top_1"]["hits"], figures["top_1"]["total"]) == (2, 2)


def test_evaluate_says_what_it_expected(tmp_path: Path) -> None:
    result = runner.invoke(app, ["evaluate", str(tmp_path)])
    assert result.exit_code == 1
    assert "character/picture" in result.output


def test_training_without_pictures_ends_with_one_line(tmp_path: Path) -> None:
    arguments = ["train", "head", str(tmp_path), "--out", str(tmp_path / "out")]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "character/picture" in result.output


def test_head_learns_the_names_of_a_folder(tmp_path: Path) -> None:
    from models.gallery.namer import Namer

    for name, seed in (("anna", 1), ("bea", 2)):
        for picture in range(2):
            _picture(tmp_path / "data" / name / f"{picture}.png", 10 * seed + picture)
    arguments = ["train", "head", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    result = runner.invoke(app, arguments)

    assert result.exit_code == 0, result.output
    namer = Namer.load(tmp_path / "out" / "naming.safetensors")
    assert [character.name for character in namer.gallery.characters] == ["Anna", "Bea"]


WITHOUT_KERAS = """
import sys
sys.modules |= {"keras": None, "tensorflow": None}
from bot.cli import app
from models.vectors import from_text
app(sys.argv[1:])
"""


def test_names_are_learned_and_measured_where_keras_is_not_installed(tmp_path: Path) -> None:
    for name, seed in (("anna", 1), ("bea", 2)):
        _picture(tmp_path / "data" / name / "0.png", seed)
    data, out = str(tmp_path / "data"), str(tmp_path / "out")
    for arguments in (["train", "head", data, "--out", out], ["evaluate", data, "--gallery", data]):
        command = [sys.executable, "-c", WITHOUT_KERAS, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["all", "backbone", "further", "detector"])
def test_networks_are_not_trained_where_keras_is_not_installed(tmp_path: Path, what: str) -> None:
    start = [] if what == "further" else ["--start", str(tmp_path)]
    command = [sys.executable, "-c", WITHOUT_KERAS, "train", what, str(tmp_path), *start]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 1
    assert "Keras" in done.stderr
    assert done.stderr.strip().endswith("-m pip install 'moedex[train]'")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("word", ["Data", "Figures", "Limits", "Licence"])
def test_the_model_card_tells_what_matters(word: str) -> None:
    result = runner.invoke(app, ["model", "card"])
    assert result.exit_code == 0
    assert word in result.output


@pytest.mark.parametrize(
    "command",
    [("all", "--start", "none"), ("backbone", "--start", "none"), ("further",), ("head",)],
    ids=lambda command: command[0],
)
def test_only_a_gallery_of_everybody_is_shipped(tmp_path: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    for folder in ("characters", "portraits"):
        _picture(tmp_path / folder / "miku" / "1.png", 1)
    out = tmp_path / "out"
    arguments = ["train", name, str(tmp_path), *options, "--out", str(out), "--ship"]
    result = runner.invoke(app, arguments)

    assert result.exit_code == 2
    assert "moedex train gallery" in " ".join(result.output.replace("│", " ").split())
    assert not out.exists()
