"""The index of a server's perceptual hashes: kept while it grows, read anew after an erasure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.feedback.duplicates import NearDuplicates
from tests.bot.labelled_server import SERVER
from tests.models.gallery.world import faces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage import Storage
    from bot.storage.records import FaceObservation

    Label = Callable[..., Awaitable[FaceObservation]]


async def test_what_this_process_adds_is_not_read_again(storage: Storage, labelled: Label) -> None:
    await labelled(faces(1, 1, 0)[0], "own", phash="00000000000000ff")
    duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
    index = await duplicates.of(SERVER)
    index.add(99, "ff00000000000000")
    await labelled(faces(1, 1, 1)[0], "own", phash="ff00000000000000")
    assert await duplicates.of(SERVER) is index
    assert [group for _, group in index.within("ff00000000000000")] == [99]


async def test_an_erased_hash_is_found_no_more(storage: Storage, labelled: Label) -> None:
    seen = await labelled(faces(1, 1, 0)[0], "own", phash="00000000000000ff")
    duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
    assert (await duplicates.of(SERVER)).within("00000000000000ff")
    await storage.answers.delete_by_reply(seen.reply_id)
    assert not (await duplicates.of(SERVER)).within("00000000000000ff")


async def test_another_servers_erasure_leaves_an_index_alone(
    storage: Storage, labelled: Label
) -> None:
    await labelled(faces(1, 1, 0)[0], "own", phash="00000000000000ff")
    other = await labelled(faces(1, 1, 1)[0], "own", server_id=SERVER + 1)
    duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
    index = await duplicates.of(SERVER)
    await storage.answers.delete_by_reply(other.reply_id)
    assert await duplicates.of(SERVER) is index


async def test_switching_learning_off_empties_an_index(storage: Storage, labelled: Label) -> None:
    await labelled(faces(1, 1, 0)[0], "own", phash="00000000000000ff")
    duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
    await duplicates.of(SERVER)
    await storage.faces.forget_learned(SERVER)
    assert not (await duplicates.of(SERVER)).within("00000000000000ff")


async def test_the_vector_of_a_stripped_face_leaves_the_servers_revision_behind(
    storage: Storage, labelled: Label
) -> None:
    await labelled(faces(1, 1, 0)[0], "own")
    before = (await storage.revisions.of(SERVER)).gallery
    await storage.faces.strip_before(datetime.now(UTC) + timedelta(days=999))
    assert (await storage.revisions.of(SERVER)).gallery > before
