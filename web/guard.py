"""What stands before every handler: limits, and the headers that keep a browser from harm."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.config import WebConfig
from web.limits import Limits, client_of

LIMITS: Final = web.AppKey("limits", Limits)
CROPS: Final = ("crop", "thumbnail", "thumbnails", "drawing")
"""The names of the routes of which a page asks for hundreds."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""No inline script or style, nothing from elsewhere, no frame around a page."""


def guarded(config: WebConfig) -> Middleware:
    """Return the middleware that counts requests and sets the headers."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        limits, client = request.app[LIMITS], client_of(request, config)
        if request.match_info.route.name in CROPS:
            await limits.crop(client)
        else:
            await limits.request(client)
        return await handler(request)

    return guard


async def set_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, an error's too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
