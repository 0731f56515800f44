"""A local AniList: its GraphQL answers, pages, errors and limits, as its guide describes them.

It reads the three queries that are asked by what they mention, not GraphQL as such. Requests are
counted over a minute of the given clock; one above the limit is answered with 429, and so is all
until its timeout of a minute is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.bot.enrolment.clock import FakeClock

PER_PAGE = 25


class AniListServer:
    """One series, `cast` of it, and pictures by name. `faults`: statuses to answer first."""

    def __init__(self, clock: FakeClock, limit: int = 30) -> None:
        self.clock = clock
        self.limit = limit
        self.series = {
            "id": 1535,
            "siteUrl": "https://anilist.co/anime/1535",
            "title": {"romaji": "Desu Nooto", "english": "Death Note", "native": "デスノート"},
        }
        self.cast: list[dict[str, Any]] = []
        self.pictures: dict[str, bytes] = {}
        self.faults: list[int] = []
        self.asked: list[dict[str, Any]] = []
        self.downloads: list[str] = []
        self.refused = 0
        self.url = ""
        self._times: list[float] = []
        self._shut_until = 0.0

    def app(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application()
        app.router.add_post("/", self._graphql)
        app.router.add_get("/file/{name}", self._file)
        return app

    def character(self, number: int, name: str, picture: str | None, **more: Any) -> None:
        """Add a character to the cast; `picture` is a name in `pictures`."""
        large = f"{self.url}/file/{picture}" if picture else None
        self.cast.append(
            {
                "id": number,
                "siteUrl": f"https://anilist.co/character/{number}",
                "name": {
                    "full": name,
                    "native": more.get("native"),
                    "alternative": more.get("alternative", []),
                },
                "image": {"large": large},
            }
        )

    async def _graphql(self, request: web.Request) -> web.Response:
        now = self.clock.now()
        self._times = [t for t in self._times if t > now - 60]
        if now < self._shut_until or len(self._times) >= self.limit:
            self.refused += 1
            if now >= self._shut_until:
                self._shut_until = now + 60
            return _errors(
                429,
                "Too Many Requests.",
                {
                    "Retry-After": str(int(self._shut_until - now)),
                    "X-RateLimit-Limit": "90",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(int(self._shut_until)),
                },
            )
        self._times.append(now)
        if self.faults:
            status = self.faults.pop(0)
            if status == 403:
                return _errors(403, "The AniList API has been temporarily disabled.")
            return web.Response(status=status, text="<html>Bad gateway</html>")
        body = await request.json()
        self.asked.append(body)
        variables = body["variables"]
        title = " ".join(str(name) for name in self.series["title"].values()).casefold()
        by_id = variables.get("id") == self.series["id"]
        if not by_id and str(variables.get("search", "\0")).casefold() not in title:
            return _errors(404, "Not Found.")
        if "characters(" not in body["query"]:
            return self._answer({"Media": self.series})
        page = variables["page"]
        start = (page - 1) * PER_PAGE
        return self._answer(
            {
                "Media": {
                    "characters": {
                        "pageInfo": {"hasNextPage": start + PER_PAGE < len(self.cast)},
                        "nodes": self.cast[start : start + PER_PAGE],
                    }
                }
            }
        )

    def _answer(self, data: dict[str, Any]) -> web.Response:
        left = self.limit - len(self._times)
        return web.json_response(
            {"data": data},
            headers={"X-RateLimit-Limit": "90", "X-RateLimit-Remaining": str(left + 60)},
        )

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.downloads.append(name)
        if name not in self.pictures:
            raise web.HTTPNotFound
        return web.Response(body=self.pictures[name], content_type="image/jpeg")


def _errors(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"message": message, "status": status, "locations": [{"line": 2, "column": 3}]}
    return web.json_response({"data": None, "errors": [error]}, status=status, headers=headers)
