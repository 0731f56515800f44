"""`moedex learn` without the command line: versions, their reports, and what answers after."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.gallery.roster import ServerRoster
from bot.gallery.serving import read_server
from bot.learning.training import NothingToLearnError, learn
from bot.storage.records import FaceLabel, Label, NewExemplar
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.gallery.training_vectors import VectorSet
from models.gallery.tuning import tuned
from models.types import Tier
from tests.bot.labelled_server import BACKBONE, SERVER, START, own_character
from tests.models.gallery.world import IMPOSTORS, SHIPPED, faces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage import Storage
    from bot.storage.records import FaceObservation
    from models.gallery.gallery import Gallery

    Labelled = Callable[..., Awaitable[FaceObservation]]


def weights_of(gallery: Gallery, row: int) -> np.ndarray:
    """Return the classifier weights of the character at an index."""
    return gallery.class_weights[gallery.classified.tolist().index(row)]


async def answering(storage: Storage, namer: Namer) -> Gallery:
    roster = ServerRoster(
        namer.gallery.characters,
        await storage.galleries.characters(SERVER),
        await storage.galleries.aliases(SERVER),
    )
    state = await read_server(storage, SERVER, roster, BACKBONE)
    return tuned(state.gallery(namer.gallery), namer, IMPOSTORS)


async def label_all(labelled: Labelled, vectors: np.ndarray, character: str = "aoi") -> None:
    """Label faces, (n, 32), one after the other."""
    for vector in vectors:
        await labelled(vector, character)


async def test_labels_become_a_version_that_answers(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 15, 3))
    steps: list[str] = []
    trained = await learn(storage, SERVER, namer, data, BACKBONE, steps.append, impostors=IMPOSTORS)
    assert trained.decision.promote, trained.decision.reasons
    assert steps == [
        "fitting on 12 labelled faces",  # three of fifteen are held out
        "calibrating its probabilities",
        "measuring it against what answers now",
    ]
    current = await storage.versions.current(SERVER)
    assert current is not None
    assert current.number == trained.version.number == 1
    assert current.report.promoted
    assert current.report.reasons
    gallery = await answering(storage, namer)
    named = namer.name(faces(20, 10, 9), gallery)
    assert all(n.guesses[0].character.id == "aoi" for n in named)
    assert not any(n.tier is not Tier.NAMED for n in named)
    kept = namer.name(faces(2, 10, 9), gallery)
    assert all(n.guesses[0].character.id == SHIPPED[2].id for n in kept)


async def test_a_picture_that_was_taught_as_well_measures_nothing(
    storage: Storage, labelled: Labelled
) -> None:
    """Neither does a copy of it that is too far from the drawing, but not from the first copy.

    The face that was taught counts once; another one of the picture counts, and measures nothing.
    """
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 30, 2)]
    roster = ServerRoster(SHIPPED, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, BACKBONE)
    before = {e.source_id for e in state.examples if e.held_out}
    taught = next(face for face in seen if face.id in before)
    far = f"{int(taught.phash or '', 16) ^ 0x1F00:016x}"
    copy = await labelled(faces(20, 1, 3)[0], "aoi", phash=far, group_id=taught.id)
    beside = await labelled(faces(21, 1, 3)[0], "yuu", phash=far, group_id=taught.id)
    near = f"{int(taught.phash or '', 16) ^ 0x3:016x}"
    drawing = NewExemplar("aoi", 5, "teach", faces(20, 1, 4)[0], BACKBONE, START, phash=near)
    await storage.galleries.change(SERVER, "teach", 5, "taught Aoi", START, exemplars=[drawing])
    state = await read_server(storage, SERVER, roster, BACKBONE)
    groups = {e.source_id: e.group for e in state.examples if not e.taught}
    assert groups[beside.id] < 0
    assert groups.keys().isdisjoint({taught.id, copy.id})
    assert {e.source_id for e in state.examples if e.held_out} == before - {taught.id}


async def test_a_picture_that_is_taught_again_later_counts_once(
    storage: Storage, namer: Namer
) -> None:
    await own_character(storage, "aoi", "Aoi")
    first, other = faces(20, 2, 1, 0.15)
    for vector, phash in ((first, "0" * 16), (first, f"{3:016x}"), (other, "f" * 16)):
        drawing = NewExemplar("aoi", 5, "teach", vector, BACKBONE, START, phash=phash)
        await storage.galleries.change(SERVER, "teach", 5, "taught", START, exemplars=[drawing])
    gallery = await answering(storage, namer)
    assert gallery.counts[[c.id for c in gallery.characters].index("aoi")] == 2


async def test_nothing_is_learned_without_consent_labels_or_change(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    with pytest.raises(NothingToLearnError, match="no labelled face"):
        await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 15, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    with pytest.raises(NothingToLearnError, match="Nothing changed"):
        await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    await storage.settings.update(SERVER, learning=False)
    with pytest.raises(NothingToLearnError, match="/learning on"):
        await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)


async def test_labels_that_take_shipped_characters_over_are_not_promoted(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    classified = namer.gallery.with_class_weights(namer.gallery.centroids)
    shipped = Namer(
        classified,
        scoring=Scoring(classifier=0.1),
        calibration=namer.calibration,
        threshold=namer.threshold,
        version="",
    )
    for place in range(3):
        for vector in faces(place, 20, 4):
            await labelled(vector, SHIPPED[place + 1].id)
    trained = await learn(storage, SERVER, shipped, data, BACKBONE, impostors=IMPOSTORS)
    assert not trained.decision.promote
    assert any("worse" in reason for reason in trained.decision.reasons)
    assert trained.version.state == "rejected"
    assert await storage.versions.current(SERVER) is None


async def test_what_is_labelled_later_names_beside_the_version(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    await label_all(labelled, faces(20, 12, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    await label_all(labelled, faces(21, 4, 3), "yuu")
    gallery = await answering(storage, namer)
    named = namer.name(np.concatenate([faces(20, 3, 9), faces(21, 3, 9)]), gallery)
    assert [n.guesses[0].character.id for n in named] == ["aoi"] * 3 + ["yuu"] * 3


async def test_a_version_goes_with_what_it_was_trained_on(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 10, 3)]
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    await storage.answers.delete_by_reply(seen[0].reply_id)
    (version,) = await storage.versions.trained_on_erased()
    assert version.number == 1


async def test_what_an_older_version_learned_is_trained_again_where_the_newer_was_erased(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 15, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    late = [await labelled(vector, "aoi") for vector in faces(20, 3, 4)]
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    for seen in late:
        await storage.answers.delete_by_reply(seen.reply_id)
    await storage.versions.erase(await storage.versions.trained_on_erased())
    assert await storage.versions.to_refit() == {SERVER}
    again = await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    assert again.version.state == "current"


async def test_a_version_goes_with_a_label_that_was_taken_back_while_it_was_fitted(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 15, 3)]
    loop = asyncio.get_running_loop()

    def unsettle(_step: str) -> None:
        label = FaceLabel(seen[0].id, "open", Label.of("aoi"), None, datetime.now(UTC))
        done = asyncio.run_coroutine_threadsafe(unsettled(storage, label), loop)
        done.result()

    with pytest.raises(NothingToLearnError, match="taken back meanwhile"):
        await learn(storage, SERVER, namer, data, BACKBONE, unsettle, impostors=IMPOSTORS)
    assert await storage.versions.list(SERVER) == []


async def unsettled(storage: Storage, label: FaceLabel) -> None:
    """Set a label, as erased votes would."""
    await storage.labels.set([label], "test")


async def test_after_a_change_of_the_backbone_the_same_labels_are_trained_again(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 15, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    olds = await storage.vectors.outdated("b2")
    await storage.vectors.prepare("b2", zip(olds, faces(20, len(olds), 3), strict=True))
    await storage.vectors.adopt("b2")
    await storage.versions.outdate("b2")
    assert await storage.versions.to_refit() == {SERVER}
    again = await learn(storage, SERVER, namer, data, "b2", impostors=IMPOSTORS)
    assert (again.version.backbone, again.version.state) == ("b2", "current")
    await storage.versions.refitted(SERVER, datetime.now(UTC))
    await storage.versions.outdate("b2")
    assert await storage.versions.to_refit() == set()


async def test_a_version_of_another_backbone_does_not_answer(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 10, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    roster = ServerRoster(SHIPPED, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, "another")
    assert state.version is None
    assert state.examples == []


async def test_newer_labels_are_not_held_back_by_weights_of_fewer(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    """A character's newer faces name at once as they would had it never been trained."""
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    for place, key in ((20, "aoi"), (21, "yuu")):
        for vector in faces(place, 12, 3):
            await labelled(vector, key)
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    trained = await answering(storage, namer)
    await label_all(labelled, faces(25, 6, 3))
    gallery = await answering(storage, namer)
    rows = {c.id: i for i, c in enumerate(gallery.characters)}
    before = {c.id: i for i, c in enumerate(trained.characters)}
    assert rows["aoi"] not in gallery.classified
    assert before["aoi"] in trained.classified
    assert np.array_equal(weights_of(gallery, rows["yuu"]), weights_of(trained, before["yuu"]))
    roster = ServerRoster(namer.gallery.characters, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, BACKBONE)
    untrained = state.first_gallery(namer.gallery)
    place = [c.id for c in untrained.characters].index("aoi")
    assert np.allclose(gallery.centroids[rows["aoi"]], untrained.centroids[place])
    assert gallery.counts[rows["aoi"]] == untrained.counts[place]
    assert gallery.threshold == trained.threshold
    named = namer.name(faces(25, 5, 9), gallery)
    assert all(n.guesses[0].character.id == "aoi" for n in named)


async def test_who_is_added_after_a_version_costs_no_unknown_face(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await label_all(labelled, faces(20, 12, 3))
    await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    await own_character(storage, "yuu", "Yuu")
    await labelled(faces(21, 1, 3)[0], "yuu")
    gallery = tuned(await answering(storage, namer), namer, IMPOSTORS)
    named = namer.name(IMPOSTORS.vectors, gallery, top=1)
    assert sum(n.tier is Tier.NAMED for n in named) <= 0.05 * len(named)
    own = namer.name(faces(21, 5, 9), gallery, top=1)
    assert [n.guesses[0].character.id for n in own] == ["yuu"] * 5
