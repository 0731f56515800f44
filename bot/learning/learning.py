"""What a running bot does with answers and votes: the one object that cogs speak to.

`Learning` keeps faces, hands votes to the labelling, and gives each server the gallery that its
faces are named by. Galleries are built in a thread, kept, and built anew within a second of any
change, be it from this process or from a `moedex learn` beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from bot.feedback.duplicates import HashTree
from bot.feedback.labelling import VOTES, Labelling
from bot.feedback.review_queue import Strangers
from bot.gallery.roster import ServerRoster
from bot.gallery.serving import read_server
from bot.gallery.teaching import Teaching
from bot.privacy.erasure import Erasure
from bot.storage.crops import CropStore
from bot.storage.records import NewFaceObservation
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.config import LearningConfig
    from bot.inference import IdentifiedPicture, Stages
    from bot.storage import Answer, Storage, VoteKind
    from bot.storage.records import FaceObservation
    from models.types import Character

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""Seconds between two looks for changes by another process."""


class Learning:
    """Learning in all servers. `start` and `close` begin and end its work in the background.

    `shipped` is the shipped `Gallery`, None where the stages have none (then nothing
    is named differently); `backbone` is the hash that vectors are bound to.
    """

    def __init__(
        self,
        storage: Storage,
        crops: Path,
        config: LearningConfig,
        *,
        characters: Sequence[Character],
        shipped: Any,
        backbone: str,
    ) -> None:
        self.storage = storage
        self.crops = CropStore(crops)
        self.config = config
        self.backbone = backbone
        self._characters = tuple(characters)
        self._shipped = shipped
        self._rosters: dict[int, ServerRoster] = {}
        self._galleries: dict[int, asyncio.Task[Any]] = {}
        self._changes = 0
        self._to_judge: dict[int, str] = {}
        self._judging: dict[int, asyncio.Task[None]] = {}
        self._revisions: dict[int, int] = {}
        self._hashes: dict[int, HashTree] = {}
        self._grouping = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self.labelling = Labelling(storage, self.roster)
        self.teaching = Teaching(storage, self.crops, self.roster, self.forget_cached)
        self.strangers = Strangers(storage, config, lambda: self.backbone)
        self.erasure = Erasure(storage, self.crops, self.forget_cached, self.labelling.relearn)

    def use(self, stages: Stages) -> None:
        """Name by another pair of backbone and shipped gallery from now on."""
        self.backbone = stages.backbone
        self._characters = stages.characters
        self._shipped = stages.gallery
        self.forget_cached(None)

    async def start(self) -> None:
        """Start looking for changes that other processes make."""
        self._revisions = await self.storage.galleries.revisions()
        self._looking = asyncio.create_task(self._look_for_changes(), name="gallery changes")

    async def close(self) -> None:
        """End the work in the background."""
        tasks: list[asyncio.Task[Any]] = [*self._galleries.values(), *self._judging.values()]
        if self._looking is not None:
            self._closing.set()
            tasks.append(self._looking)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.labelling.close()
        await self.erasure.close()

    async def roster(self, server_id: int) -> ServerRoster:
        """Return who can be named in a server."""
        roster = self._rosters.get(server_id)
        if roster is None:
            changes = self._changes
            roster = ServerRoster(
                self._characters,
                await self.storage.galleries.characters(server_id),
                await self.storage.galleries.aliases(server_id),
            )
            if changes == self._changes:  # else this may be what was there before
                self._rosters[server_id] = roster
        return roster

    async def gallery(self, server_id: int | None) -> Any:
        """Return what a server's faces are named by; None is the shipped gallery.

        While a changed gallery is built, everybody who asks waits for that one. When this returns,
        the gallery is of the backbone that answers.
        """
        shipped = self._shipped
        if server_id is None or shipped is None:
            return None
        task = self._galleries.get(server_id)
        if task is None or task.cancelled():
            task = asyncio.create_task(self._build(server_id), name=f"gallery {server_id}")
            self._galleries[server_id] = task
        try:
            gallery = await asyncio.shield(task)
        except Exception:
            if self._galleries.get(server_id) is task:
                del self._galleries[server_id]
            log.exception("The gallery of server %d could not be built", server_id)
            gallery = None
        return gallery if self._shipped is shipped else await self.gallery(server_id)

    def forget_cached(self, server_id: int | None) -> None:
        """Read a server's characters and gallery anew from now on; None does so for all."""
        self._changes += 1
        for cache in (self._rosters, self._galleries, self._hashes):
            if server_id is None:
                cache.clear()
            else:
                cache.pop(server_id, None)

    async def saw(
        self,
        answer: Answer,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        *,
        author_id: int,
        may_keep: bool,
    ) -> list[FaceObservation]:
        """Keep the faces of an answer to learn from; of a DM nothing.

        `pictures` are those of the answer in order, each with whether it is hidden (spoilered, or
        from an age-restricted channel). Crop and vector are kept where the server learns and
        `may_keep` (the picture is from the answer's own channel); of an author who opted out
        nothing is, so that votes on it label nothing either.
        """
        server_id = answer.server_id
        if server_id is None or not answer.pictures:
            return []
        if await self.storage.consents.opted_out(author_id):
            return []
        keep = may_keep and await self._may_keep(server_id, author_id)
        faces = [face for picture, _ in pictures for face in picture.faces]
        saved = await self.crops.save(server_id, [f.crop for f in faces]) if keep else []
        crops: list[str | None] = [*saved] if keep else [None] * len(faces)
        async with self._grouping:
            tree = await self._tree(server_id)
            rows = _observations(answer, server_id, pictures, author_id, crops, tree)
            try:
                kept = await self.storage.faces.add(rows)
            except BaseException:
                # The answer was deleted meanwhile: nothing of it may stay.
                await self.crops.delete(saved)
                raise
            finally:
                self.crops.recorded(saved)
            for observation in kept:
                if observation.group_id == observation.id:
                    tree.add(observation.id, observation.phash)
        if keep and not await self._may_keep(server_id, author_id):
            # Learning was switched off, or the author opted out, after the crops were taken.
            await self.storage.faces.strip_answer(answer.reply_id)
            self.erasure.sweep_soon()
        if any(s.group_id != s.id for s in kept) or await self.storage.votes.for_answer(
            answer.reply_id
        ):
            await self.labelling.judge(answer.reply_id, "the same picture, or early votes")
        return kept

    async def _may_keep(self, server_id: int, author_id: int) -> bool:
        learns = (await self.storage.settings.get(server_id)).learning
        return learns and not await self.storage.consents.opted_out(author_id)

    async def vote(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        *,
        value: str = "",
        decides: bool = False,
        why: str = VOTES,
    ) -> bool:
        """Keep a vote; it is safe when this returns. `decides`: of a moderator or labeller.

        `why` is what the label's trail says of a change that it makes.

        Returns false where the answer is not kept, this vote stands already, or the voter opted
        out.
        """
        if await self.storage.consents.opted_out(user_id):
            return False
        await self.storage.labels.mark_decider(reply_id, user_id, decides=decides)
        now = datetime.now(UTC)
        kept = await self.storage.votes.add(reply_id, face_index, user_id, kind, now, value=value)
        if kept:
            self._judge_soon(reply_id, why)
        return kept

    async def take_back(
        self, reply_id: int, face_index: int | None, user_id: int, kind: VoteKind
    ) -> bool:
        """Take a vote back; false where it didn't stand."""
        now = datetime.now(UTC)
        kept = await self.storage.votes.withdraw(reply_id, face_index, user_id, kind, now)
        if kept:
            self._judge_soon(reply_id, "a vote taken back")
        return kept

    async def judged(self) -> None:
        """Return once every vote so far is judged."""
        while self._judging:
            await asyncio.gather(*self._judging.values(), return_exceptions=True)

    def _judge_soon(self, reply_id: int, why: str) -> None:
        # Fifty votes at once are judged once or twice, not fifty times.
        self._to_judge[reply_id] = why
        if reply_id not in self._judging:
            task = asyncio.create_task(self._judge(reply_id), name=f"judge {reply_id}")
            self._judging[reply_id] = task

    async def _judge(self, reply_id: int) -> None:
        try:
            while reply_id in self._to_judge:
                changes = await self.labelling.judge(reply_id, self._to_judge.pop(reply_id))
                faces = await self.storage.faces.by_reply(reply_id) if changes else []
                for server_id in {face.server_id for face in faces}:
                    self._galleries.pop(server_id, None)
        except Exception:  # the vote is kept; the next one, or the next start, judges it
            log.exception("The votes on answer %d could not be judged", reply_id)
        finally:
            del self._judging[reply_id]

    async def _tree(self, server_id: int) -> HashTree:
        tree = self._hashes.get(server_id)
        if tree is None:
            tree = HashTree(await self.storage.faces.hashes(server_id))
            self._hashes[server_id] = tree
        return tree

    async def _build(self, server_id: int) -> Any:
        shipped, backbone = self._shipped, self.backbone
        roster = await self.roster(server_id)
        state = await read_server(self.storage, server_id, roster, backbone)
        if not (state.newer or state.version or roster.changed):
            return None
        return await asyncio.to_thread(state.gallery, shipped)

    async def _look_for_changes(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), LOOK_EVERY_S)
            with contextlib.suppress(OSError, SQLAlchemyError):  # busy: the next look tells
                revisions = await self.storage.galleries.revisions()
                for server_id in {*revisions, *self._revisions}:
                    if revisions.get(server_id) != self._revisions.get(server_id):
                        self.forget_cached(server_id)
                self._revisions = revisions


