"""Takes votes in and has them judged in the background."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.feedback.labels import VOTES
from bot.metrics import VOTES_KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.feedback.labels import Labelling
    from bot.storage.consents import ConsentRepository
    from bot.storage.labels import LabelRepository
    from bot.storage.records import VoteKind, VoteSource
    from bot.storage.votes import VoteRepository

log = logging.getLogger(__name__)


class Votes:
    """The votes of all servers, and the background work that turns them into labels.

    `changed` hears of each answer whose votes were judged.
    """

    def __init__(
        self,
        votes: VoteRepository,
        labels: LabelRepository,
        consents: ConsentRepository,
        labelling: Labelling,
        changed: Callable[[int], None],
    ) -> None:
        self._votes = votes
        self._labels = labels
        self._consents = consents
        self._labelling = labelling
        self._changed = changed
        self._to_judge: dict[int, str] = {}
        self._judging: dict[int, asyncio.Task[None]] = {}

    async def cast(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        *,
        character_id: str = "",
        decides: bool = False,
        why: str = VOTES,
        source: VoteSource = "chat",
    ) -> bool:
        """Keep a vote; it is safe when this returns. `decides`: of a moderator or labeller.

        `character_id` is the character of an "is" vote.

        `why` is what the label's audit log says of a change that it makes.

        Returns false where the answer is not kept, this vote stands already, or the voter opted
        out.
        """
        if await self._consents.opted_out(user_id):
            return False
        await self._labels.mark_decider(reply_id, user_id, decides=decides)
        now = datetime.now(UTC)
        kept = await self._votes.add(
            reply_id, face_index, user_id, kind, now, character_id=character_id, source=source
        )
        if kept:
            VOTES_KEPT.labels(kind).inc()
            self._judge_soon(reply_id, why)
        return kept

    async def take_back(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        *,
        source: VoteSource = "chat",
    ) -> bool:
        """Take a vote back; false where it didn't stand."""
        now = datetime.now(UTC)
        kept = await self._votes.withdraw(reply_id, face_index, user_id, kind, now, source=source)
        if kept:
            self._judge_soon(reply_id, "a vote taken back")
        return kept

    async def take_back_all(self, reply_id: int, kinds: Collection[VoteKind]) -> None:
        """Take everybody's votes of these kinds on a whole answer back."""
        for vote in await self._votes.for_answer(reply_id):
            if vote.face_index is None and vote.kind in kinds:
                await self.take_back(reply_id, None, vote.user_id, vote.kind)

    async def judged(self) -> None:
        """Return once every vote so far is judged."""
        while self._judging:
            await asyncio.gather(*self._judging.values(), return_exceptions=True)

    async def close(self) -> None:
        """Wait until every vote so far is judged."""
        await self.judged()

    def _judge_soon(self, reply_id: int, why: str) -> None:
        # Fifty votes at once are judged once or twice, not fifty times.
        self._to_judge[reply_id] = why
        if reply_id not in self._judging:
            task = asyncio.create_task(self._judge(reply_id), name=f"judge {reply_id}")
            self._judging[reply_id] = task

    async def _judge(self, reply_id: int) -> None:
        try:
            while reply_id in self._to_judge:
                await self._labelling.judge(reply_id, self._to_judge.pop(reply_id))
                self._changed(reply_id)
        except Exception:  # the vote is kept; the next one, or the next start, judges it
            log.exception("The votes on answer %d could not be judged", reply_id)
        finally:
            del self._judging[reply_id]
