"""`/review`: walks a moderator through what waits, one at a time.

First what members proposed, then clusters of unknown faces ("seen 7 times, who is it?", each shown
once), then disputed faces. A crop is shown only to somebody who may see the channel it came from,
and a hidden one as a spoiler. Every answer here is a vote, or a change of the gallery, that can be
taken back.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord

from bot.errors import UserError
from bot.feedback.authority import check_may_label
from bot.feedback.subjects import SUBJECT, ClusterSubject, FaceSubject
from bot.gallery.lookup import known_character
from bot.recognition.origin import readable
from bot.storage.records import (
    FaceObservation,
    Proposal,
    TeachCharacter,
)
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.naming_question import WhoSelect, choices
from bot.ui.proposal_text import describe
from bot.ui.undo import done

if TYPE_CHECKING:
    from bot.services import Services
    from bot.storage.records import GalleryAction

NOTHING = "Nothing waits for a decision."
DISPUTED = "**Who is this?** The votes disagree. {link}"
TURNS_UP = (
    "**Seen {count} times in the last {days} days: who is it?** I know nobody these faces fit. "
    "One answer is kept for all of them.\n-# {links}"
)
ELSEWHERE = "\n-# Its drawings may only be shown where they were uploaded: open `/review` there."
GONE = "That was decided already."

_CROPS = 12
_ONE, _MANY = 256, 128  # pixels, of the side of a crop
_LINKS = 5


@dataclass(frozen=True, slots=True)
class _Card:
    """One item of the queue as it is shown; `cluster_id` is that of a cluster shown with it."""

    text: str
    items: list[discord.ui.Item[Any]]
    files: list[discord.File] = field(default_factory=list)
    cluster_id: int | None = None


async def show(interaction: discord.Interaction[Any], place: int) -> None:
    """Show the item at a place of the queue in the answer to an interaction."""
    services = services_of(interaction)
    await check_may_label(interaction.user, services.storage.settings)
    queue = await _queue(interaction)
    if place >= len(queue):
        await interaction.edit_original_response(content=NOTHING, view=None, attachments=[])
        return
    card = await _card(interaction, queue[place])
    view = discord.ui.View(timeout=None)
    for item in card.items:
        view.add_item(item)
    if place + 1 < len(queue) or card.cluster_id is not None:
        view.add_item(SkipButton(place + 1, card.cluster_id))
    await interaction.edit_original_response(
        content=card.text,
        view=view,
        attachments=card.files,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _queue(
    interaction: discord.Interaction[Any],
) -> list[Proposal | list[FaceObservation] | FaceObservation]:
    """Return what waits and may be shown here: proposals, clusters, disputed faces."""
    services, server_id = services_of(interaction), interaction.guild_id or 0
    channels = (await services.storage.faces.channels()).get(server_id, set())
    seen = await readable(channels, interaction.user, interaction.guild, interaction.channel)
    disputed = await services.storage.labels.in_server(server_id, "disputed")
    return [
        *await services.storage.proposals.waiting(server_id),
        *await services.unknown_faces.find(server_id, seen),
        *(face for face, _ in disputed if face.channel_id in seen),
    ]


async def _card(
    interaction: discord.Interaction[Any],
    waiting: Proposal | list[FaceObservation] | FaceObservation,
) -> _Card:
    services, server_id = services_of(interaction), interaction.guild_id or 0
    roster = await services.galleries.roster(server_id)
    if isinstance(waiting, Proposal):
        text, files = describe(waiting, roster), await _drawings(interaction, waiting)
        buttons = [ProposalButton(waiting.id, accept=yes) for yes in (True, False)]
        return _Card(text if files is not None else text + ELSEWHERE, [*buttons], files or [])
    if isinstance(waiting, FaceObservation):
        votes = await services.storage.votes.for_answer(waiting.reply_id)
        own = [vote for vote in votes if vote.face_index == waiting.face_index]
        named = [vote.character_id for vote in own if vote.kind == "is"]
        options = choices([*named, *(guess.character_id for guess in waiting.guesses)], roster)
        return _Card(
            DISPUTED.format(link=_link(waiting)),
            [Decision(FaceSubject(waiting.reply_id, waiting.face_index), options)],
            await _crops(services, [waiting]),
        )
    cluster_id = await services.unknown_faces.remember(server_id, waiting)
    guessed = Counter(guess.character_id for face in waiting for guess in face.guesses)
    options = choices((key for key, _ in guessed.most_common()), roster, many=True)
    newest = sorted(waiting, key=lambda face: face.at, reverse=True)[:_LINKS]
    text = TURNS_UP.format(
        count=len(waiting),
        days=services.config.learning.cluster_days,
        links=" · ".join(_link(face) for face in newest),
    )
    decision = Decision(ClusterSubject(cluster_id), options)
    return _Card(text, [decision], await _crops(services, waiting), cluster_id)


async def _drawings(
    interaction: discord.Interaction[Any], proposal: Proposal
) -> list[discord.File] | None:
    """Return a proposal's drawings as one picture; None where they may not be shown here."""
    services, change = services_of(interaction), proposal.change
    if not isinstance(change, TeachCharacter):
        return []
    if change.channel_id is not None:
        found = await readable(
            [change.channel_id], interaction.user, interaction.guild, interaction.channel
        )
        if not found:
            return None
    exemplars = await services.storage.exemplars.of_proposal(proposal.id)
    sheet = await services.crops.sheet(e.crop for e in exemplars if e.crop)
    if not sheet:
        return []
    return [discord.File(BytesIO(sheet), "drawings.png", spoiler=change.hidden)]