def _observations(
    answer: Answer,
    server_id: int,
    pictures: Sequence[tuple[IdentifiedPicture, bool]],
    author_id: int,
    crops: Sequence[str | None],
    tree: HashTree,
) -> list[NewFaceObservation]:
    rows: list[NewFaceObservation] = []
    now = datetime.now(UTC)
    for picture, hidden in pictures:
        near = tree.within(picture.phash)
        for face in picture.faces:
            box = face.face.box
            crop = crops[len(rows)]
            rows.append(
                NewFaceObservation(
                    server_id=server_id,
                    channel_id=answer.channel_id,
                    message_id=answer.source_message_id,
                    reply_id=answer.reply_id,
                    face_index=len(rows),
                    author_id=author_id,
                    phash=picture.phash,
                    box=Box(
                        box.x0 / picture.width,
                        box.y0 / picture.height,
                        box.x1 / picture.width,
                        box.y1 / picture.height,
                    ),
                    guesses=tuple(
                        {"id": g.character.id, "probability": round(g.probability, 4)}
                        for g in face.guesses
                    ),
                    unknown=face.unknown,
                    model_version=answer.model_version,
                    hidden=hidden,
                    at=now,
                    group_id=near[0][1] if near else None,
                    crop=crop,
                    vector=face.vector if crop else None,
                    backbone=picture.backbone if crop else None,
                )
            )
    return rows
