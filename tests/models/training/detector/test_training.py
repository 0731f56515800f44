"""The detector's training: what it draws, what it asks for, what it holds out, going on."""

# Keras's annotations name one backend's tensors.
# pyright: reportArgumentType=false

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.detection.heat_map import STRIDE
from models.training.dataset import DatasetError
from models.training.detector import training as detector
from models.training.detector.data import (
    DetectorPictures,
    Labelled,
    load_pictures,
    read_box_file,
    read_files,
)
from models.training.detector.mix import draw_example
from models.training.detector.network import build_heat_map_network
from models.training.detector.targets import targets
from models.training.detector.training import (
    BOXES,
    FURTHER,
    RUNS,
    TEST_BOXES,
    VALIDATION,
    DetectorRun,
    heat_map_loss,
    train_detector,
)
from models.training.export import export_detector
from models.training.quiet_keras import keras
from tests.models.drawn import noise


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a data folder of noise: a post, six crops close and wide, one of them of the post."""
    post = cv2.resize(noise(8, 8, 9), (160, 160))
    (tmp_path / "posts" / "ann").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "posts" / "ann" / "0.jpg"), post)
    rows = ["file,near_duplicate_group,source"]
    for number in range(6):
        folder = tmp_path / "characters" / "ann"
        folder.mkdir(parents=True, exist_ok=True)
        crop = post[20:140, 20:140] if number == 3 else cv2.resize(noise(8, 8, number), (120, 120))
        cv2.imwrite(str(folder / f"{number}.jpg"), crop)
        source = "hololive fan art" if number < 3 else "genshin fan art A"
        rows.append(f"ann/{number}.jpg,{min(number, 4)},{source}")
    (tmp_path / "pictures.csv").write_text("\n".join(rows))
    return tmp_path


HEADS = np.array([[80, 80, 80]], np.float32)


def test_crops_that_show_a_held_out_post_do_not_train(data: Path) -> None:
    everything = load_pictures(data, {"posts/ann/0.jpg": HEADS}, {})
    assert (len(everything.posts), len(everything.tight), len(everything.wide)) == (1, 3, 3)
    without = load_pictures(data, {"posts/ann/0.jpg": HEADS}, {"posts/ann/0.jpg": HEADS})
    assert (len(without.posts), len(without.tight), len(without.wide)) == (0, 3, 2)


def test_the_validation_is_loaded_but_not_trusted(data: Path) -> None:
    found = load_pictures(data, {"posts/ann/0.jpg": HEADS}, {}, ["posts/ann/0.jpg"])
    assert (len(found.posts), len(found.tight), len(found.wide)) == (1, 3, 3)
    trusted = found.trusted()
    assert (len(trusted.posts), len(trusted.tight), len(trusted.wide)) == (0, 3, 2)
    assert found.validation == {"posts/ann/0.jpg", "characters/ann/3.jpg"}


def test_posts_of_several_heads_and_of_small_folders_are_drawn_sooner() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    one, two = np.ones((1, 3), np.float32), np.ones((2, 3), np.float32)
    files = [("crowd/0", one), ("crowd/1", one), ("crowd/2", two), ("crowd/3", one), ("few/0", one)]
    pictures = DetectorPictures([Labelled(pixels, heads, file) for file, heads in files])
    chances = pictures.post_chances
    assert chances.sum() == pytest.approx(1)
    assert chances[2] == pytest.approx(3 * chances[0])
    assert chances[4] == pytest.approx(2 * chances[0])


@pytest.mark.parametrize(("start", "runs"), [("nsfwjs.tgz", RUNS), ("own.tflite", FURTHER)])
def test_finished_weights_are_trained_further_and_the_last_run_holds_nothing_back(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    runs: tuple[DetectorRun, ...],
) -> None:
    made: list[tuple[int, DetectorRun, Path]] = []

    def trained(pictures: DetectorPictures, folder: Path, given: Path, run: DetectorRun) -> Path:
        made.append((len(pictures.posts), run, given))
        path = tmp_path / f"{folder.name}.tflite"
        path.touch()
        return path

    boxes = tmp_path / "boxes.csv"
    boxes.write_text("file,x0,y0,x1,y1\nposts/ann/0.jpg,40,40,120,120\n")
    validation = tmp_path / "validation.csv"
    validation.write_text("file\nposts/ann/0.jpg\n")
    monkeypatch.setattr(detector, "VALIDATION", validation)
    monkeypatch.setattr(detector, "_trained", trained)
    train_detector(data, tmp_path / "out", start=tmp_path / start, boxes=boxes)
    assert tuple(run for _, run, _ in made) == runs
    assert [posts for posts, _, _ in made] == [0] * (len(runs) - 1) + [1]
    assert made[0][2].name == start
    assert made[1][2].name == "run_1.tflite"


def test_files_that_cannot_be_read_are_listed(data: Path) -> None:
    (data / "characters" / "ann" / "5.jpg").write_bytes(b"no picture")
    found = load_pictures(data, {"posts/ann/7.jpg": HEADS}, {})
    assert found.skipped == ["posts/ann/7.jpg", "characters/ann/5.jpg"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="too few pictures"):
        load_pictures(tmp_path, {}, {})


def test_a_seed_draws_the_same_pictures_with_heads_of_sensible_size(data: Path) -> None:
    pictures = load_pictures(data, {"posts/ann/0.jpg": HEADS}, {})
    counts = []
    for seed in range(20):
        pixels, heads = draw_example(pictures, 96, np.random.default_rng(seed))
        again, _ = draw_example(pictures, 96, np.random.default_rng(seed))
        np.testing.assert_array_equal(pixels, again)
        assert pixels.shape == (96, 96, 3)
        assert pixels.dtype == np.uint8
        assert (heads[:, 2] > 0).all()
        counts.append(len(heads))
    assert sum(counts) > 10


def test_targets_ask_for_a_head_where_it_is_and_ignore_tiny_ones() -> None:
    wanted = targets(np.array([[50, 30, 40], [80, 80, 5]], np.float32), 96)
    assert wanted.shape == (12, 12, 6)
    row, column = 30 // STRIDE, 50 // STRIDE
    assert wanted[row, column, 0] == 1
    assert wanted[..., 5].sum() == pytest.approx(1)
    assert np.exp(wanted[row, column, 1]) * 32 == pytest.approx(40, rel=1e-4)
    assert wanted[80 // STRIDE, 80 // STRIDE, 4] == 0 or wanted[..., 0].max() == 1


def test_the_loss_is_least_where_the_map_is_right() -> None:
    wanted = targets(np.array([[50, 30, 40]], np.float32), 96)[None]
    right = wanted[..., :4].copy()
    heat = np.clip(wanted[..., 0], 1e-4, 1 - 1e-4)
    right[..., 0] = np.log(heat / (1 - heat))
    moved = np.roll(right, 3, axis=2)
    given, *maps = map(keras.ops.convert_to_tensor, (wanted, moved, right))
    far, none = (float(heat_map_loss(given, one)) for one in maps)
    assert far > 5 * none


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_training_goes_on_where_it_was_broken_off(data: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.tflite"
    export_detector(build_heat_map_network(), start)
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("file,x0,y0,x1,y1\nposts/ann/0.jpg,40,40,120,120\n")
    run = DetectorRun(steps=4, batch=2, side=64, round=2, workers=1)
    out = tmp_path / "run"
    log = out / "run_1" / "log.jsonl"
    first = train_detector(data, out, start=start, runs=[run], boxes=boxes).read_bytes()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    again = train_detector(data, out, start=start, runs=[run], boxes=boxes).read_bytes()
    assert again == first
    assert len(log.read_text().splitlines()) == 2


def test_no_post_of_the_test_trains() -> None:
    test_boxes = {f"posts/{name}" for name in read_box_file(TEST_BOXES)}
    assert len(test_boxes) == 120
    assert not test_boxes & read_box_file(BOXES).keys()


def test_the_posts_that_choose_are_some_of_those_that_train() -> None:
    validation = read_files(VALIDATION)
    assert len(set(validation)) == len(validation) == 30
    assert set(validation) < read_box_file(BOXES).keys()
