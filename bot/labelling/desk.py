"""What a labeller says of faces on the site: votes by the chat's consensus, each with its undoing.

A labeller is a moderator or holds the labeller role, so what he says settles at once, and the audit
log says where it was said.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.errors import UserError
from bot.gallery.lookup import known_character
from bot.labelling.labeller import GoneError
from bot.storage.galleries import LaterActionError
from bot.storage.records import TeachCharacter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from bot.feedback.votes import Votes
    from bot.gallery.roster import ServerRoster
    from bot.gallery.teaching import Teaching
    from bot.labelling.labeller import Labeller
    from bot.storage import Storage, Vote, VoteKind
    from bot.storage.records import FaceObservation, LabelChange, VoteEvent

ON_THE_SITE = "on the site"
"""What a label's audit log says of a change that was made here."""
OPTED_OUT = "You opted out, so nothing that you say is kept. `/privacy optin` takes that back."
NOBODY = "There is no character of that id here."
PROPOSAL_GONE = "That proposal was decided already."


@dataclass(frozen=True, slots=True)
class Choice:
    """What is said of faces: `is` a character's id, `new` a name, `proposal` what was proposed."""

    kind: Literal["is", "new", "proposal", "not_a_face", "ignore"]
    value: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A vote on a face, and the one by the same person that stood before it (None: none)."""

    face_id: int
    kind: VoteKind
    before: tuple[VoteKind, str] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, and all that takes it back: votes, and a change of the gallery.

    `name` is what the faces are called now.
    """

    said: tuple[Said, ...]
    action_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class History:
    """All that was said about a face and all that its label was, each oldest first.

    `own` is the vote of whoever asks, where one of theirs stands.
    """

    votes: tuple[VoteEvent, ...]
    changes: tuple[LabelChange, ...]
    own: Vote | None


