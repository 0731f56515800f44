"""Faces, split, batches, class weights and measures of the breadth run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
import pytest

from models.training.breadth.faces import Face, FaceSet, load_faces, read_roster
from models.training.breadth.measures import Ground, by_cosine, embedded, measure, share
from models.training.breadth.recipe import BreadthPlan, ClassWeights, PairBatches
from models.training.breadth.split import FAN_PORTRAITS, split_roles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RNG = np.random.default_rng(0)
HALVES: tuple[Literal["fit"], Literal["report"]] = ("fit", "report")
HEAD = "id,name,series,native_name,aliases,mal_id,tag,appearances\n"


def face_set(faces: list[Face], side: int = 24) -> FaceSet:
    pixels = RNG.integers(0, 256, (len(faces), side, side, 3), np.uint8)
    places = np.array([(i * side * side * 3, side, side) for i in range(len(faces))])
    return FaceSet(faces, places, pixels.reshape(-1))


def face(identity: str, number: int, source: str = "game art", folder: str = "portraits") -> Face:
    seed = (*f"{folder} {identity}".encode(), number)
    phash = int(np.random.default_rng(seed).integers(2**63))
    return Face(f"{folder}/{identity}/{number:03d}.jpg", identity, source, phash)


def written(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, (48, 40)))


def test_faces_are_decoded_once_and_named_by_the_roster(tmp_path: Path) -> None:
    data, cache = tmp_path / "data", tmp_path / "cache"
    for seed, file in enumerate(
        ("portraits/nian/000.jpg", "icons/nian/00.jpg", "icons/other/00.jpg", "varied/miku/000.jpg")
    ):
        written(data / file, seed)
    rows = "nian,Nian,Arknights,,,,,40\nmiku,Miku,VOCALOID,,,,,\n"
    (data / "roster.csv").write_text(HEAD + rows, encoding="utf-8")
    (data / "faces.csv").write_text("file,source\nportraits/nian/000.jpg,game art\n")
    found = load_faces(data, cache)
    named = {one.file: (one.identity, one.source) for one in found.faces}
    assert named["icons/nian/00.jpg"] == ("nian", "icons")
    assert named["icons/other/00.jpg"] == ("icon/other", "icons")
    assert named["portraits/nian/000.jpg"] == ("nian", "game art")
    (data / "portraits/nian/000.jpg").unlink()
    again = load_faces(data, cache)
    assert again.faces == found.faces
    assert again.picture(0).shape == (40, 48, 3)
    assert read_roster(data)["miku"].appearances == 0
    assert json.loads((cache / "faces.json").read_text())[0]["identity"]


def split(reserved: Sequence[str] = ("gone",)) -> tuple[list[Face], list[str]]:
    faces = [face(f"two_{i}", n, s) for i in range(30) for n, s in ((0, "A"), (1, "wiki still"))]
    faces += [face(f"one_{i}", 0, "A") for i in range(30)]
    faces += [face("gone", 0), face("icon/gone", 0, "icons", "icons")]
    faces += [face("fan", n, "A") for n in range(4)]
    faces += [face("fan", n, "art", "characters") for n in range(5)]
    faces += [face("many", n, "art", "characters") for n in range(5)]
    own = [f.file for f in faces if f.folder == "characters"]
    former = {
        "train": [f for f in own if "many" in f and not f.endswith("4.jpg")],
        "known": ["characters/many/004.jpg"],
        "unseen": [f for f in own if "fan" in f],
        "impostors": [],
        "icons": [],
    }
    return faces, split_roles(faces, former, reserved)


def test_held_out_pictures_have_another_style_than_what_is_enrolled() -> None:
    faces, roles = split()
    held = [f for f, role in zip(faces, roles, strict=True) if role == "second"]
    assert {f.source for f in held} == {"wiki still"}
    assert len({f.identity for f in held}) == len(held) == 30
    trained = {f.identity for f, role in zip(faces, roles, strict=True) if role == "train"}
    assert {f.identity for f in held} <= trained


def test_reserved_identities_are_trained_nowhere() -> None:
    faces, roles = split()
    own = {role for f, role in zip(faces, roles, strict=True) if f.identity.endswith("gone")}
    assert own == {"reserved", "dropped"}


def test_few_portraits_are_known_of_whose_fan_art_is_held_out() -> None:
    faces, roles = split()
    of_fan = [role for f, role in zip(faces, roles, strict=True) if f.identity == "fan"]
    assert of_fan.count("train") == FAN_PORTRAITS
    assert of_fan.count("fan") == 5


def test_near_duplicates_of_held_out_pictures_are_dropped() -> None:
    faces, roles = split()
    at = roles.index("second")
    twin = Face("portraits/x/9.jpg", faces[at].identity, "A", faces[at].phash ^ 0b111111)
    before = {"train": [], "known": [], "unseen": [], "impostors": [], "icons": []}
    changed = split_roles([*faces, twin], before, [])
    assert not (changed[at] == "second" and changed[-1] == "train")


def batches(**changes: Any) -> PairBatches:
    faces = [face(f"two_{i}", n, s) for i in range(6) for n, s in ((0, "A"), (1, "B"), (2, "B"))]
    faces += [face(f"one_{i}", 0) for i in range(10)]
    names = sorted({f.identity for f in faces})
    labels = np.array([names.index(f.identity) for f in faces])
    plan = BreadthPlan(side=32, singles=6, pairs=4, **changes)
    return PairBatches(face_set(faces), range(len(faces)), labels, plan)


def test_pairs_are_of_one_class_and_stand_side_by_side() -> None:
    pixels, labels = batches(hue_share=0.0).batch(3)
    assert pixels.shape == (14, 32, 32, 3)
    assert pixels.dtype == np.uint8
    pairs = labels[6:].reshape(4, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()


def test_a_batch_depends_on_its_number_alone() -> None:
    one, two = batches(), batches()
    two._faces = one._faces
    assert np.array_equal(one.batch(5)[0], two.batch(5)[0])
    assert not np.array_equal(one.batch(5)[0], one.batch(6)[0])


def test_shifted_hues_are_classes_of_their_own() -> None:
    drawer = batches(hue_share=1.0, hues=2)
    labels = np.concatenate([drawer.batch(i)[1] for i in range(5)])
    assert labels.max() >= drawer.classes
    assert labels.max() < 3 * drawer.classes


def test_class_weights_start_from_the_first_face_and_follow_the_slope() -> None:
    rows = np.eye(4, dtype=np.float32)
    weights = ClassWeights(np.concatenate([rows, np.zeros((4, 4), np.float32)]), np.arange(8) < 4)
    weights.start(np.array([5]), np.array([[0, 1, 0, 0]], np.float32))
    assert weights.known.tolist() == [True] * 4 + [False, True, False, False]
    weights.train(np.array([0]), np.array([[0, -1, 0, 0]], np.float32), 0.5)
    assert weights.rows[0] == pytest.approx(np.array([1, 0.5, 0, 0]) / np.sqrt(1.25))
    assert np.array_equal(weights.rows[1], rows[1])


def test_a_step_sees_its_own_classes_and_those_most_like_them() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((50, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    weights = ClassWeights(np.concatenate([rows, rows]), np.arange(100) < 60)
    weights.find_like(50, 3)
    plan = BreadthPlan(sampled=20)
    chosen = weights.sample(np.array([7, 63]), plan, rng)
    assert {7, 63} <= set(chosen.tolist())
    likest = np.argsort(-(rows @ rows[7]))[:3]
    assert set(likest.tolist()) <= set(chosen.tolist())
    assert (np.diff(chosen) > 0).all()
    assert weights.known[chosen[chosen != 63]].all()


def test_measures_of_perfect_and_of_random_vectors() -> None:
    faces, roles = split(reserved=("gone", "one_1", "one_2", "one_3", "two_3"))
    appearances = {f.identity: 10 for f in faces if "/" not in f.identity}
    ground = Ground.of(faces, roles, appearances)
    assert "gone" not in ground.identities
    names = sorted({f.identity for f in faces})
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((len(names), 32)).astype(np.float32)
    perfect = np.stack([centres[names.index(f.identity)] for f in faces])
    perfect /= np.linalg.norm(perfect, axis=1, keepdims=True)
    found = measure(ground, perfect, by_cosine(0))
    assert found["second pictures, top-1"].value == 1
    assert found["fan art from portraits, top-1"].value == 1
    assert found["second pictures, TPIR at FPIR 5 %"].value == 1
    assert found["fan art, 1 enrolled, top-1"].value == 1
    noise = rng.standard_normal(perfect.shape).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    assert measure(ground, noise, by_cosine(0))["second pictures, top-1"].value < 0.3


def test_intervals_are_over_identities() -> None:
    hits = np.array([True] * 50 + [False] * 50)
    wide = share(hits, ["a"] * 50 + ["b"] * 50)
    narrow = share(hits, [str(i) for i in range(100)])
    assert wide.value == narrow.value == 0.5
    assert wide.high - wide.low > narrow.high - narrow.low


def test_faces_without_a_vector_have_no_role() -> None:
    vectors = np.array([[0, 1], [0, 0], [-1, 0]], np.float32)
    assert embedded(["train", "train", "second"], vectors) == ["train", "dropped", "second"]


def test_a_half_is_asked() -> None:
    faces, roles = split()
    appearances = {f.identity: 10 for f in faces if "/" not in f.identity}
    halves = [Ground.of(faces, roles, appearances, half).role("second") for half in HALVES]
    everyone = Ground.of(faces, roles, appearances).role("second")
    assert sorted(halves[0] + halves[1]) == everyone
    assert halves[0]
    assert halves[1]
