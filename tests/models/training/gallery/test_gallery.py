"""From labelled faces to what ships: vectors, the gallery, what is fitted, and impostors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from models.gallery.gallery import unit
from models.gallery.impostors import Impostors
from models.gallery.scoring import scores
from models.roster.roster import load_roster
from models.training.breadth.faces import Face, FaceSet
from models.training.gallery.enrolling import KEPT_VECTORS, MANY, enrolled, with_non_faces
from models.training.gallery.ground import KINDS, Ground
from models.training.gallery.vectors import embedded, face_vectors
from models.training.reserved import reports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.types import Vectors

DIMENSIONS = 24
ROSTER = load_roster()
IDS = [character.id for character in ROSTER.characters[:120]]
"""Whom the faces show: a hundred that are enrolled, and twenty impostors."""


def shown(identity: str, picture: int) -> Face:
    """A face of a picture that is like no other."""
    code = int(np.random.default_rng((hash(identity) % 2**32, picture)).integers(2**63))
    return Face(f"portraits/{identity}/{picture}.jpg", identity, "a test", code)


def vectors_of(identities: Sequence[str], seed: int = 0) -> Vectors:
    """Vectors around a direction of each identity."""
    rows = [np.random.default_rng(IDS.index(i)).normal(size=DIMENSIONS) for i in identities]
    noise = np.random.default_rng(seed).normal(0, 0.35, (len(rows), DIMENSIONS))
    return unit((np.stack(rows) + noise).astype(np.float32))


class CountingEmbedder:
    """Embeds a crop as its mean colour and counts what it has seen; gives up after `most`."""

    version, dimensions, side = "counting", 3, 8

    def __init__(self, most: int = 10**6) -> None:
        self.seen, self._most = 0, most

    def embed(self, crops: np.ndarray) -> Vectors:
        """Return the colours."""
        self.seen += len(crops)
        if self.seen > self._most:
            raise KeyboardInterrupt
        return unit(crops.mean((1, 2)) + 1.0)


def test_what_was_embedded_before_a_break_is_not_embedded_again(tmp_path: Path) -> None:
    count = 80
    pixels = np.repeat(np.arange(count, dtype=np.uint8), 12)
    places = np.stack([12 * np.arange(count), np.full(count, 2), np.full(count, 2)], axis=1)
    faces = FaceSet([shown(IDS[0], n) for n in range(count)], places, pixels)
    file = tmp_path / "vectors" / "one.npy"
    wanted = range(2, count)
    with pytest.raises(KeyboardInterrupt):
        face_vectors(faces, wanted, cast("Any", CountingEmbedder(most=40)), file)
    assert embedded(file).sum() == 32
    rest = CountingEmbedder()
    vectors = face_vectors(faces, wanted, cast("Any", rest), file)
    assert rest.seen == len(wanted) - 32
    assert not vectors[:2].any()
    assert np.allclose(np.linalg.norm(vectors[2:], axis=1), 1)
    few = face_vectors(faces, [5], cast("Any", rest), file)
    assert np.flatnonzero(few.any(1)).tolist() == [5]


def test_ids_that_the_roster_merged_are_enrolled_as_one() -> None:
    merged, kept = next(iter(ROSTER.same.items()))
    other = next(i for i in IDS if i != kept)
    faces = [shown(merged, 0), shown(kept, 1), shown(other, 2), shown("icon/nobody", 3)]
    vectors = unit(np.eye(4, DIMENSIONS, dtype=np.float32))
    gallery, data = enrolled(faces, vectors, range(4), ROSTER)
    found = {c.id: n for c, n in zip(gallery.characters, gallery.counts, strict=True)}
    assert found == {kept: 2, other: 1}
    assert data.labels == ()


def test_vectors_ship_of_characters_with_many_pictures_one_a_near_duplicate_group() -> None:
    many, few, alike = IDS[:3]
    same = Face("a.jpg", alike, "a test", 7)
    faces = [shown(many, n) for n in range(40)] + [shown(few, n) for n in range(MANY - 1)]
    faces += [same] * 10
    labels = [face.identity for face in faces]
    gallery, data = enrolled(faces, vectors_of(labels), range(len(faces)), ROSTER)
    assert data.labels == (many,) * KEPT_VECTORS
    assert len(set(data.groups)) == KEPT_VECTORS
    assert gallery.likeness is not None


def test_non_faces_get_a_class_that_faces_are_not_of() -> None:
    labels = [i for i in IDS[:30] for _ in range(6)]
    faces = [shown(name, n) for n, name in enumerate(labels)]
    gallery, data = enrolled(faces, vectors_of(labels), range(len(faces)), ROSTER)
    away = vectors_of([IDS[100]] * 20, seed=3)
    gallery = with_non_faces(gallery, data, away)
    assert gallery.auxiliary_weights is not None
    new = vectors_of([IDS[100]] * 10, seed=4)
    assert ((new @ gallery.auxiliary_weights[0]) > (new @ gallery.centroids.T).max(1)).all()
    known = vectors_of(IDS[:30], seed=5)
    assert ((known @ gallery.auxiliary_weights[0]) < (known @ gallery.centroids.T).max(1)).all()


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A hundred characters, some asked about, and twenty reserved identities."""
    faces: list[Face] = []
    roles: list[str] = []
    for place, name in enumerate(IDS):
        kinds = ["train", [*KINDS][place % 3]] if place < 100 else ["reserved"]
        for kind in kinds:
            for picture in range(2):
                faces.append(shown(name, len(faces) + picture))
                roles.append(kind)
    vectors = vectors_of([face.identity for face in faces])
    return Ground.of(faces, roles, vectors, ROSTER)


def test_halves_share_no_character_and_nobody_unknown_is_enrolled(ground: Ground) -> None:
    assert len(ground.gallery.characters) == 100
    for trial, expected in ((ground.fitting, False), (ground.reporting, True)):
        known = [name for name in trial.truth if name]
        assert known
        assert {reports(name) for name in known} == {expected}
        assert "" in trial.truth
        assert {kind for kind in trial.kinds if kind} == set(KINDS.values())


def test_what_is_fitted_names_the_other_half(ground: Ground) -> None:
    scoring = ground.choose_scoring()
    assert scoring.prior > 0
    calibration, threshold = ground.fit(scoring)
    assert threshold.most == 100
    assert 0 <= calibration.mistaken < 1
    score = scores(ground.reporting.vectors, ground.gallery, scoring)
    right = [
        ground.gallery.characters[best].id == name
        for best, name in zip(score.argmax(1), ground.reporting.truth, strict=True)
        if name
    ]
    assert np.mean(right) > 0.8


def test_impostors_survive_their_file_and_leave_the_gallery(ground: Ground, tmp_path: Path) -> None:
    inside, outside = IDS[0], IDS[110]
    impostors = Impostors(
        vectors_of([inside, inside, outside]),
        (inside, inside, outside),
        np.array([True, True, False]),
    )
    file = tmp_path / "impostors.safetensors"
    impostors.save(file, "b1")
    assert Impostors.load(file, "another") is None
    assert Impostors.load(tmp_path / "none", "b1") is None
    found = Impostors.load(file, "b1")
    assert found is not None
    assert np.abs(found.vectors - impostors.vectors).max() < 1e-3
    assert found.half(reporting=False).identities == (outside,)
    assert found.half(reporting=True).trial().truth == ("", "")
    gallery = found.unknown_to(ground.gallery)
    assert len(gallery.characters) == 99
    assert inside not in {character.id for character in gallery.characters}
