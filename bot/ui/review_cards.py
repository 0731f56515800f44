"""What one item of `/review` shows: its words, and the crops that its reader may see there.

Crops of a cluster carry numbers, so that a face can be left out by its number. A hidden crop is
shown as a spoiler.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.feedback.labels import same_face
from bot.recognition.origin import readable
from bot.storage.records import ON_THE_SITE, TeachCharacter
from bot.ui.context import services_of
from bot.ui.proposal_text import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.services import Services
    from bot.storage.records import FaceObservation, Proposal

DISPUTED: Final = "**Who is this?** The votes disagree. {link}"
TURNS_UP: Final = (
    "**Seen {count} times in the last {days} days: who is it?** I know nobody these faces fit. "
    "Leave out whoever is somebody else first: one answer is kept for all that is left.\n-# {links}"
)
ELSEWHERE: Final = "\n-# What it shows may only be shown where it was posted: open `/review` there."
SHOWN: Final = 24
"""Faces of a cluster that are asked about at once; Discord's selects have room for 25 options."""

_ONE, _MANY = 256, 128  # pixels, of the side of a crop
_LINKS = 5


@dataclass(frozen=True, slots=True)
class Card:
    """An item as it is shown."""

    text: str
    files: list[discord.File] = field(default_factory=list)


def distinct_faces(faces: Iterable[FaceObservation]) -> list[FaceObservation]:
    """Return the faces without further copies of the same face of the same picture."""
    kept: list[FaceObservation] = []
    for face in faces:
        if not any(same_face(face, other) for other in kept):
            kept.append(face)
    return kept


async def disputed_card(services: Services, face: FaceObservation) -> Card:
    """Return the card of a face that votes disagree about."""
    return Card(DISPUTED.format(link=link_to(face)), await _crops(services, [face]))


async def cluster_card(services: Services, faces: Sequence[FaceObservation]) -> Card:
    """Return the card of a cluster, without further copies; the faces are numbered from 1."""
    distinct = distinct_faces(faces)
    newest = sorted(distinct, key=lambda face: face.at, reverse=True)[:_LINKS]
    text = TURNS_UP.format(
        count=len(distinct),
        days=services.config.learning.cluster_days,
        links=" · ".join(link_to(face) for face in newest),
    )
    return Card(text, await _crops(services, distinct))


async def proposal_card(interaction: discord.Interaction[Any], proposal: Proposal) -> Card:
    """Return the card of a proposal: what it says, where, and the face or drawings in question."""
    services, server_id = services_of(interaction), interaction.guild_id or 0
    roster = await services.galleries.roster(server_id)
    change = proposal.change
    face = None
    if isinstance(change, TeachCharacter) and change.reply_id is not None:
        faces = await services.storage.faces.by_reply(change.reply_id)
        face = next((each for each in faces if each.face_index == change.face), None)
    text = describe(proposal, roster, None if face is None else link_to(face))
    if not isinstance(change, TeachCharacter):
        return Card(text)
    origin = change.channel_id if face is None else face.channel_id
    if origin is not None and origin != ON_THE_SITE:
        where = interaction.channel
        if not await readable([origin], interaction.user, interaction.guild, where):
            return Card(text + ELSEWHERE)
    if face is not None:
        return Card(text, await _crops(services, [face]))
    exemplars = await services.storage.exemplars.of_proposal(proposal.id)
    sheet = await services.crops.sheet([e.crop for e in exemplars if e.crop])
    files = [discord.File(BytesIO(sheet), "drawings.png", spoiler=change.hidden)] if sheet else []
    return Card(text, files)


def link_to(face: FaceObservation) -> str:
    """Return the link to the answer that a face is in; words where no message carries it."""
    if face.channel_id == ON_THE_SITE:
        return "(handed in on the site)"
    return f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.reply_id}"


async def _crops(services: Services, faces: Sequence[FaceObservation]) -> list[discord.File]:
    """Return the faces' crops as one picture, and those that are hidden as a spoiler beside it."""
    files: list[discord.File] = []
    alone = len(faces) == 1
    for hidden in (False, True):
        shown = [
            (number, face.crop)
            for number, face in enumerate(faces[:SHOWN], 1)
            if face.crop and face.hidden == hidden
        ]
        sheet = await services.crops.sheet(
            [crop for _, crop in shown],
            _ONE if len(shown) == 1 else _MANY,
            numbers=None if alone else [number for number, _ in shown],
        )
        if sheet:
            description = "The face in question" if alone else "Faces that look alike, numbered"
            files.append(
                discord.File(BytesIO(sheet), "faces.png", spoiler=hidden, description=description)
            )
    return files
