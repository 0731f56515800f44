"""A server that labels faces of `tests.models.gallery.world`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bot.storage import Storage
from bot.storage.records import FaceLabel, FaceObservation, Label, ServerCharacter
from tests.bot.recorded_faces import answer_with_face, record_face

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

    async def label(
        vector: np.ndarray,
        character: str | Label,
        *,
        server_id: int = SERVER,
        crop: str | None = "",
        **details: Any,
    ) -> FaceObservation:
        nonlocal count
        count += 1
        seen = await record_face(
            storage,
            answer_with_face(count, server_id, START),
            vector=vector,
            backbone=BACKBONE,
            crop=f"{server_id}/{count}.webp" if crop == "" else crop,
            **{"phash": hashlib.sha256(b"%d" % count).hexdigest()[:16], **details},
        )
        named = Label.of(character) if isinstance(character, str) else character
        await storage.labels.set(
            [FaceLabel(seen.id, "settled", named, None, datetime.now(UTC))], "test"
        )
        return seen

    return label


async def own_character(storage: Storage, key: str, name: str) -> None:
    """Give the server a character of its own."""
    await storage.galleries.change(
        SERVER, "teach", 5, f"taught {name}", START, characters=[ServerCharacter(key, name, "Own")]
    )
