"""An answer in components v2: a section for each face, with its picture and its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.feedback.subjects import FaceSubject
from bot.ui.answer_buttons import (
    I_KNOW,
    SOMEONE_ELSE,
    PageButton,
    SomeoneElseButton,
    YesButton,
)
from bot.ui.answer_files import face_name, sheet_name, sheets, together, together_name
from bot.ui.answer_state import page_of, pages
from bot.ui.answer_text import ACCENT, alt_of_face, alt_of_sheet, alt_of_together, face_lines, fit
from bot.ui.naming_question import WhoSelect, choices
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.gallery.roster import ServerRoster
    from bot.ui.answer_faces import ShownFace
    from bot.ui.answer_files import Media
    from bot.ui.answer_state import CardState, Step

_TEXT = 4000
"""Characters of all texts of a message with components v2."""
_ABOVE = 900
_TOP = ("", "", "Top two", "Top three", "Top four", "Top five")


def answer_layout(
    faces: Sequence[ShownFace],
    state: CardState,
    *,
    guesses: int,
    media: Media,
    above: Sequence[str] = (),
    reply_id: int = 0,
    roster: ServerRoster | None = None,
) -> discord.ui.LayoutView:
    """Return the view that is an answer.

    `guesses` is how many guesses a face may show, `media` the pictures, `above` what stands over
    the faces. `reply_id` and `roster` are needed where the state has a question.
    """
    shown = [faces[place] for place in page_of(len(faces), state.page)]
    over = "\n".join(above)[:_ABOVE]
    texts = fit(
        [
            face_lines(face, guesses if state.opened else 1, numbered=len(faces) > 1)
            for face in shown
        ],
        _TEXT - len(over),
    )
    box = discord.ui.Container[Any](accent_colour=ACCENT)
    for gallery in (_numbered(faces, media), _together(faces, shown, media)):
        if gallery:
            box.add_item(discord.ui.MediaGallery[Any](*gallery))
    steps = list(_steps(faces, state, guesses))
    for face, text in zip(shown, texts, strict=True):
        box.add_item(_section(face, text, media.get(face_name(face))))
        if state.asked is None or roster is None:
            buttons = list(_buttons(face))
            if len(faces) == 1:
                buttons += steps
            box.add_item(discord.ui.ActionRow[Any](*buttons))
        else:
            box.add_item(discord.ui.ActionRow[Any](_question(face, reply_id, roster)))
    if steps and (len(faces) > 1 or state.asked is not None):
        box.add_item(discord.ui.ActionRow[Any](*steps))
    view = discord.ui.LayoutView(timeout=None)
    if over:
        view.add_item(discord.ui.TextDisplay(over))
    view.add_item(box)
    return view


def _numbered(faces: Sequence[ShownFace], media: Media) -> list[discord.MediaGalleryItem]:
    return [
        discord.MediaGalleryItem(
            media[name], description=alt_of_sheet(part), spoiler=part[0].hidden
        )
        for part in sheets(faces)
        if (name := sheet_name(hidden=part[0].hidden)) in media
    ]


def _together(
    faces: Sequence[ShownFace], shown: Sequence[ShownFace], media: Media
) -> list[discord.MediaGalleryItem]:
    """Return the pictures of several faces that some of a page are on; the alt text is of those."""
    parts = ((part, [face for face in part if face in shown]) for part in together(faces))
    return [
        discord.MediaGalleryItem(
            media[name], description=alt_of_together(here), spoiler=here[0].hidden
        )
        for part, here in parts
        if here and (name := together_name(part)) in media
    ]


def _section(face: ShownFace, text: str, picture: str | None) -> discord.ui.Item[Any]:
    if picture is None:  # a section can't be without one; the face is on a picture with others
        return discord.ui.TextDisplay(text)
    thumbnail = discord.ui.Thumbnail[Any](
        picture, description=alt_of_face(face), spoiler=face.hidden
    )
    return discord.ui.Section(text, accessory=thumbnail)


def _buttons(face: ShownFace) -> Iterator[discord.ui.Item[Any]]:
    named = face.face.best is not None and face.face.tier is not Tier.NOT_KNOWN
    if named:
        yield YesButton(face.index)
    yield SomeoneElseButton(face.index, SOMEONE_ELSE if named else I_KNOW)


def _question(face: ShownFace, reply_id: int, roster: ServerRoster) -> WhoSelect:
    ids = (guess.character_id for guess in face.face.guesses[:5])
    subject = FaceSubject(reply_id, face.index)
    return WhoSelect(subject, choices(ids, roster), f"Who is face {face.number}?")


def _steps(faces: Sequence[ShownFace], state: CardState, guesses: int) -> Iterator[PageButton]:
    page, opened, last = state.page, state.opened, pages(len(faces)) - 1
    if last > 0:
        yield PageButton("back", page, opened, disabled=page <= 0)
        yield PageButton("next", page, opened, disabled=page >= last)
    shown = page_of(len(faces), page)
    most = min(guesses, max((len(faces[place].face.guesses) for place in shown), default=0))
    if most > 1:
        step: Step = "less" if opened else "more"
        yield PageButton(step, page, opened, label=_TOP[most])
