"""A server that labels faces of `tests.models.gallery.world`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.storage import Answer, Storage
from bot.storage.records import FaceObservation, Label, NewFaceObservation, ServerCharacter
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

SERVER = 7
BACKBONE = "b1"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "moedex.db") as storage:
        await storage.consents.set_learning(SERVER, 1, START, on=True)
        yield storage


@pytest.fixture
def labelled(storage: Storage) -> Callable[..., Awaitable[FaceObservation]]:
    """Return a function that keeps a face as seen, labelled and settled."""
    count = 0

    async def label(vector: np.ndarray, character: str, **changes: object) -> FaceObservation:
        nonlocal count
        count += 1
        values: dict = {
            "server_id": SERVER, "channel_id": 3, "message_id": count + 1000, "reply_id": count,
            "face_index": 0, "author_id": 5,
            "phash": hashlib.sha256(b"%d" % count).hexdigest()[:16],
            "box": Box(0.1, 0.1, 0.5, 0.6), "guesses": (), "unknown": True,
            "model_version": "m1", "hidden": False, "at": START, "vector": vector,
            "backbone": BACKBONE, "crop": f"{SERVER}/{count}.webp",
        }  # fmt: skip
        values |= changes
        server_id = values["server_id"]
        await storage.answers.add(Answer(count, count + 1000, 3, server_id, 5, (), "m1", START))
        (seen,) = await storage.faces.add([NewFaceObservation(**values)])
        await storage.labels.set(
            [Label(seen.id, server_id, "settled", character, None, datetime.now(UTC))], "test"
        )
        return seen

    return label


async def own_character(storage: Storage, key: str, name: str) -> None:
    """Give the server a character of its own."""
    await storage.galleries.change(
        SERVER, "teach", 5, f"taught {name}", START, characters=[ServerCharacter(key, name, "Own")]
    )
