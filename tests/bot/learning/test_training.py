"""`moedex learn` without the command line: versions, their reports, and what answers after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.gallery.roster import ServerRoster
from bot.gallery.serving import read_server
from bot.learning.training import NothingToLearnError, learn
from bot.storage.records import Label, NewExemplar, ServerCharacter
from models.gallery.composition import shown_by
from models.gallery.examples import Example
from models.gallery.head import STRENGTHS, choose_strength
from models.gallery.head_file import HeadError, read_head, write_head
from models.gallery.open_set import Threshold
from models.gallery.promotion import Results, decide
from models.gallery.scoring import Scoring, scores
from models.gallery.training_vectors import VectorSet
from tests.bot.labelled_server import BACKBONE, SERVER, SHIPPED, START, faces, own_character

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.storage import Storage
    from bot.storage.records import FaceObservation
    from models.gallery.gallery import Gallery
    from models.gallery.namer import Namer

    Labelled = Callable[..., Awaitable[FaceObservation]]


async def answering(storage: Storage, namer: Namer) -> Gallery:
    roster = ServerRoster(
        namer.gallery.characters,
        await storage.galleries.characters(SERVER),
        await storage.galleries.aliases(SERVER),
    )
    state = await read_server(storage, SERVER, roster, BACKBONE)
    return state.gallery(namer.gallery)


def test_merged_shipped_characters_are_one_by_their_pictures(namer: Namer) -> None:
    directed = replace(namer.gallery, class_weights=namer.gallery.centroids)
    into_shipped = ServerCharacter("shipped_0", "0", state="merged", merged_into="shipped_1")
    into_own = ServerCharacter("shipped_2", "2", state="merged", merged_into="aoi")
    changes = [into_shipped, into_own, ServerCharacter("aoi", "Aoi", "Own")]

    shown = shown_by(directed, ServerRoster(SHIPPED, changes))

    ids = [character.id for character in shown.characters]
    assert ids == [*(f"shipped_{i}" for i in (1, *range(3, 16))), "aoi"]
    assert shown.counts[[0, -1]].tolist() == [16, 8]
    asked = np.concatenate([faces(0, 4, 9), faces(1, 4, 9), faces(2, 4, 9)])
    best = scores(asked, shown, Scoring()).argmax(1)
    assert [ids[i] for i in best] == ["shipped_1"] * 8 + ["aoi"] * 4
    assert shown.classified.tolist() == list(range(1, 14))  # those that were merged into nobody


async def test_labels_become_a_version_that_answers(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 15, 3):
        await labelled(vector, "aoi")
    steps: list[str] = []
    trained = await learn(storage, SERVER, namer, data, BACKBONE, steps.append)
    assert trained.decision.promote, trained.decision.reasons
    assert steps == [
        "fitting on 12 labelled faces",  # three of fifteen are held back
        "calibrating its probabilities",
        "measuring it against what answers now",
    ]
    current = await storage.versions.current(SERVER)
    assert current is not None
    assert current.number == trained.version.number == 1
    assert current.report["promoted"]
    assert current.report["reasons"]
    gallery = await answering(storage, namer)
    named = namer.name(faces(20, 10, 9), gallery)
    assert all(n.guesses[0].character.id == "aoi" for n in named)
    assert not any(n.unknown for n in named)
    kept = namer.name(faces(2, 10, 9), gallery)
    assert all(n.guesses[0].character.id == SHIPPED[2].id for n in kept)


async def test_a_picture_that_was_taught_as_well_measures_nothing(
    storage: Storage, labelled: Labelled
) -> None:
    """Neither does a copy of it that is too far from the drawing, but not from the first copy."""
    await own_character(storage, "aoi", "Aoi")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 30, 2)]
    roster = ServerRoster(SHIPPED, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, BACKBONE)
    before = {e.source_id for e in state.examples if e.held_out}
    taught = next(face for face in seen if face.id in before)
    far = f"{int(taught.phash, 16) ^ 0x1F00:016x}"
    copy = await labelled(faces(20, 1, 3)[0], "aoi", phash=far, group_id=taught.id)
    near = f"{int(taught.phash, 16) ^ 0x3:016x}"
    drawing = NewExemplar("aoi", 5, "teach", faces(20, 1, 4)[0], BACKBONE, START, phash=near)
    await storage.galleries.change(SERVER, "teach", 5, "taught Aoi", START, exemplars=[drawing])
    state = await read_server(storage, SERVER, roster, BACKBONE)
    groups = {e.source_id: e.group for e in state.examples if not e.taught}
    assert groups[taught.id] == groups[copy.id] < 0
    assert {e.source_id for e in state.examples if e.held_out} == before - {taught.id}


async def test_nothing_is_learned_without_consent_labels_or_change(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    with pytest.raises(NothingToLearnError, match="no labelled face"):
        await learn(storage, SERVER, namer, data, BACKBONE)
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 15, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    with pytest.raises(NothingToLearnError, match="Nothing changed"):
        await learn(storage, SERVER, namer, data, BACKBONE)
    await storage.settings.update(SERVER, learning=False)
    with pytest.raises(NothingToLearnError, match="/learning on"):
        await learn(storage, SERVER, namer, data, BACKBONE)


async def test_labels_that_take_shipped_characters_over_are_not_promoted(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    for place in range(3):
        for vector in faces(place, 20, 4):
            await labelled(vector, SHIPPED[place + 1].id)
    trained = await learn(storage, SERVER, namer, data, BACKBONE)
    assert not trained.decision.promote
    assert any("worse" in reason for reason in trained.decision.reasons)
    assert trained.version.state == "rejected"
    assert await storage.versions.current(SERVER) is None


async def test_what_is_labelled_later_names_beside_the_version(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    for vector in faces(20, 12, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    for vector in faces(21, 4, 3):
        await labelled(vector, "yuu")
    gallery = await answering(storage, namer)
    named = namer.name(np.concatenate([faces(20, 3, 9), faces(21, 3, 9)]), gallery)
    assert [n.guesses[0].character.id for n in named] == ["aoi"] * 3 + ["yuu"] * 3


async def test_a_version_goes_with_what_it_was_trained_on(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 10, 3)]
    await learn(storage, SERVER, namer, data, BACKBONE)
    await storage.answers.delete_by_reply(seen[0].reply_id)
    (version,) = await storage.versions.trained_on_erased()
    assert version.number == 1


async def test_what_an_older_version_learned_is_trained_again_where_the_newer_was_erased(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 15, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    late = [await labelled(vector, "aoi") for vector in faces(20, 3, 4)]
    await learn(storage, SERVER, namer, data, BACKBONE)
    for seen in late:
        await storage.answers.delete_by_reply(seen.reply_id)
    await storage.versions.erase(await storage.versions.trained_on_erased())
    assert await storage.versions.to_refit() == {SERVER}
    again = await learn(storage, SERVER, namer, data, BACKBONE)
    assert again.version.state == "current"


async def test_a_version_goes_with_a_label_that_was_taken_back_while_it_was_fitted(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    seen = [await labelled(vector, "aoi") for vector in faces(20, 15, 3)]
    loop = asyncio.get_running_loop()

    def unsettle(_step: str) -> None:
        label = Label(seen[0].id, SERVER, "open", "aoi", None, datetime.now(UTC))
        done = asyncio.run_coroutine_threadsafe(unsettled(storage, label), loop)
        done.result()

    with pytest.raises(NothingToLearnError, match="taken back meanwhile"):
        await learn(storage, SERVER, namer, data, BACKBONE, unsettle)
    assert await storage.versions.list(SERVER) == []


async def unsettled(storage: Storage, label: Label) -> None:
    """Set a label, as erased votes would."""
    await storage.labels.set([label], "test")


async def test_after_a_change_of_the_backbone_the_same_labels_are_trained_again(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 15, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    olds = await storage.vectors.outdated("b2")
    await storage.vectors.prepare("b2", zip(olds, faces(20, len(olds), 3), strict=True))
    await storage.vectors.adopt("b2")
    await storage.versions.outdate("b2")
    assert await storage.versions.to_refit() == {SERVER}
    again = await learn(storage, SERVER, namer, data, "b2")
    assert (again.version.backbone, again.version.state) == ("b2", "current")
    await storage.versions.refitted(SERVER, datetime.now(UTC))
    await storage.versions.outdate("b2")
    assert await storage.versions.to_refit() == set()


async def test_a_version_of_another_backbone_does_not_answer(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 10, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    roster = ServerRoster(SHIPPED, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, "another")
    assert state.version is None
    assert state.examples == []


def test_a_head_survives_its_file(namer: Namer) -> None:
    head = replace(namer.gallery, calibration=namer.calibration, threshold=Threshold(0.4, 8, 0.7))
    back = read_head(write_head(head))
    assert back.characters == head.characters
    assert (back.calibration, back.threshold) == (head.calibration, head.threshold)
    assert np.abs(back.centroids - head.centroids).max() < 1e-3
    with pytest.raises(HeadError, match="can't be read"):
        read_head(b"no head")


def test_the_rule_of_promotion() -> None:
    ones, zeros = np.ones(200), np.zeros(200)
    slightly = np.where(np.arange(200) < 1, 0.0, 1.0)
    base = Results(ones, slightly, ones)
    assert decide(base, base, base).promote
    assert not decide(replace(base, shipped=slightly), base, base).promote
    # A face less of two hundred is chance on the server's own labels, and no reason to refuse.
    assert decide(base, replace(base, own=ones), base).promote
    assert not decide(replace(base, own=zeros), base, base).promote
    assert not decide(replace(base, impostors=zeros), base, base).promote
    assert not decide(base, base, Results(ones, slightly, ones * 2)).promote


def test_shipped_vectors_are_bound_to_their_backbone(data: VectorSet, tmp_path: Path) -> None:
    file = tmp_path / "vectors.safetensors"
    assert VectorSet.load(file, BACKBONE) is None
    data.save(file, BACKBONE)
    back = VectorSet.load(file, BACKBONE)
    assert back is not None
    assert (back.labels, back.groups) == (data.labels, data.groups)
    assert np.abs(back.vectors - data.vectors).max() < 1e-3
    assert VectorSet.load(file, "another") is None


async def test_newer_labels_are_not_held_back_by_weights_of_fewer(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    """A character's newer faces name at once as they would had it never been trained."""
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    for place, key in ((20, "aoi"), (21, "yuu")):
        for vector in faces(place, 12, 3):
            await labelled(vector, key)
    await learn(storage, SERVER, namer, data, BACKBONE)
    trained = await answering(storage, namer)
    for vector in faces(25, 6, 3):  # she looks quite different from now on
        await labelled(vector, "aoi")
    gallery = await answering(storage, namer)
    rows = {c.id: i for i, c in enumerate(gallery.characters)}
    before = {c.id: i for i, c in enumerate(trained.characters)}
    assert not gallery.class_weights[rows["aoi"]].any()
    assert trained.class_weights[before["aoi"]].any()
    assert np.array_equal(gallery.class_weights[rows["yuu"]], trained.class_weights[before["yuu"]])
    roster = ServerRoster(namer.gallery.characters, await storage.galleries.characters(SERVER))
    state = await read_server(storage, SERVER, roster, BACKBONE)
    untrained = state.first_gallery(namer.gallery)
    place = [c.id for c in untrained.characters].index("aoi")
    assert np.allclose(gallery.centroids[rows["aoi"]], untrained.centroids[place])
    assert gallery.counts[rows["aoi"]] == untrained.counts[place]
    assert gallery.threshold == trained.threshold
    named = namer.name(faces(25, 5, 9), gallery)
    assert all(n.guesses[0].character.id == "aoi" for n in named)


