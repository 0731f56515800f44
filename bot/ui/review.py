"""`/review`: walks a moderator through what waits, one at a time.

First what members proposed, then clusters of unknown faces ("seen 7 times, who is it?", each shown
once), then disputed faces. A crop is shown only to somebody who may see the channel it came from,
and a hidden one as a spoiler. Every answer here is a vote, or a change of the gallery, that can be
taken back.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import discord

from bot.errors import UserError
from bot.feedback.authority import check_may_label
from bot.feedback.subjects import SUBJECT, ClusterSubject, FaceSubject
from bot.gallery.lookup import known_character
from bot.recognition.origin import readable
from bot.storage.records import ON_THE_SITE, FaceObservation, Proposal, TeachCharacter
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.naming_question import WhoSelect, choices
from bot.ui.review_cards import (
    SHOWN,
    Card,
    cluster_card,
    disputed_card,
    distinct_faces,
    proposal_card,
)
from bot.ui.undo import done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage.records import GalleryAction

NOTHING = "Nothing waits for a decision."
GONE = "That was decided already."
LEAVE_OUT = "Leave out a face that is somebody else…"

Waiting = Proposal | list[FaceObservation] | FaceObservation
"""What waits for a decision: a proposal, a cluster, a disputed face."""


async def show(interaction: discord.Interaction[Any], place: int) -> None:
    """Show the item at a place of the queue in the answer to an interaction."""
    services, server_id = services_of(interaction), interaction.guild_id or 0
    await check_may_label(interaction.user, services.storage.settings)
    queue = await _queue(interaction)
    if place >= len(queue):
        await interaction.edit_original_response(content=NOTHING, view=None, attachments=[])
        return
    waiting = queue[place]
    if isinstance(waiting, list):
        cluster_id = await services.unknown_faces.remember(server_id, waiting)
        await _show_cluster(interaction, cluster_id, waiting, place + 1)
        return
    items: list[discord.ui.Item[Any]]
    if isinstance(waiting, Proposal):
        card = await proposal_card(interaction, waiting)
        items = [ProposalButton(waiting.id, accept=yes) for yes in (True, False)]
    else:
        card = await disputed_card(services, waiting)
        items = [await _decision(interaction, waiting)]
    if place + 1 < len(queue):
        items.append(SkipButton(place + 1, None))
    await _present(interaction, card, items)


async def _show_cluster(
    interaction: discord.Interaction[Any],
    cluster_id: int,
    faces: Sequence[FaceObservation],
    later: int,
) -> None:
    """Show a cluster that was remembered; `later` is the place of the queue behind it."""
    services = services_of(interaction)
    roster = await services.galleries.roster(interaction.guild_id or 0)
    guessed = Counter(guess.character_id for face in faces for guess in face.guesses)
    options = choices((key for key, _ in guessed.most_common()), roster, many=True)
    distinct = distinct_faces(faces)
    items: list[discord.ui.Item[Any]] = [Decision(ClusterSubject(cluster_id), options)]
    if len(distinct) > 1:
        items.append(LeaveOut(cluster_id, later, [face.id for face in distinct]))
    items.append(SkipButton(later, cluster_id))
    await _present(interaction, await cluster_card(services, faces), items)


async def _present(
    interaction: discord.Interaction[Any], card: Card, items: Sequence[discord.ui.Item[Any]]
) -> None:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    await interaction.edit_original_response(
        content=card.text,
        view=view,
        attachments=card.files,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _queue(interaction: discord.Interaction[Any]) -> list[Waiting]:
    """Return what waits and may be shown here: proposals, clusters, disputed faces."""
    services, server_id = services_of(interaction), interaction.guild_id or 0
    channels = (await services.storage.faces.channels()).get(server_id, set())
    seen = await readable(channels, interaction.user, interaction.guild, interaction.channel)
    seen.add(ON_THE_SITE)  # for moderators and labellers, as everybody who comes here is
    disputed = await services.storage.labels.in_server(server_id, "disputed")
    return [
        *await services.storage.proposals.waiting(server_id),
        *map(_shown_at_once, await services.unknown_faces.find(server_id, seen)),
        *(face for face, _ in disputed if face.channel_id in seen),
    ]


def _shown_at_once(cluster: list[FaceObservation]) -> list[FaceObservation]:
    """Return the most typical faces of a cluster; the others are asked about another time."""
    shown = {face.id for face in distinct_faces(cluster)[:SHOWN]}
    last = max(place for place, face in enumerate(cluster) if face.id in shown)
    return cluster[: last + 1]


async def _decision(interaction: discord.Interaction[Any], face: FaceObservation) -> Decision:
    services = services_of(interaction)
    roster = await services.galleries.roster(interaction.guild_id or 0)
    votes = await services.storage.votes.for_answer(face.reply_id)
    own = [vote for vote in votes if vote.face_index == face.face_index]
    named = [vote.character_id for vote in own if vote.kind == "is"]
    options = choices([*named, *(guess.character_id for guess in face.guesses)], roster)
    return Decision(FaceSubject(face.reply_id, face.face_index), options)


class Decision(WhoSelect, template=rf"moedex:decide:(?P<subject>{SUBJECT})"):
    """Asks a moderator who a disputed face is, or all faces of a cluster."""

    prefix: ClassVar[str] = "moedex:decide"

    async def go_on(self, interaction: discord.Interaction[Any]) -> None:
        """Show what waits next, which this is no more once it is judged."""
        await services_of(interaction).votes.judged()
        await show(interaction, 0)


class LeaveOut(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"moedex:leave_out:(?P<cluster>\d{1,18}):(?P<later>\d{1,6})",
):
    """Takes a face out of a cluster that is asked about; it may be asked about again."""

    def __init__(self, cluster_id: int, later: int, face_ids: Sequence[int] = ()) -> None:
        options = [
            discord.SelectOption(label=f"Face {number}", value=str(face_id))
            for number, face_id in enumerate(face_ids[:SHOWN], 1)
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"moedex:leave_out:{cluster_id}:{later}",
                placeholder=LEAVE_OUT,
                options=options or [discord.SelectOption(label="-")],
            )
        )
        self.cluster_id, self.later = cluster_id, later

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read cluster and place back; the face is in the interaction."""
        return cls(int(match["cluster"]), int(match["later"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the face and its copies out, and show what is left."""
        services, server_id = services_of(interaction), interaction.guild_id or 0
        await check_may_label(interaction.user, services.storage.settings)
        await interaction.response.defer()
        face_id = int(cast("dict[str, Any]", interaction.data)["values"][0])
        left = await services.unknown_faces.leave_out(server_id, self.cluster_id, face_id)
        if not left:
            raise UserError(GONE)
        await _show_cluster(interaction, self.cluster_id, left, self.later)


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


ITEMS = (Decision, LeaveOut, ProposalButton, SkipButton)
