"""Labels follow the newest votes, whatever is learned about the voters meanwhile."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.feedback import labels
from bot.feedback.labels import Labelling
from bot.gallery.roster import ServerRoster
from tests.bot.labelled_server import SERVER, START
from tests.models.gallery.world import SHIPPED, faces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from bot.storage import Storage
    from bot.storage.records import FaceObservation


async def test_what_is_learned_from_older_votes_does_not_undo_a_newer_one(
    storage: Storage,
    labelled: Callable[..., Awaitable[FaceObservation]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    face = await labelled(faces(0, 1, 1)[0], "shipped_0")
    await storage.labels.mark_decider(face.reply_id, 1, decides=True)
    await storage.votes.add(face.reply_id, 0, 1, "is", START, character_id="shipped_0")

    async def roster(_: int) -> ServerRoster:
        return ServerRoster(SHIPPED)

    reading, go_on = threading.Event(), threading.Event()
    judge_all = labels._judge_all

    def slowly(*arguments: Any) -> Any:
        reading.set()
        go_on.wait(30)
        return judge_all(*arguments)

    monkeypatch.setattr(labels, "_judge_all", slowly)
    decided = Labelling(storage.faces, storage.votes, storage.labels, roster)
    learning = asyncio.create_task(decided.relearn(SERVER))
    await asyncio.to_thread(reading.wait, 30)
    await storage.votes.withdraw(face.reply_id, 0, 1, "is", datetime.now(UTC))
    judging = asyncio.create_task(decided.judge(face.reply_id))
    # Were it not for the lock, the vote would be judged by now, and undone by what comes next.
    await asyncio.wait({judging}, timeout=1)
    go_on.set()
    await asyncio.gather(learning, judging)
    await decided.close()
    label = await storage.labels.get(face.id)
    assert label is not None
    assert label.state == "open"


async def test_who_is_no_moderator_any_more_decides_nothing(
    storage: Storage, labelled: Callable[..., Awaitable[FaceObservation]]
) -> None:
    face = await labelled(faces(0, 1, 1)[0], "shipped_0")
    for decides in (True, False):
        await storage.labels.mark_decider(face.reply_id, 1, decides=decides)
        expected = {(face.reply_id, 1)} if decides else set()
        assert await storage.labels.deciders(SERVER) == expected
