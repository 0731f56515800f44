"""Labels that cross servers: only by consent, only names and vectors, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.gallery.roster import ServerRoster
from bot.learning.sharing import shared_with
from bot.learning.training import learn
from bot.storage.records import ServerCharacter
from tests.bot.labelled_server import BACKBONE, SERVER, START, own_character
from tests.models.gallery.world import IMPOSTORS, SHIPPED, faces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage import Storage
    from bot.storage.records import FaceObservation
    from models.gallery.examples import Example
    from models.gallery.namer import Namer
    from models.gallery.training_vectors import VectorSet

    Labelled = Callable[..., Awaitable[FaceObservation]]

OTHER = 8


async def other_server(storage: Storage, labelled: Labelled) -> list[FaceObservation]:
    """Let another server label one character that both have, under another id, and one of its own.

    Returns the shared character's faces.
    """
    await storage.consents.set_learning(OTHER, 1, START, on=True)
    await storage.galleries.change(
        OTHER, "teach", 5, "taught", START,
        characters=[
            ServerCharacter("aoi_2", "AOI", "own"),
            ServerCharacter("rin", "Rin", "Elsewhere"),
            # The same id as another character of the learning server.
            ServerCharacter("yuu", "Yuu", "Elsewhere"),
        ],
    )  # fmt: skip
    known = [await labelled(v, "aoi_2", server_id=OTHER) for v in faces(20, 10, 4)]
    await labelled(faces(3, 1, 4)[0], SHIPPED[3].id, server_id=OTHER)
    for place, key in ((22, "rin"), (23, "yuu")):
        for vector in faces(place, 3, 4):
            await labelled(vector, key, server_id=OTHER)
    return known


async def shared(storage: Storage) -> list[Example]:
    roster = ServerRoster(SHIPPED, await storage.galleries.characters(SERVER))
    return await shared_with(storage, SERVER, roster, SHIPPED, BACKBONE)


async def test_nothing_crosses_unless_a_server_says_so(
    storage: Storage, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    await own_character(storage, "yuu", "Yuu")
    await other_server(storage, labelled)
    assert await shared(storage) == []
    await storage.settings.update(OTHER, sharing=True)
    found = await shared(storage)
    # Its own Yuu is of another series, and nobody here knows Rin.
    assert {e.character_id for e in found} == {"aoi", SHIPPED[3].id}
    assert len(found) == 11
    assert not any(e.held_out for e in found)
    await storage.settings.update(OTHER, learning=False)
    assert await shared(storage) == []


async def test_a_picture_that_both_have_does_not_cross(
    storage: Storage, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    (copied, *_) = await other_server(storage, labelled)
    await storage.settings.update(OTHER, sharing=True)
    before = await shared(storage)
    await labelled(faces(20, 1, 3)[0], "aoi", phash=copied.phash)
    after = await shared(storage)
    assert {e.source_id for e in before} - {e.source_id for e in after} >= {copied.id}


async def test_what_is_shared_trains_and_goes_with_its_source(
    storage: Storage, namer: Namer, data: VectorSet, labelled: Labelled
) -> None:
    await own_character(storage, "aoi", "Aoi")
    for vector in faces(20, 6, 3):
        await labelled(vector, "aoi")
    known = await other_server(storage, labelled)
    await storage.settings.update(OTHER, sharing=True)
    trained = await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    assert trained.version.report.examples == 6
    assert trained.version.report.shared > 0
    assert [v.id for v in await storage.versions.of_others_trained_on(OTHER)] == [
        trained.version.id
    ]
    assert await storage.versions.of_others_trained_on(SERVER) == []
    assert await storage.versions.trained_on_erased() == []
    await storage.answers.delete_by_reply(known[0].reply_id)
    assert [v.id for v in await storage.versions.trained_on_erased()] == [trained.version.id]


async def test_sharing_that_ends_during_a_training_takes_its_version_along(
    storage: Storage,
    namer: Namer,
    data: VectorSet,
    labelled: Labelled,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.learning.training import NothingToLearnError

    await own_character(storage, "aoi", "Aoi")
    await labelled(faces(20, 1, 3)[0], "aoi")
    await labelled(faces(20, 1, 5)[0], "aoi")
    await other_server(storage, labelled)
    await storage.settings.update(OTHER, sharing=True)
    add = storage.versions.add

    async def late(*args: object, **kwargs: object) -> object:
        await storage.settings.update(OTHER, sharing=False)
        return await add(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(storage.versions, "add", late)
    with pytest.raises(NothingToLearnError, match="taken back"):
        await learn(storage, SERVER, namer, data, BACKBONE, impostors=IMPOSTORS)
    assert await storage.versions.list(SERVER) == []
