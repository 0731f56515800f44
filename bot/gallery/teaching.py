"""Changes of a server's gallery: teach, alias, rename, merge, forget, and their undoing.

Everything here is a moderator's or labeller's act. What anybody else asks for becomes a proposal
of the same change, and goes through the same door once it is accepted.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.gallery.lookup import (
    TeachingError,
    clean_name,
    known_character,
    one_character,
    row_for,
    row_of,
)
from bot.storage.records import Alias, Forget, Merge, NewExemplar, Rename, TeachCharacter, posted_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.gallery.roster import ServerRoster
    from bot.gallery.samples import EnrolmentSample
    from bot.storage import Storage
    from bot.storage.crops import CropStore
    from bot.storage.records import (
        ActionKind,
        GalleryAction,
        GalleryChange,
        GalleryEdit,
        LabelChange,
        Proposal,
    )
    from models.types import Character


class Teaching:
    """Acts on the galleries of all servers. `rejudge` judges a server's labels again."""

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        roster: Callable[[int], Awaitable[ServerRoster]],
        rejudge: Callable[[int], Awaitable[Sequence[LabelChange]]],
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._roster = roster
        self._rejudge = rejudge
        # Two at once could give one id to two names, or carry a proposal out twice.
        self._changing: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def teach(
        self,
        server_id: int,
        user_id: int,
        name: str,
        series: str,
        samples: Sequence[EnrolmentSample],
        *,
        new: bool = False,
    ) -> tuple[Character, GalleryAction]:
        """Enrol a character, or add drawings to one there is; usable when this returns.

        Without samples the character gets a name only, and its faces from votes. With `new` it is
        somebody new, whoever else is called so.
        Raises TeachingError for an empty name or one that several characters have.
        """
        async with self._changing[server_id]:
            roster = await self._roster(server_id)
            known = None if new else known_character(roster, name, series)
            row = row_for(roster, known, name, series)
            exemplars = await self._exemplars(server_id, user_id, row.id, samples)
            action = await self._storage.galleries.change(
                server_id,
                "teach",
                user_id,
                f"taught {row.name} from {len(samples)} picture{'s' * (len(samples) != 1)}"
                if samples
                else f"added {row.name}",
                datetime.now(UTC),
                characters=[] if known else [row],
                # An empty entry marks whom the action touched, so that undoing keeps the order.
                aliases=None if known is None else {row.id: await self._aliases(server_id, row.id)},
                exemplars=exemplars,
            )
            self._crops.recorded(e.crop for e in exemplars if e.crop)
            return (await self._roster(server_id)).characters[row.id], action

    async def alias(
        self, server_id: int, user_id: int, character: str, alias: str
    ) -> tuple[Character, GalleryAction]:
        """Give a character one more name. Raises TeachingError where another has it."""
        roster = await self._roster(server_id)
        who = one_character(roster, character)
        alias = clean_name(alias)
        other = roster.index.resolve(alias)
        if other is not None and other.id != who.id:
            raise TeachingError(f"“{alias}” is already {other.name} ({other.series}).")
        names = (*await self._aliases(server_id, who.id), alias)
        action = await self._change(
            server_id, "alias", user_id, f"{who.name} is also called {alias}",
            aliases={who.id: names},
        )  # fmt: skip
        return (await self._roster(server_id)).characters[who.id], action

    async def rename(
        self, server_id: int, user_id: int, character: str, name: str
    ) -> tuple[Character, GalleryAction]:
        """Change a character's name in this server; the old name stays as an alias."""
        roster = await self._roster(server_id)
        who = one_character(roster, character)
        name = clean_name(name)
        names = (*await self._aliases(server_id, who.id), who.name)
        action = await self._change(
            server_id, "rename", user_id, f"renamed {who.name} to {name}",
            characters=[replace(row_of(roster, who), name=name)], aliases={who.id: names},
        )  # fmt: skip
        return (await self._roster(server_id)).characters[who.id], action

    async def merge(
        self, server_id: int, user_id: int, character: str, into: str
    ) -> tuple[Character, GalleryAction]:
        """Make two characters one; pictures, labels and names of the first go to the second."""
        roster = await self._roster(server_id)
        who, target = one_character(roster, character), one_character(roster, into)
        if who.id == target.id:
            raise TeachingError(f"{who.name} and {target.name} are the same character already.")
        action = await self._change(
            server_id, "merge", user_id, f"merged {who.name} into {target.name}",
            characters=[replace(row_of(roster, who), state="merged", merged_into=target.id)],
        )  # fmt: skip
        return target, action

    async def forget(
        self, server_id: int, user_id: int, character: str
    ) -> tuple[Character, GalleryAction]:
        """Name a character no more in this server."""
        roster = await self._roster(server_id)
        who = one_character(roster, character)
        action = await self._change(
            server_id, "forget", user_id, f"forgot {who.name}",
            characters=[replace(row_of(roster, who), state="forgotten")],
        )  # fmt: skip
        return who, action

    async def undo(self, server_id: int, action_id: int, user_id: int) -> GalleryAction | None:
        """Take an action back; None where there is none that stands.

        Raises LaterActionError where a later one has to be undone first.
        """
        action = await self._storage.galleries.undo(server_id, action_id, user_id)
        if action is not None:
            # Labels that were judged while a merge stood have the name of whom it led to.
            await self._rejudge(server_id)
        return action

    async def propose(
        self,
        server_id: int,
        user_id: int,
        change: GalleryChange,
        samples: Sequence[EnrolmentSample] = (),
    ) -> Proposal:
        """Keep what somebody may not do himself for a moderator. Raises TeachingError.

        That is where the change is of a character that there isn't, or gives a name that is none.
        """
        await self._check(server_id, change)
        proposal = await self._storage.proposals.add(server_id, user_id, change, datetime.now(UTC))
        if samples:
            exemplars = await self._exemplars(server_id, user_id, "", samples)
            await self._storage.exemplars.propose(server_id, proposal.id, exemplars)
            self._crops.recorded(e.crop for e in exemplars if e.crop)
        return proposal

    async def accept(self, server_id: int, proposal_id: int, user_id: int) -> GalleryAction | None:
        """Carry a proposal out; None where it was decided already.

        Raises TeachingError where it can't be done any more; it then goes on waiting.
        """
        async with self._changing[server_id]:
            proposal = await self._storage.proposals.get(server_id, proposal_id)
            if proposal is None or proposal.state != "waiting":
                return None
            action = await self._carry_out(proposal, user_id)
            await self._storage.proposals.accept(proposal_id, user_id)
            return action

    async def reject(self, server_id: int, proposal_id: int) -> bool:
        """Erase a proposal with its drawings; false where it was decided already."""
        async with self._changing[server_id]:
            return await self._storage.proposals.reject(server_id, proposal_id)

    async def edit(self, server_id: int, user_id: int, change: GalleryEdit) -> GalleryAction:
        """Change a character that is there. Raises TeachingError where that can't be done."""
        match change:
            case Alias(character, alias):
                _, action = await self.alias(server_id, user_id, character, alias)
            case Rename(character, name):
                _, action = await self.rename(server_id, user_id, character, name)
            case Merge(character, into):
                _, action = await self.merge(server_id, user_id, character, into)
            case Forget(character):
                _, action = await self.forget(server_id, user_id, character)
        return action

    async def _check(self, server_id: int, change: GalleryChange) -> None:
        """Raise TeachingError where a change can't be carried out as it stands."""
        if isinstance(change, TeachCharacter):
            clean_name(change.name)
            return
        roster = await self._roster(server_id)
        one_character(roster, change.character)
        match change:
            case Alias(alias=name) | Rename(name=name):
                clean_name(name)
            case Merge(into=into):
                one_character(roster, into)
            case Forget():
                pass

    async def _carry_out(self, proposal: Proposal, user_id: int) -> GalleryAction:
        server_id, change = proposal.server_id, proposal.change
        if not isinstance(change, TeachCharacter):
            return await self.edit(server_id, user_id, change)
        roster = await self._roster(server_id)
        known = None if change.new else known_character(roster, change.name, change.series)
        row = row_for(roster, known, change.name, change.series)
        return await self._storage.galleries.change(
            server_id, "teach", user_id, f"taught {row.name}, as proposed",
            datetime.now(UTC), characters=[] if known else [row],
            aliases=None if known is None else {row.id: await self._aliases(server_id, row.id)},
            accept=(proposal.id, row.id),
        )  # fmt: skip

    async def _change(
        self, server_id: int, kind: ActionKind, user_id: int, summary: str, **what: Any
    ) -> GalleryAction:
        return await self._storage.galleries.change(
            server_id, kind, user_id, summary, datetime.now(UTC), **what
        )

    async def _exemplars(
        self, server_id: int, user_id: int, character_id: str, samples: Sequence[EnrolmentSample]
    ) -> list[NewExemplar]:
        names = await self._crops.save(server_id, [sample.face.crop for sample in samples])
        now = datetime.now(UTC)
        return [
            NewExemplar(
                character_id,
                sample.posted.author_id if sample.posted else user_id,
                "teach",
                sample.face.vector,
                sample.backbone,
                now,
                provenance=(
                    posted_in(
                        sample.posted.channel_id, sample.posted.message_id, sample.posted.file_id
                    )
                    if sample.posted
                    else "taught"
                ),
                phash=sample.phash,
                crop=crop,
            )
            for sample, crop in zip(samples, names, strict=True)
        ]

    async def _aliases(self, server_id: int, character_id: str) -> tuple[str, ...]:
        return (await self._storage.galleries.aliases(server_id)).get(character_id, ())
