"""The pictures of an answer by what they are called: the numbered one, and those of faces.

An answer is sent with its files, and names them by `attachment://`. An edit can't: it names each by
the address that Discord gave it since, as the message to edit shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import discord
import yarl

from bot.recognition.face_pictures import face_pictures
from bot.recognition.sources import SPOILER_PREFIX
from bot.ui.answer_state import walk
from bot.ui.answer_text import alt_of_face, alt_of_sheet, alt_of_together

if TYPE_CHECKING:
    from bot.inference import Drawing
    from bot.ui.answer_faces import ShownFace

Media = Mapping[str, str]
"""The addresses of an answer's pictures by their names, without what these end with."""


def sheet_name(*, hidden: bool) -> str:
    """Return the name of the picture with the numbered faces, of hidden or of other pictures."""
    return f"{SPOILER_PREFIX if hidden else ''}faces"


def face_name(face: ShownFace) -> str:
    """Return the name of a face's own picture."""
    return f"{SPOILER_PREFIX if face.hidden else ''}face-{face.number}"


def together_name(faces: Sequence[ShownFace]) -> str:
    """Return the name of a picture of several faces."""
    prefix = SPOILER_PREFIX if faces[0].hidden else ""
    return f"{prefix}faces-{faces[0].number}-{faces[-1].number}"


def together(faces: Sequence[ShownFace]) -> list[list[ShownFace]]:
    """Return which faces share a picture, as they have none of their own."""
    shown = face_pictures([face.hidden for face in faces])
    return [[faces[place] for place in part] for part in shown.together]


def sheets(faces: Sequence[ShownFace]) -> list[list[ShownFace]]:
    """Return which faces stand on a numbered picture: none for one; hidden ones on their own."""
    if len(faces) < 2:
        return []
    parts = ([face for face in faces if face.hidden == hidden] for hidden in (False, True))
    return [part for part in parts if part]


def files_of(faces: Sequence[ShownFace], drawing: Drawing) -> list[discord.File]:
    """Return what was drawn of an answer as the files that it is sent with."""
    named = [
        (data, sheet_name(hidden=part[0].hidden), alt_of_sheet(part), part[0].hidden)
        for data, part in zip(drawing.sheets, sheets(faces), strict=False)
    ]
    named += [
        (data, face_name(face), alt_of_face(face), face.hidden)
        for data, face in zip(drawing.faces, faces, strict=False)
    ]
    named += [
        (data, together_name(part), alt_of_together(part), part[0].hidden)
        for data, part in zip(drawing.together, together(faces), strict=False)
    ]
    return [
        discord.File(BytesIO(data), name + drawing.suffix, spoiler=hidden, description=alt)
        for data, name, alt, hidden in named
    ]


def media_to_send(files: Sequence[discord.File]) -> Media:
    """Return what a new answer calls its files by."""
    return {PurePosixPath(file.filename).stem: file.uri for file in files}


def media_there(message: discord.Message) -> Media:
    """Return what an edit of an answer calls its pictures by."""
    urls = [*_shown(message), *(each.url for each in message.attachments)]
    return {PurePosixPath(yarl.URL(url).path).stem: url for url in urls}


def _shown(message: discord.Message) -> Iterator[str]:
    for item in walk(message.components):
        if isinstance(item, discord.ThumbnailComponent):
            yield item.media.url
        elif isinstance(item, discord.MediaGalleryComponent):
            yield from (entry.media.url for entry in item.items)
    for embed in message.embeds:
        yield from filter(None, (embed.image.url, embed.thumbnail.url))
