"""An answer in its plain form, an embed with reactions, for what lacks components v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.feedback.subjects import FaceSubject
from bot.ui.answer_buttons import FacesButton, PageButton, VoteButton
from bot.ui.answer_files import face_name, sheet_name
from bot.ui.answer_state import page_of, pages
from bot.ui.answer_text import ACCENT, face_lines, fit
from bot.ui.naming_question import WhoSelect, choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.gallery.roster import ServerRoster
    from bot.ui.answer_faces import ShownFace
    from bot.ui.answer_files import Media
    from bot.ui.answer_state import CardState, Step

_TEXT = 4096
_FACES = 4
"""Faces that an answer asks about at once, at most: a message has room for five rows."""
_ROWS, _IN_A_ROW = 5, 5


def answer_embed(
    faces: Sequence[ShownFace], state: CardState, *, guesses: int, media: Media
) -> discord.Embed:
    """Return the text of an answer's page with its picture; see `answer_layout`."""
    shown = [faces[place] for place in page_of(len(faces), state.page)]
    several = len(faces) > 1
    blocks = [face_lines(each, guesses if state.opened else 1, numbered=several) for each in shown]
    card = discord.Embed(description="\n".join(fit(blocks, _TEXT)), colour=ACCENT)
    # An embed can't hide its picture: one that is a spoiler stands beside it.
    own, sheet = media.get(face_name(faces[0])), media.get(sheet_name(hidden=False))
    if not several and own and not faces[0].hidden:
        card.set_thumbnail(url=own)
    elif several and sheet:
        card.set_image(url=sheet)
    footer = ["✅ right · ❌ wrong"]
    if pages(len(faces)) > 1:
        footer.insert(0, f"faces {shown[0].number} to {shown[-1].number} of {len(faces)}")
    card.set_footer(text=" · ".join(footer))
    return card


def answer_view(
    faces: Sequence[ShownFace],
    state: CardState,
    *,
    guesses: int,
    reply_id: int = 0,
    roster: ServerRoster | None = None,
) -> discord.ui.View | None:
    """Return what is under an answer; None if it needs nothing. See `answer_layout`."""
    items = _buttons(faces, state, guesses)
    if state.asked is not None and roster is not None:
        items = [*_question(faces, state.asked, len(items), reply_id, roster), *items]
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view if items else None


def _buttons(
    faces: Sequence[ShownFace], state: CardState, guesses: int
) -> list[discord.ui.Item[Any]]:
    page, opened, last = state.page, state.opened, pages(len(faces)) - 1
    items: list[discord.ui.Item[Any]] = []
    if last > 0:
        items.append(PageButton("back", page, opened, disabled=page <= 0))
        items.append(PageButton("next", page, opened, disabled=page >= last))
    shown = page_of(len(faces), page)
    others = min(guesses, max(len(faces[place].face.guesses) for place in shown)) - 1
    if others > 0:
        step: Step = "less" if opened else "more"
        items.append(
            PageButton(
                step, page, opened, label="Next guess" if others == 1 else f"Next {others} guesses"
            )
        )
    if state.votes:
        items += [VoteButton("yes"), VoteButton("no")]
    return items


def _question(
    faces: Sequence[ShownFace], start: int, below: int, reply_id: int, roster: ServerRoster
) -> list[discord.ui.Item[Any]]:
    """Return a select a face from `start` on, as many as fit, and buttons to the other faces."""
    buttons = below + 2 * (len(faces) > _FACES)
    room = min(_FACES, _ROWS - -(-buttons // _IN_A_ROW))
    stop = min(start + room, len(faces))
    items: list[discord.ui.Item[Any]] = [
        WhoSelect(
            FaceSubject(reply_id, face.index),
            choices((guess.character_id for guess in face.face.guesses[:5]), roster),
            f"Who is face {face.number}?",
        )
        for face in faces[start:stop]
    ]
    if start > 0:
        items.append(FacesButton(max(0, start - room), "◀ Faces"))
    if stop < len(faces):
        items.append(FacesButton(stop, "Faces ▶"))
    return items
