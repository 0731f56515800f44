"""Corrections: what somebody who is signed in says of a face in a picture that they upload again.

The site has forgotten the picture by then, so it comes along, and is looked at anew. What is said
goes the way of a correction in chat: the same consensus, the same proposals, kept where the server
learns and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from bot.recognition.corrections import Choice
from bot.recognition.uploads import Uploader
from web.answers import answer
from web.api.schemas import Corrected
from web.api.uploads import identify_upload
from web.asked import query_of
from web.guard import LIMITS
from web.signing_in.person import member, signed_in

if TYPE_CHECKING:
    from web.site import Site

_DECIDED = {
    "is": "Thank you: this is noted as {name}.",
    "new": "{name} is new here, and this face is noted as them.",
    "not_a_face": "Thank you: noted that this is no face.",
    "no": "Thank you: noted that this is somebody else.",
}
_VOTED = {
    "is": "Thank you: your vote for {name} counts.",
    "not_a_face": "Thank you: your vote that this is no face counts.",
    "no": "Thank you: your vote that this is somebody else counts.",
    "proposed": "Thank you: a moderator will decide whether {name} is added.",
}


class CorrectionAsked(BaseModel):
    """What is said of a face, as it stands in the query."""

    server: int = Field(ge=1, lt=2**63, description="The id of the server that learns it.")
    face: int = Field(ge=0, lt=1000, description="Which face of the picture, counted from 0.")
    kind: Literal["is", "new", "not_a_face", "no"] = Field(
        description='"is" names a character, "new" one that nobody knows yet; "no" is that the '
        "name which was given is wrong."
    )
    value: str = Field("", max_length=200, description='An id for "is", a name for "new".')
    series: str = Field("", max_length=100, description='Of a "new" character.')


class Corrections:
    """The handler of corrections."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher, prefix: str) -> None:
        """Add its route."""
        router.add_post(f"{prefix}/corrections", self.correct)

    async def correct(self, request: web.Request) -> web.Response:
        """Take a correction in."""
        asked = query_of(request, CorrectionAsked)
        where = await member(request, asked.server)
        user_id = signed_in(request).user_id
        async with request.app[LIMITS].upload(f"person {user_id}"):
            picture = await identify_upload(request, self._site, user_id, asked.server)
        uploader = Uploader(asked.server, user_id, where.may_label)
        choice = Choice(asked.kind, asked.value, asked.series)
        done = await self._site.services.uploads.correct(uploader, picture, asked.face, choice)
        sentences = _DECIDED if where.may_label else _VOTED
        sentence = sentences[done.outcome].format(name=done.name)
        return answer(Corrected(outcome=done.outcome, name=done.name, sentence=sentence))
