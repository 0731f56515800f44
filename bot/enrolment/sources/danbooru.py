"""Pictures of characters by tag, from a board with Danbooru's API.

Written against the wiki page help:api: `posts.json?tags=…` gives at most 200 posts a page, newest
first; `page=b<id>` goes on below an id. An anonymous search may have two tags beside `rating:`. A
`file_url` is left out of posts that the asker may not see. One request a second, files included.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.enrolment.found import FoundCharacter, FoundPicture, SourceError
from bot.enrolment.web import Web
from models.roster.tags import character_of_tag

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import aiohttp

    from bot.enrolment.web import Answer, Clock

BOARD: Final = "https://danbooru.donmai.us"
INTERVAL_S: Final = 1.0
PICTURES: Final = 20
"""Pictures of a character that are used, at most."""
LOOKED_AT: Final = 3 * PICTURES
"""Pictures of a character that are looked at, at most."""
PAGE: Final = 100

RATINGS: Final = ("general", "sensitive", "questionable", "explicit")
_FORMATS: Final = ("jpg", "jpeg", "png", "webp", "gif", "avif")
_COMMAND = re.compile(r"^[-~]|^[a-z_]+:|[*\s]")
"""What is no tag's name but tells the board to search otherwise."""


class _Post(BaseModel):
    id: int
    rating: str = ""
    tag_string_general: str = ""
    tag_string_character: str = ""
    file_url: str | None = None
    large_file_url: str | None = None
    is_deleted: bool = False
    is_banned: bool = False


class _Refusal(BaseModel):
    error: str = ""
    message: str = ""


_POSTS: Final = TypeAdapter(list[_Post])


class DanbooruSource:
    """Pictures of one tag. `auth` is a login and an API key, where the operator has them.

    `ratings` are some of `RATINGS`.
    """

    most = PICTURES
    crops = False
    local = False

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tag: str,
        max_bytes: int,
        *,
        ratings: Sequence[str] = ("general",),
        auth: tuple[str, str] | None = None,
        board: str = BOARD,
        clock: Clock | None = None,
    ) -> None:
        self._tag = tag.strip().casefold().replace(" ", "_")
        self._max_bytes = max_bytes
        self._ratings = tuple(ratings)
        self._authorization = _basic(*auth) if auth else ""
        self._board = board.rstrip("/")
        self._web = Web(session, "The board", self._board, interval_s=INTERVAL_S, clock=clock)
        self._solo = "solo"
        self.key = f"danbooru:{self._tag}"
        self.title = f"pictures tagged {self._tag}"

    async def open(self) -> None:
        """See whether this is the name of a tag. Raises SourceError."""
        if not self._tag or _COMMAND.search(self._tag):
            raise SourceError(f"“{self._tag}” is not the name of one tag.")

    async def characters(self) -> AsyncIterator[FoundCharacter]:
        """Return the one character, named by the tag: `rin_(fate)` is Rin of Fate."""
        character = character_of_tag(self._tag)
        yield FoundCharacter(
            ref=self._tag,
            name=character.name,
            series=character.series,
            link=f"{self._board}/posts?tags={self._tag}",
            tag=self._tag,
        )

    async def pictures(self, character: FoundCharacter) -> AsyncIterator[FoundPicture]:
        """Return pictures with this character alone, newest first."""
        below: int | None = None
        given = 0
        while given < LOOKED_AT:
            posts = await self._page(below)
            for post in posts:
                address = self._address(post)
                if address is not None and given < LOOKED_AT:
                    given += 1
                    yield FoundPicture(f"{self._board}/posts/{post.id}", address)
            if len(posts) < PAGE:
                return
            below = min(post.id for post in posts)

    async def fetch(self, picture: FoundPicture) -> bytes:
        """Download a picture. Raises PictureUnavailableError."""
        return await self._web.download(picture.at, self._max_bytes)

    async def _page(self, below: int | None) -> list[_Post]:
        answer = await self._ask(below)
        if answer.status == 422 and self._solo and "TagLimit" in _refusal(answer).error:
            self._solo = ""  # a board that allows fewer tags: those with others are left out here
            answer = await self._ask(below)
        if answer.status != 200:
            why = _refusal(answer).message.rstrip(".") or f"status {answer.status}"
            if answer.status in {401, 403}:
                why += "; check [roster] login and api_key"
            raise SourceError(f"The board refused to search for {self._tag}: {why}.")
        try:
            return _POSTS.validate_json(answer.body)
        except ValidationError as error:
            raise SourceError("The board gave an answer that is no list of posts.") from error

    async def _ask(self, below: int | None) -> Answer:
        rating = "rating:" + ",".join(self._ratings)
        query = {
            "tags": " ".join(part for part in (self._tag, self._solo, rating) if part),
            "limit": str(PAGE),
        }
        if below is not None:
            query["page"] = f"b{below}"
        return await self._web.ask(
            f"{self._board}/posts.json", query=query, authorization=self._authorization
        )

    def _address(self, post: _Post) -> str | None:
        """Return where the picture of a post is, in the size that is enough; None for no use."""
        if post.is_deleted or post.is_banned or "solo" not in post.tag_string_general.split():
            return None
        if post.rating not in {rating[0] for rating in self._ratings}:
            return None
        enough = post.large_file_url or post.file_url
        for address in (enough, post.file_url):
            if address and address.rpartition(".")[2].casefold() in _FORMATS:
                return address
        return None


def _refusal(answer: Answer) -> _Refusal:
    try:
        return _Refusal.model_validate_json(answer.body)
    except ValidationError:
        return _Refusal()


def _basic(login: str, key: str) -> str:
    """Return the header of HTTP's basic authentication."""
    return "Basic " + base64.b64encode(f"{login}:{key}".encode()).decode()
