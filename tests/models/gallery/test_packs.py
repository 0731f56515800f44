"""Packs that somebody else wrote: nothing in them is taken on trust."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from models.gallery.namer import Namer
from models.gallery.packs import PackError, read_pack
from models.weight_files import WeightsError

AOI = {"id": "aoi", "name": "Aoi", "series": ""}
GOOD: dict[str, Any] = {"format": 1, "backbone": "b", "provenance": "a test", "characters": [AOI]}


def written(
    file: Path, about: dict[str, Any], centroids: np.ndarray, owners: np.ndarray | None = None
) -> Path:
    tensors = {
        "centroids": centroids,
        "owners": np.zeros(len(centroids), np.int32) if owners is None else owners,
    }
    save_file(tensors, file, {"moedex": json.dumps(about)})
    return file


def test_what_a_pack_says_of_nobody_is_empty(tmp_path: Path) -> None:
    pack = read_pack(written(tmp_path / "pack", GOOD, np.eye(1, 4, dtype=np.float16)))
    assert pack.characters == ({**AOI, "native_name": "", "aliases": (), "faces": 0},)


@pytest.mark.parametrize(
    "character",
    [
        {**AOI, "name": ["Aoi"]},
        {**AOI, "name": ""},
        {**AOI, "name": "A" * 10_000},
        {**AOI, "id": None},
        {**AOI, "aliases": "Aoi"},
        {**AOI, "aliases": [{}]},
        {**AOI, "faces": "many"},
        {"id": "aoi", "name": "Aoi"},
        "Aoi",
        None,
    ],
)
def test_characters_that_are_none(tmp_path: Path, character: object) -> None:
    about = {**GOOD, "characters": [character]}
    with pytest.raises(PackError, match="not a sound Moedex pack"):
        read_pack(written(tmp_path / "pack", about, np.eye(1, 4, dtype=np.float16)))


@pytest.mark.parametrize(
    ("centroids", "owners"),
    [
        (np.full((1, 4), np.nan, np.float16), None),
        (np.full((1, 4), np.inf, np.float16), None),
        (np.zeros(4, np.float16), None),
        (np.zeros((1, 2, 2), np.float16), None),
        (np.eye(1, 4, dtype=np.float16), np.array([7], np.int32)),
        (np.eye(1, 4, dtype=np.float16), np.array([-1], np.int32)),
        (np.eye(1, 4, dtype=np.float16), np.array([0, 0], np.int32)),
    ],
)
def test_vectors_that_are_none(
    tmp_path: Path, centroids: np.ndarray, owners: np.ndarray | None
) -> None:
    with pytest.raises(PackError, match="not a sound Moedex pack"):
        read_pack(written(tmp_path / "pack", GOOD, centroids, owners))


def test_a_pack_that_would_fill_the_memory_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "pack"
    with file.open("wb") as sparse:
        sparse.truncate(600 * 2**20)
    with pytest.raises(PackError, match="far too large"):
        read_pack(file)


class Runs:
    """Runs code when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.proof,)


def test_no_code_in_a_file_is_run(tmp_path: Path) -> None:
    proof = tmp_path / "it ran"
    pickled = tmp_path / "pickled"
    pickled.write_bytes(pickle.dumps(Runs(proof)))
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([Runs(proof)], object), allow_pickle=True)
    for file in (pickled, objects):
        with pytest.raises(PackError):
            read_pack(file)
        with pytest.raises(WeightsError):
            Namer.load(file)
    assert not proof.exists()
