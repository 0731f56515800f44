"""A local board with Danbooru's API: posts by tags, pages by id, its refusals and limits.

An anonymous search has two tags at most, `rating:` not counted; who asks without a User-Agent of
their own is refused, as is a wrong key. Requests within a second of the last one are noted.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.bot.enrolment.clock import FakeClock

JITTER_S = 0.2
"""How much sooner a request may arrive than it was sent after the last one, on a busy machine."""
LOGIN = ("erika", "a-secret-key")


class DanbooruServer:
    """Posts, newest last, and their files by name. `faults`: statuses to answer first."""

    def __init__(self, clock: FakeClock, tag_limit: int = 2) -> None:
        self.clock = clock
        self.tag_limit = tag_limit
        self.posts: list[dict[str, Any]] = []
        self.pictures: dict[str, bytes] = {}
        self.faults: list[tuple[int, dict[str, str]]] = []
        self.file_trouble: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.searches: list[dict[str, str]] = []
        self.downloads: list[str] = []
        self.with_key: list[str] = []
        self.too_fast = 0
        self.downloaded = asyncio.Condition()
        self.url = ""
        self._last = 0.0

    def app(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application()
        app.router.add_get("/posts.json", self._posts)
        app.router.add_get("/data/{name}", self._file)
        return app

    def post(self, tag: str, picture: str, *, rating: str = "g", **more: Any) -> int:
        """Add a post of a character with a picture named in `pictures`; return its id."""
        number = 1000 + len(self.posts)
        address = f"{self.url}/data/{picture}"
        self.posts.append(
            {
                "id": number,
                "created_at": "2026-01-01T00:00:00.000-05:00",
                "rating": rating,
                "source": "",
                "md5": f"{number:032x}",
                "file_ext": picture.rpartition(".")[2],
                "file_size": 123456,
                "image_width": 850,
                "image_height": 1200,
                "tag_string": f"1girl solo {tag}",
                "tag_string_general": "1girl solo",
                "tag_string_character": tag,
                "tag_string_copyright": "",
                "tag_string_artist": "somebody",
                "is_deleted": False,
                "is_banned": False,
                "has_large": True,
                "preview_file_url": address,
                "file_url": address,
                "large_file_url": address,
            }
            | more
        )
        return number

    def _count(self) -> None:
        now = self.clock.now()
        self.too_fast += now - self._last < 1 - JITTER_S
        self._last = now

    async def _posts(self, request: web.Request) -> web.Response:
        self._count()
        if self.faults:
            status, headers = self.faults.pop(0)
            return web.json_response({"success": False}, status=status, headers=headers)
        if "Moedex" not in request.headers.get("User-Agent", ""):
            return _refusal(403, "Forbidden", "Say who you are.")
        signed = request.headers.get("Authorization")
        if signed is not None:
            if base64.b64decode(signed.removeprefix("Basic ")).decode() != ":".join(LOGIN):
                return _refusal(401, "SessionLoader::AuthenticationFailure", "Invalid API key")
            self.with_key.append(request.path)
        self.searches.append(dict(request.query))
        tags = request.query["tags"].split()
        plain = [tag for tag in tags if not tag.startswith("rating:")]
        if signed is None and len(plain) > self.tag_limit:
            return _refusal(
                422,
                "PostQuery::TagLimitError",
                f"You cannot search for more than {self.tag_limit} tags at a time.",
            )
        ratings = {word[:1] for tag in tags if tag not in plain for word in tag[7:].split(",")}
        found = [
            post
            for post in reversed(self.posts)
            if set(plain) <= set(post["tag_string"].split()) and post["rating"] in ratings
        ]
        page = request.query.get("page", "")
        if page.startswith("b"):
            found = [post for post in found if post["id"] < int(page[1:])]
        limit = min(int(request.query.get("limit", "20")), 200)
        return web.json_response(found[:limit])

    async def _file(self, request: web.Request) -> web.Response:
        self._count()
        name = request.match_info["name"]
        self.downloads.append(name)
        async with self.downloaded:
            self.downloaded.notify_all()
        if "Authorization" in request.headers:
            self.with_key.append(request.path)
        if name in self.file_trouble:
            return web.Response(status=self.file_trouble[name])
        if name in self.redirects:
            raise web.HTTPFound(self.redirects[name])
        if name not in self.pictures:
            raise web.HTTPNotFound
        return web.Response(body=self.pictures[name], content_type="image/jpeg")


def _refusal(status: int, error: str, message: str) -> web.Response:
    body = {"success": False, "error": error, "message": message, "backtrace": []}
    return web.json_response(body, status=status)
