"""The faces of an answer as they are shown: what I said, and what members say of it.

Both forms of an answer are made from these, and so is each of its alt texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bot.recognition.sources import is_spoiler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.feedback.standings import Standing
    from bot.gallery.roster import ServerRoster
    from bot.recognition.member_names import MemberNames
    from bot.storage.records import AnsweredFace, AnsweredPicture
    from models.types import Character


@dataclass(frozen=True, slots=True)
class Said:
    """What members say of a face.

    `character` is who it is by the name that the server uses, None for the other kinds. `voters`
    say so; `by` is the name of the one, where it is one.
    """

    kind: Literal["character", "not_a_face", "ignore", "not_them"]
    voters: int
    by: str = ""
    character: Character | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class ShownFace:
    """A face of an answer; `index` counts in `Answer.faces`, from 0.

    `links` are the pages of its guesses' characters, by their ids, where there are some. `hidden`
    is true for a spoiler.
    """

    index: int
    face: AnsweredFace
    hidden: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    said: Said | None = None

    @property
    def number(self) -> int:
        """The number that stands on the answer's picture."""
        return self.index + 1


async def shown_faces(
    server_id: int | None,
    pictures: Sequence[AnsweredPicture],
    standings: Sequence[Standing | None],
    roster: ServerRoster,
    names: MemberNames,
) -> list[ShownFace]:
    """Return the faces of all pictures in order; `standings` has one place for each."""
    alone = {each.voters[0] for each in standings if each is not None and len(each.voters) == 1}
    called = await names.of(server_id, sorted(alone))
    faces = [(face, is_spoiler(picture.name)) for picture in pictures for face in picture.faces]
    return [
        ShownFace(index, face, hidden, _links(face, roster), _said(standing, roster, called))
        for index, ((face, hidden), standing) in enumerate(zip(faces, standings, strict=True))
    ]


def _links(face: AnsweredFace, roster: ServerRoster) -> dict[str, str]:
    known = (roster.characters.get(guess.character_id) for guess in face.guesses)
    return {character.id: character.link for character in known if character and character.link}


def _said(
    standing: Standing | None, roster: ServerRoster, called: Mapping[int, str]
) -> Said | None:
    if standing is None:
        return None
    voters = len(standing.voters)
    by = called[standing.voters[0]] if voters == 1 else ""
    if standing.label is None:
        return Said("not_them", voters, by)
    if standing.label.kind != "character":
        return Said(standing.label.kind, voters, by, disputed=standing.state == "disputed")
    character_id = roster.resolve(standing.label.character_id)
    if character_id is None:
        return None
    return Said(
        "character", voters, by, roster.characters[character_id], standing.state == "disputed"
    )
