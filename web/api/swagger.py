"""Swagger UI for `/api`: the files of the installed package, compressed once, and no others."""

from __future__ import annotations

import asyncio
import gzip
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from aiohttp import web
from swagger_ui_bundle import swagger_ui_path

from web import guard
from web.problems import ProblemError

VERSION: Final = version("swagger-ui-bundle-v2")
PREFIX: Final = f"/swagger/{VERSION}"
POLICY: Final = guard.POLICY.replace("img-src ", "img-src data: ")
"""Its style sheet has its marks as `data:` pictures."""
_KINDS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


def add_to(router: web.UrlDispatcher) -> None:
    """Add the two files that the page loads; the version is in their address."""
    router.add_get(f"{PREFIX}/{{name}}", _file)


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _KINDS:
        raise ProblemError(404, "There is nothing here.")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    read = _packed if packed else _plain
    response = web.Response(
        # Reading and packing 1.5 MB takes a moment: not on the event loop.
        body=await asyncio.to_thread(read, name),
        content_type=_KINDS[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"},
    )
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _plain(name: str) -> bytes:
    return Path(str(swagger_ui_path), name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_plain(name), 9, mtime=0)
