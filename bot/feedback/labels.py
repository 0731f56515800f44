"""Settles labels as votes come in, and learns how reliable voters are.

A vote is judged at once with what is known of its voter. How reliable voters are is learned
anew in the background, and every face of the server judged again with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.feedback.ballots import ballots_of, pooled
from bot.feedback.consensus import Ballot, Reliability, Verdict, decide, learn_reliabilities
from bot.inference.settled import SAME_BOX
from bot.storage.records import FaceLabel
from models.detection.boxes import iou

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.storage.faces import FaceRepository
    from bot.storage.labels import LabelRepository
    from bot.storage.records import FaceObservation, LabelChange
    from bot.storage.votes import VoteRepository

log = logging.getLogger(__name__)

VOTES = "votes"
"""What a label's audit log says where nothing more is known about why it changed."""
RELEARN_EVERY_S = 10.0
"""Seconds between two rounds of learning how reliable voters are, in one server."""


class Labelling:
    """Votes to labels, for all servers. `roster` gives a server's characters."""

    def __init__(
        self,
        faces: FaceRepository,
        votes: VoteRepository,
        labels: LabelRepository,
        roster: Callable[[int], Awaitable[ServerRoster]],
    ) -> None:
        self._faces = faces
        self._votes = votes
        self._labels = labels
        self._roster = roster
        self._reliabilities: dict[int, dict[int, Reliability]] = {}
        self._learned_at: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[int] = set()
        # Labels made of older votes must not be written over those made of newer ones.
        self._deciding: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def judge(self, reply_id: int, why: str = VOTES) -> list[LabelChange]:
        """Settle, or unsettle, the faces of an answer by the votes on it and on its copies."""
        faces = await self._faces.by_reply(reply_id)
        if not faces:
            return []
        server_id = faces[0].server_id
        async with self._deciding[server_id]:
            changes = await self._judge(server_id, faces, why)
        self._relearn_soon(server_id)
        return changes

    async def relearn(self, server_id: int) -> list[LabelChange]:
        """Learn how reliable voters are from all votes of a server, and judge every face again."""
        async with self._deciding[server_id]:
            self._learned_at[server_id] = time.monotonic()
            observations = await self._faces.in_server(server_id)
            roster = await self._roster(server_id)
            ballots = await self._ballots(observations, roster)
            reliabilities, labels = await asyncio.to_thread(_judge_all, observations, ballots)
            self._reliabilities[server_id] = reliabilities
            return await self._labels.set(labels, "votes, weighed anew")

    def reliability(self, server_id: int, user_id: int) -> Reliability:
        """Return how reliable a voter is in a server."""
        return self._reliabilities.get(server_id, {}).get(user_id, Reliability())

    async def close(self) -> None:
        """End the work in the background; what it would have learned is learned next time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pools(
        self, faces: Sequence[FaceObservation]
    ) -> list[tuple[list[FaceObservation], list[Ballot]]]:
        """Return each face with its copies, and the ballots on all of them; all of one server."""
        if not faces:
            return []
        roster = await self._roster(faces[0].server_id)
        copies = {s.id: s for f in faces for s in await self._faces.in_group(f.group)}
        copies |= {face.id: face for face in faces}
        ballots = await self._ballots(list(copies.values()), roster)
        pools = []
        for face in faces:
            same = [face, *(s for s in copies.values() if s.id != face.id and same_face(face, s))]
            pools.append((same, pooled(ballots.get(s.id, ()) for s in same)))
        return pools

    def reliabilities(self, server_id: int) -> Mapping[int, Reliability]:
        """Return how reliable the voters of a server are; who is not in it is a newcomer."""
        return self._reliabilities.get(server_id, {})

    async def _judge(
        self, server_id: int, faces: Sequence[FaceObservation], why: str
    ) -> list[LabelChange]:
        reliabilities = self.reliabilities(server_id)
        labels: list[FaceLabel] = []
        for same, found in await self.pools(faces):
            labels += _labels(same, decide(found, reliabilities), bool(found))
        return await self._labels.set(labels, why)

    def _relearn_soon(self, server_id: int) -> None:
        if server_id in self._waiting:
            return
        self._waiting.add(server_id)
        task = asyncio.create_task(self._relearn_later(server_id), name="learn reliabilities")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _relearn_later(self, server_id: int) -> None:
        try:
            last = self._learned_at.get(server_id, -RELEARN_EVERY_S)
            await asyncio.sleep(max(1.0, last + RELEARN_EVERY_S - time.monotonic()))
        finally:
            self._waiting.discard(server_id)
        try:
            await self.relearn(server_id)
        except Exception:  # a failure here must not end the listener that asked for it
            log.exception("Reliabilities of server %d could not be learned", server_id)

    async def _ballots(
        self, observations: Sequence[FaceObservation], roster: ServerRoster
    ) -> dict[int, list[Ballot]]:
        answers: dict[int, list[FaceObservation]] = defaultdict(list)
        for observation in observations:
            answers[observation.reply_id].append(observation)
        server_id = observations[0].server_id if observations else 0
        deciders = await self._labels.deciders(server_id)
        if len(answers) > _MANY:
            votes = await self._votes.in_server(server_id)
        else:
            votes = {reply: await self._votes.for_answer(reply) for reply in answers}
        ballots: dict[int, list[Ballot]] = {}
        for reply_id, faces in answers.items():
            # A copy's other faces matter too: ❌ means something else on several faces.
            if len(answers) <= _MANY:
                faces = await self._faces.by_reply(reply_id) or faces
            ballots |= ballots_of(faces, votes.get(reply_id, ()), deciders, roster.resolve)
        return ballots


_MANY = 20


def _judge_all(
    observations: Sequence[FaceObservation], ballots: dict[int, list[Ballot]]
) -> tuple[dict[int, Reliability], list[FaceLabel]]:
    clusters: list[list[FaceObservation]] = []
    by_group: dict[int, list[list[FaceObservation]]] = defaultdict(list)
    for observation in observations:
        home = next((c for c in by_group[observation.group] if same_face(c[0], observation)), None)
        if home is None:
            home = []
            clusters.append(home)
            by_group[observation.group].append(home)
        home.append(observation)
    pools = [pooled(ballots.get(s.id, ()) for s in cluster) for cluster in clusters]
    reliabilities = learn_reliabilities(pools)
    labels: list[FaceLabel] = []
    for cluster, pool in zip(clusters, pools, strict=True):
        labels += _labels(cluster, decide(pool, reliabilities), bool(pool))
    return reliabilities, labels


def _labels(faces: Sequence[FaceObservation], verdict: Verdict, voted: bool) -> list[FaceLabel]:
    now = datetime.now(UTC)
    state = verdict.state if voted else "open"
    return [
        FaceLabel(face.id, state, verdict.label, verdict.decided_by, now)
        for face in {face.id: face for face in faces}.values()
    ]


def same_face(a: FaceObservation, b: FaceObservation) -> bool:
    """Say whether two observations are of one face: in copies of a picture, at the same place."""
    return a.id == b.id or (
        a.group == b.group and a.reply_id != b.reply_id and iou(a.box, b.box) >= SAME_BOX
    )