async def _crops(services: Services, faces: list[FaceObservation]) -> list[discord.File]:
    """Return the faces' crops as one picture, and those that are hidden as a spoiler beside it."""
    files: list[discord.File] = []
    for hidden in (False, True):
        names = [face.crop for face in faces if face.crop and face.hidden == hidden][:_CROPS]
        side = _ONE if len(names) == 1 else _MANY
        sheet = await services.crops.sheet(names, side)
        if sheet:
            files.append(
                discord.File(
                    BytesIO(sheet),
                    "faces.png",
                    spoiler=hidden,
                    description="The face in question"
                    if len(names) == 1
                    else "Faces that look alike",
                )
            )
    return files


def _link(face: FaceObservation) -> str:
    return f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.reply_id}"


class Decision(WhoSelect, template=rf"moedex:decide:(?P<subject>{SUBJECT})"):
    """Asks a moderator who a disputed face is, or all faces of a cluster."""

    prefix: ClassVar[str] = "moedex:decide"

    async def go_on(self, interaction: discord.Interaction[Any]) -> None:
        """Show what waits next, which this is no more once it is judged."""
        await services_of(interaction).votes.judged()
        await show(interaction, 0)


class ProposalButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:proposal:(?P<proposal>\d{1,18}):(?P<answer>yes|no)",
):
    """Accepts or rejects a proposal."""

    def __init__(self, proposal_id: int, *, accept: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label="Accept" if accept else "Reject",
                style=discord.ButtonStyle.success if accept else discord.ButtonStyle.danger,
                custom_id=f"moedex:proposal:{proposal_id}:{'yes' if accept else 'no'}",
            )
        )
        self.proposal_id, self.accept = proposal_id, accept

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the proposal and the answer back."""
        return cls(int(match["proposal"]), accept=match["answer"] == "yes")

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Decide, and go on to what waits next."""
        services = services_of(interaction)
        await check_may_label(interaction.user, services.storage.settings)
        await interaction.response.defer()
        action = await (self._accepted if self.accept else self._rejected)(interaction)
        await show(interaction, 0)
        if action is not None:
            await interaction.followup.send(**done(action), ephemeral=True)

    async def _accepted(self, interaction: discord.Interaction[Any]) -> GalleryAction:
        services = services_of(interaction)
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        proposal = await services.storage.proposals.get(server_id, self.proposal_id)
        action = await services.teaching.accept(server_id, self.proposal_id, user_id)
        if action is None or proposal is None:
            raise UserError(GONE)
        change = proposal.change
        if isinstance(change, TeachCharacter) and change.reply_id is not None:
            # The name was typed for a face: accepting it labels that face.
            roster = await services.galleries.roster(server_id)
            known = known_character(roster, change.name, change.series)
            if known is not None:
                await services.votes.cast(
                    change.reply_id,
                    change.face,
                    user_id,
                    "is",
                    character_id=known.id,
                    decides=True,
                )
        return action

    async def _rejected(self, interaction: discord.Interaction[Any]) -> None:
        services = services_of(interaction)
        if not await services.teaching.reject(interaction.guild_id or 0, self.proposal_id):
            raise UserError(GONE)
        services.erasure.sweep_soon()


class SkipButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:skip:(?P<place>\d{1,6}):(?P<cluster>\d{0,18})",
):
    """Leaves an item for later; `/review` asks about a cluster left so another time."""

    def __init__(self, place: int, cluster_id: int | None) -> None:
        super().__init__(
            discord.ui.Button(
                label="Later",
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:skip:{place}:{'' if cluster_id is None else cluster_id}",
            )
        )
        self.place, self.cluster_id = place, cluster_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the next place, and the cluster that is left, back."""
        return cls(int(match["place"]), int(match["cluster"]) if match["cluster"] else None)

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the next item."""
        services = services_of(interaction)
        await check_may_label(interaction.user, services.storage.settings)
        await interaction.response.defer()
        if self.cluster_id is not None:
            await services.unknown_faces.forget(interaction.guild_id or 0, self.cluster_id)
        await show(interaction, self.place)


ITEMS = (Decision, ProposalButton, SkipButton)