async def test_who_is_added_after_a_version_raises_its_threshold(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 12, 3):
        await labelled(vector, "aoi")
    await learn(storage, SERVER, namer, data, BACKBONE)
    trained = await answering(storage, namer)
    assert trained.threshold is not None
    assert trained.threshold.characters == len(trained.characters)
    assert namer.threshold_in(trained) == trained.threshold.least
    await own_character(storage, "yuu", "Yuu")
    await labelled(faces(21, 1, 3)[0], "yuu")
    larger = await answering(storage, namer)
    assert larger.threshold == trained.threshold
    assert namer.threshold_in(larger) > namer.threshold_in(trained)


def own_examples(centres: dict[str, np.ndarray], count: int, loud: float = 0.0) -> list[Example]:
    """Return `count` faces a character; `loud` is how much two axes vary that say nothing."""
    rng = np.random.default_rng(1)
    spread = np.full(32, 0.03)
    spread[[22, 23]] += loud
    examples = []
    for key, centre in centres.items():
        for _ in range(count):
            row = centre + rng.normal(0, spread)
            number = len(examples) + 1
            vector = (row / np.linalg.norm(row)).astype(np.float32)
            examples.append(Example(vector, key, False, number, number))
    return examples


def test_the_strength_is_chosen_by_faces_that_were_left_out(namer: Namer, data: VectorSet) -> None:
    """Where centroids can't tell two characters apart, weights may leave them; else not."""
    roster = ServerRoster(
        SHIPPED, [ServerCharacter("aoi", "Aoi", "Own"), ServerCharacter("yuu", "Yuu", "Own")]
    )
    axes = np.eye(32)
    twins = {"aoi": axes[20] + 0.25 * axes[21], "yuu": axes[20] - 0.25 * axes[21]}
    directed = Scoring(classifier=1.0)
    loud = own_examples(twins, 24, loud=0.6)
    assert choose_strength(namer.gallery, data, loud, roster, directed) < STRENGTHS[-1]
    easy = own_examples(twins, 24)
    assert choose_strength(namer.gallery, data, easy, roster, directed) == STRENGTHS[-1]
    one_each = own_examples(twins, 1)
    assert choose_strength(namer.gallery, data, one_each, roster, directed) == STRENGTHS[-1]


def test_a_face_is_never_named_by_a_fit_on_its_copy(namer: Namer, data: VectorSet) -> None:
    """Copies share a group: with one group only there is nothing that could be left out."""
    roster = ServerRoster(SHIPPED, [ServerCharacter("aoi", "Aoi", "Own")])
    copies = [replace(e, group=1) for e in own_examples({"aoi": np.eye(32)[20]}, 8)]
    assert choose_strength(namer.gallery, data, copies, roster, namer.scoring) == STRENGTHS[-1]
