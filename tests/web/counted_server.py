"""A server of the local Discord with answers, labels and versions to show figures of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.storage import Storage
from bot.storage.records import FaceLabel, Label, StoredGuess, TrainingReport
from models.types import Tier
from sandbox import Sandbox
from tests.bot.recorded_faces import answer_with_face, record_face

REASON = "It names the held-out faces no worse."


async def answered(
    storage: Storage,
    sandbox: Sandbox,
    *,
    right: int,
    wrong: int,
    unsettled: int = 8,
    channel: str = "fan-art",
) -> None:
    """Keep answers that said Marin: so many settled as that, so many settled as Rem.

    They are spread over the last weeks; beside them are faces that nobody settled.
    """
    place = sandbox.channel(channel)
    numbers, now = itertools.count(place.id + 1), datetime.now(UTC)
    tiers = itertools.cycle([Tier.NAMED, Tier.NAMED, Tier.PROBABLY, Tier.NOT_KNOWN])
    for number in range(right + wrong + unsettled):
        settled = number < right + wrong
        tier = Tier.NAMED if settled else next(tiers)
        at = now - timedelta(days=(number * 5) % 27)
        probability = 0.55 + 0.44 * (number % 5) / 5
        guess = StoredGuess("marin", "Marin", "Tests", probability)
        answer = answer_with_face(next(numbers), sandbox.server.id, at, (guess,), tier=tier)
        face = await record_face(storage, replace(answer, channel_id=place.id))
        if settled:
            label = Label.of("marin" if number < right else "rem")
            await storage.labels.set([FaceLabel(face.id, "settled", label, None, at)], "test")


async def trained(storage: Storage, server_id: int, backbone: str) -> None:
    """Keep two versions, the first of which answers, and one of another backbone."""
    now = datetime.now(UTC)
    for each, promoted in ((backbone, True), (backbone, False), ("another", False)):
        report = TrainingReport(examples=120, characters=7, reasons=(REASON,))
        await storage.versions.add(server_id, each, b"", report, [], now, promoted=promoted)
