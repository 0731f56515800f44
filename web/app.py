"""The site's application, and serving it: beside a bot, or by itself."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from web.api import Api
from web.guard import LIMITS, guarded, set_headers
from web.limits import Limits
from web.pages import Pages
from web.problems import told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from web.site import Site

log = logging.getLogger(__name__)

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"


def build_app(site: Site) -> web.Application:
    """Put the site together."""
    app = web.Application(
        client_max_size=site.config.pictures.max_bytes + 2**20,
        middlewares=[told, guarded(site.config.web)],
    )
    app[LIMITS] = Limits(site.config.web)
    app.on_response_prepare.append(set_headers)
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    Api(site).add_to(app.router)
    Pages(site).add_to(app.router)
    app.router.add_static("/static", STATIC)
    return app


@asynccontextmanager
async def serving(site: Site, host: str, port: int) -> AsyncIterator[str]:
    """Serve the site while the context lasts; gives its address. `port` 0 takes a free one.

    Raises OSError where the port can't be used.
    """
    # A browser that is gone takes its picture out of the queue.
    runner = web.AppRunner(build_app(site), access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{runner.addresses[0][1]}/"
        log.info("The site is at %s", address)
        yield address
    finally:
        await runner.cleanup()
