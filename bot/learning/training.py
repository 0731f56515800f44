"""One training of a server's head: read, fit, calibrate, measure, and keep the version.

It runs in a process of its own beside the bot (`moedex learn`), which finds the new version in the
storage within a second. A version is kept whether it may answer or not, with its report.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.gallery.roster import Listed
from bot.gallery.serving import read_roster, read_server, source_of
from bot.learning.sharing import shared_with
from bot.storage.records import TrainingReport
from models.gallery.head_file import write_head

if TYPE_CHECKING:
    from bot.storage import Storage
    from bot.storage.records import ModelVersion
    from models.gallery.examples import Example
    from models.gallery.gallery import Gallery
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Namer
    from models.gallery.promotion import Decision
    from models.gallery.training_vectors import VectorSet
    from models.roster.roster import Roster


class NothingToLearnError(Exception):
    """There is nothing to train a server's head on; the text says why."""


@dataclass(frozen=True)
class Trained:
    """A kept version, and why it answers from now on or doesn't."""

    version: ModelVersion
    decision: Decision


async def learn(
    storage: Storage,
    server_id: int,
    namer: Namer,
    data: VectorSet,
    backbone: str,
    progress: Callable[[str], None] = lambda _: None,
    everybody: Roster | None = None,
    *,
    impostors: Impostors | None,
) -> Trained:
    """Train a server's head on all it has, and let it answer if it is not worse.

    `namer` is the shipped one and `data` the vectors that it was made of; `everybody` lists who
    there is besides those that it names. `impostors` are faces of identities that no training
    saw, those to fit on. `progress` gets each step in words. Raises
    NothingToLearnError.
    """
    if not (await storage.settings.get(server_id)).learning:
        raise NothingToLearnError(
            f"Learning is off in server {server_id}: a moderator turns it on with /learning on."
        )
    started, clock = datetime.now(UTC), time.perf_counter()
    listed = Listed(namer.gallery.characters, everybody)
    roster = await read_roster(storage, server_id, listed)
    state = await read_server(storage, server_id, roster, backbone)
    sharing = set(await storage.settings.sharing())
    shared = await shared_with(storage, server_id, roster, listed, backbone)
    examples = [*state.examples, *shared]
    await _check_worthwhile(storage, server_id, backbone, examples)

    answering = state.version.report if state.version is not None else None
    learned_from = answering.examples + answering.shared if answering is not None else 0

    def fit() -> tuple[Gallery, Decision] | None:
        from models.gallery.promotion import train_and_decide

        shipped, measured = namer.gallery, state.without_held_out()
        first = measured.first_gallery(shipped)
        current = first if state.version is None else measured.gallery(shipped)
        return train_and_decide(
            namer, data, examples, roster, impostors, current, first,
            seen=state.seen, learned_from=learned_from, progress=progress,
        )  # fmt: skip

    fitted = await asyncio.to_thread(fit)
    if fitted is None:
        raise NothingToLearnError(
            f"Server {server_id} has no labelled face of a character to learn from yet."
        )
    head, decision = fitted
    report = TrainingReport(
        fingerprint=_fingerprint(examples),
        examples=len(state.examples),
        shared=len(shared),
        held_out=sum(e.held_out for e in state.examples),
        characters=len(head.characters),
        shipped_vectors=len(data.labels),
        seconds=round(time.perf_counter() - clock, 1),
        promoted=decision.promote,
        summary=decision.summary,
        reasons=decision.reasons,
        current=decision.current,
        first=decision.first,
    )
    # The moment of reading: a label settled since then names beside the version.
    version = await storage.versions.add(
        server_id, backbone, write_head(head), report,
        [source_of(e) for e in examples], started, promoted=decision.promote,
    )  # fmt: skip
    gone = any(v.id == version.id for v in await storage.versions.trained_on_erased())
    # What a server shared until now, or a label that erased votes had settled, can't be taken out.
    gone = gone or bool(shared and sharing - set(await storage.settings.sharing()))
    now = await read_server(storage, server_id, roster, backbone)
    if gone or not _trained_on(state.examples) <= _trained_on(now.examples):
        await storage.versions.erase([version])
        raise NothingToLearnError(
            "What it was trained on was taken back meanwhile, so the version was too: start again."
        )
    return Trained(version, decision)


async def _check_worthwhile(
    storage: Storage, server_id: int, backbone: str, examples: Sequence[Example]
) -> None:
    if not any(not e.held_out and not e.shared for e in examples):
        raise NothingToLearnError(
            f"Server {server_id} has no labelled face to learn from yet. Faces are labelled by "
            "votes, reviews and /teach while learning is on."
        )
    versions = [v for v in await storage.versions.list(server_id) if v.backbone == backbone]
    last = max(versions, key=lambda v: v.number, default=None)
    # Where nothing answers that once did, as after an erasure, the same may be trained again.
    answers = any(v.state == "current" for v in versions)
    if (
        last is not None
        and last.report.fingerprint == _fingerprint(examples)
        and (answers or last.state == "rejected")
    ):
        raise NothingToLearnError(
            f"Nothing changed in server {server_id} since its version {last.number}."
        )


def _fingerprint(examples: Iterable[Example]) -> str:
    """Return a hash of what is trained on and how it is labelled, whatever the order."""
    return hashlib.sha256("\n".join(sorted(_trained_on(examples))).encode()).hexdigest()


def _trained_on(examples: Iterable[Example]) -> set[str]:
    return {f"{e.taught} {e.source_id} {e.character_id}" for e in examples}
