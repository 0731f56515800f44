"""How often a character that was taught will be named, as /teach says it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.gallery.serving import read_server

if TYPE_CHECKING:
    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import InferenceWorker
    from bot.storage import Storage
    from models.gallery.expectation import Expectation


async def read_expectation(
    storage: Storage,
    galleries: ServerGalleries,
    worker: InferenceWorker,
    server_id: int,
    character_id: str,
) -> Expectation | None:
    """Return how often a server's gallery will name a character; None where nobody can tell."""
    gallery = await galleries.gallery(server_id)
    if gallery is None:
        return None
    roster = await galleries.roster(server_id)
    state = await read_server(storage, server_id, roster, galleries.backbone)
    samples = [e.vector for e in state.examples if e.character_id == character_id]
    return await asyncio.to_thread(worker.stages.expected, gallery, character_id, samples)