class LabelDesk:
    """Takes in what labellers say, in all servers. `roster` gives a server's characters."""

    def __init__(
        self,
        storage: Storage,
        votes: Votes,
        teaching: Teaching,
        roster: Callable[[int], Awaitable[ServerRoster]],
    ) -> None:
        self._storage = storage
        self._votes = votes
        self._teaching = teaching
        self._roster = roster

    async def face(self, labeller: Labeller, face_id: int) -> FaceObservation:
        """Return a face that a labeller may see. Raises GoneError."""
        face = await self._storage.faces.get(face_id)
        if (
            face is None
            or face.server_id != labeller.server_id
            or face.channel_id not in labeller.channels
            or not face.crop
        ):
            raise GoneError
        return face

    async def faces(self, labeller: Labeller, face_ids: Iterable[int]) -> list[FaceObservation]:
        """Return those of some faces that a labeller may see. Raises GoneError for none of them.

        An answer may be deleted while a page shows its faces beside others.
        """
        found: list[FaceObservation] = []
        for face_id in dict.fromkeys(face_ids):
            with suppress(GoneError):
                found.append(await self.face(labeller, face_id))
        if not found:
            raise GoneError
        return found

    async def say(
        self, labeller: Labeller, faces: Sequence[FaceObservation], choice: Choice, why: str = ""
    ) -> Act:
        """Label faces; it is safe, and the labels are settled, when this returns.

        `why` says more in the audit log. Raises UserError.
        """
        if await self._storage.consents.opted_out(labeller.user_id):
            raise UserError(OPTED_OUT)
        kind: VoteKind = choice.kind if choice.kind in ("not_a_face", "ignore") else "is"
        character_id, action_id = await self._character(labeller, choice)
        said: list[Said] = []
        for face in faces:
            before = await self._standing(labeller, face)
            kept = await self._votes.cast(
                face.reply_id,
                face.face_index,
                labeller.user_id,
                kind,
                character_id=character_id,
                decides=True,
                why=f"{ON_THE_SITE}, {why}" if why else ON_THE_SITE,
                source="site",
            )
            if kept:
                stood = None if before is None else (before.kind, before.character_id)
                said.append(Said(face.id, kind, stood))
        await self._votes.judged()
        roster = await self._roster(labeller.server_id)
        name = roster.name(character_id) if character_id else choice.kind.replace("_", " ")
        return Act(tuple(said), action_id, name)

    async def undo(self, labeller: Labeller, said: Sequence[Said], action_id: int | None) -> int:
        """Take back what a labeller said; return on how many faces. Raises UserError."""
        taken = 0
        for each in said:
            face = await self._storage.faces.get(each.face_id)
            if face is None or face.server_id != labeller.server_id:
                continue
            place = face.reply_id, face.face_index, labeller.user_id
            took = await self._votes.take_back(*place, each.kind, source="site")
            taken += took
            # What was said before comes from the page, so it is believed no further than a label.
            if took and each.before is not None and await self._may_say_again(labeller, each):
                # Taking a kind back takes the older vote of that kind along.
                await self._votes.cast(
                    *place,
                    each.kind,
                    character_id=each.before[1],
                    decides=True,
                    why=f"{ON_THE_SITE}, as before",
                    source="site",
                )
        await self._votes.judged()
        if action_id is not None:
            try:
                await self._teaching.undo(labeller.server_id, action_id, labeller.user_id)
            except LaterActionError as error:
                raise UserError(str(error)) from error
        return taken

    async def history(self, labeller: Labeller, face_id: int) -> History:
        """Return the audit log of a face. Raises GoneError."""
        face = await self.face(labeller, face_id)
        votes = await self._storage.votes.events(face.reply_id, face.face_index)
        changes = await self._storage.audit_log.of_face(face.id)
        return History(tuple(votes), tuple(changes), await self._standing(labeller, face))

    async def _may_say_again(self, labeller: Labeller, said: Said) -> bool:
        """Return whether what was said before can be said again, where it was of the same kind."""
        if said.before is None or said.before[0] != said.kind:
            return False
        try:
            await self.face(labeller, said.face_id)
        except GoneError:
            return False
        roster = await self._roster(labeller.server_id)
        return said.kind != "is" or roster.resolve(said.before[1]) is not None

    async def _standing(self, labeller: Labeller, face: FaceObservation) -> Vote | None:
        votes = await self._storage.votes.for_answer(face.reply_id)
        return next(
            (
                vote
                for vote in votes
                if vote.user_id == labeller.user_id and vote.face_index == face.face_index
            ),
            None,
        )

    async def _character(self, labeller: Labeller, choice: Choice) -> tuple[str, int | None]:
        """Return the id of the character that is meant, and what was done to the gallery."""
        server_id = labeller.server_id
        roster = await self._roster(server_id)
        match choice.kind:
            case "is":
                resolved = roster.resolve(choice.value)
                if resolved is None:
                    raise UserError(NOBODY)
                return resolved, None
            case "new":
                known = known_character(roster, choice.value, choice.series)
                if known is not None:
                    return known.id, None
                character, action = await self._teaching.teach(
                    server_id, labeller.user_id, choice.value, choice.series, []
                )
                return character.id, action.id
            case "proposal":
                return await self._accepted(labeller, int(choice.value))
            case "not_a_face" | "ignore":
                return "", None

    async def _accepted(self, labeller: Labeller, proposal_id: int) -> tuple[str, int | None]:
        server_id = labeller.server_id
        proposal = await self._storage.proposals.get(server_id, proposal_id)
        action = await self._teaching.accept(server_id, proposal_id, labeller.user_id)
        if action is None or proposal is None or not isinstance(proposal.change, TeachCharacter):
            raise UserError(PROPOSAL_GONE)
        roster = await self._roster(server_id)
        known = known_character(roster, proposal.change.name, proposal.change.series)
        if known is None:
            raise UserError(PROPOSAL_GONE)
        return known.id, action.id
