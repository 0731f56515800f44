"""A series' cast from AniList's GraphQL API: names, native names, other names, portraits.

Written against https://docs.anilist.co. It allows 90 requests a minute, and 30 while it is in what
its guide calls a degraded state, of which its headers don't always tell: so one in two seconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError

from bot.enrolment.found import FoundCharacter, FoundPicture, SourceError
from bot.enrolment.web import Web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from bot.enrolment.web import Answer, Clock

API: Final = "https://graphql.anilist.co"
API_INTERVAL_S: Final = 2.0
PORTRAIT_INTERVAL_S: Final = 0.5
_LINK = re.compile(r"^(?:https?://)?(?:www\.)?anilist\.co/(?:anime|manga)/(\d+)")

_FIND: Final = """
query ($search: String) {
  Media(search: $search) { id siteUrl title { romaji english native } }
}"""
_GET: Final = """
query ($id: Int) {
  Media(id: $id) { id siteUrl title { romaji english native } }
}"""
_CAST: Final = """
query ($id: Int, $page: Int) {
  Media(id: $id) {
    characters(page: $page, perPage: 25, sort: [ROLE, RELEVANCE, ID]) {
      pageInfo { hasNextPage }
      nodes { id siteUrl name { full native alternative } image { large } }
    }
  }
}"""
_NO_PORTRAIT: Final = "/default.jpg"
"""The end of the address of AniList's grey outline, which stands in for a missing portrait."""


class _Error(BaseModel):
    message: str = ""
    status: int = 0


class _Title(BaseModel):
    romaji: str | None = None
    english: str | None = None
    native: str | None = None


class _Media(BaseModel):
    id: int
    siteUrl: str = ""  # noqa: N815 - AniList's spelling
    title: _Title


class _Name(BaseModel):
    full: str | None = None
    native: str | None = None
    alternative: list[str | None] | None = None


class _Image(BaseModel):
    large: str | None = None


class _Character(BaseModel):
    id: int
    siteUrl: str | None = None  # noqa: N815
    name: _Name
    image: _Image | None = None


class _PageInfo(BaseModel):
    hasNextPage: bool = False  # noqa: N815


class _Cast(BaseModel):
    pageInfo: _PageInfo  # noqa: N815
    nodes: list[_Character | None]


class _MediaWithCast(BaseModel):
    characters: _Cast


class _FoundData(BaseModel):
    Media: _Media | None = None


class _CastData(BaseModel):
    Media: _MediaWithCast | None = None


class _Found(BaseModel):
    data: _FoundData | None = None
    errors: list[_Error] = []


class _CastPage(BaseModel):
    data: _CastData | None = None
    errors: list[_Error] = []


Parsed = TypeVar("Parsed", _Found, _CastPage)


class AniListSource:
    """The cast of one series. `asked` is its title, its AniList address, or its number there."""

    most = 1
    crops = False
    local = False

    def __init__(
        self,
        session: aiohttp.ClientSession,
        asked: str,
        max_bytes: int,
        *,
        api: str = API,
        clock: Clock | None = None,
    ) -> None:
        self._asked = asked.strip()
        self._max_bytes = max_bytes
        self._api = api
        self._web = Web(session, "AniList", api, interval_s=API_INTERVAL_S, clock=clock)
        self._portraits = Web(session, "AniList", api, interval_s=PORTRAIT_INTERVAL_S, clock=clock)
        self.series = ""
        self._id = 0
        self._addresses: dict[str, str] = {}
        self.key = ""
        self.title = ""

    async def open(self) -> None:
        """Find the series. Raises SourceError."""
        link = _LINK.match(self._asked)
        number = link[1] if link else self._asked if self._asked.isdecimal() else None
        if number is not None:
            found = await self._query(_Found, _GET, {"id": int(number)})
        else:
            found = await self._query(_Found, _FIND, {"search": self._asked})
        media = found.data.Media if found.data else None
        if media is None:
            raise SourceError(f"AniList has no series “{self._asked}”.")
        title = media.title
        self._id = media.id
        self.series = title.english or title.romaji or title.native or self._asked
        self.key = f"anilist:{media.id}"
        self.title = f"the cast of {self.series} ({media.siteUrl or 'AniList'})"

    async def characters(self) -> AsyncIterator[FoundCharacter]:
        """Return the cast, main characters first; those without a portrait are left out."""
        page, more = 1, True
        while more:
            answer = await self._query(_CastPage, _CAST, {"id": self._id, "page": page})
            media = answer.data.Media if answer.data else None
            if media is None:
                raise SourceError(f"AniList lost the series {self._id} on page {page} of its cast.")
            for node in media.characters.nodes:
                portrait = node.image.large if node and node.image else None
                name = (node.name.full or node.name.native or "").strip() if node else ""
                if node is None or not name or not portrait or portrait.endswith(_NO_PORTRAIT):
                    continue
                self._addresses[str(node.id)] = portrait
                yield FoundCharacter(
                    ref=str(node.id),
                    name=" ".join(name.split()),
                    series=self.series,
                    native_name=(node.name.native or "").strip(),
                    aliases=tuple(
                        a.strip() for a in node.name.alternative or () if a and a.strip()
                    ),
                    link=node.siteUrl or "",
                )
            page, more = page + 1, media.characters.pageInfo.hasNextPage

    async def pictures(self, character: FoundCharacter) -> AsyncIterator[FoundPicture]:
        """Return the portrait of a character."""
        yield FoundPicture(character.link or character.ref, self._addresses[character.ref])

    async def fetch(self, picture: FoundPicture) -> bytes:
        """Download a portrait. Raises PictureUnavailableError."""
        return await self._portraits.download(picture.at, self._max_bytes)

    async def _query(self, shape: type[Parsed], query: str, variables: dict[str, object]) -> Parsed:
        answer = await self._web.ask(self._api, json={"query": query, "variables": variables})
        try:
            parsed = shape.model_validate_json(answer.body)
        except ValidationError as error:
            raise SourceError(f"AniList gave an answer that is none ({answer.status}).") from error
        if any(error.status == 404 for error in parsed.errors):
            return parsed
        if parsed.errors or answer.status != 200:
            raise SourceError(f"AniList refused: {_why(parsed.errors, answer)}.")
        return parsed


def _why(errors: list[_Error], answer: Answer) -> str:
    messages = "; ".join(error.message.rstrip(".") for error in errors if error.message)
    return messages or f"status {answer.status}"
