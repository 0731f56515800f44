"""The site's application, and serving it: beside a bot, or by itself."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot import wording
from models.types import percent
from web.api import swagger
from web.api.calls import Api
from web.guard import LIMITS, guarded, set_headers
from web.label.routes import add_labelling
from web.limits import Limits
from web.listening import listening
from web.metrics import Metrics, counted
from web.pages import Pages
from web.problems import told
from web.signing_in.handlers import add_signing_in, recognised
from web.signing_in.person import in_templates
from web.stats.pages import StatsPages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from web.site import Site

log = logging.getLogger(__name__)

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_WITHOUT_SLASH: Final = web.normalize_path_middleware(
    append_slash=False, remove_slash=True, merge_slashes=False
)
"""Leads from an address with a slash at its end to the one without, where that is a page."""


def build_app(site: Site) -> web.Application:
    """Put the site together."""
    app = web.Application(
        client_max_size=site.config.pictures.max_bytes + 2**20,
        middlewares=[counted, told, guarded(site.config.web), recognised, _WITHOUT_SLASH],
    )
    app[LIMITS] = Limits(site.config.web)
    app.on_response_prepare.append(set_headers)
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        context_processors=[in_templates],
        filters={"counted": wording.counted, "percent": percent, "share": wording.share},
    )
    # What is refused before anybody asked who it is, is told on a page as well.
    aiohttp_jinja2.get_env(app).globals.update(person=None, csrf="", sign_in=False)
    add_signing_in(app, site)
    aiohttp_jinja2.get_env(app).globals["chat"] = site.config.web.chat
    Api(site).add_to(app.router)
    Pages(site).add_to(app.router)
    Metrics(site.config, site.worker, site.storage).add_to(app.router, public=True)
    add_labelling(app.router, site)
    StatsPages(site).add_to(app.router)
    swagger.add_to(app.router)
    app.router.add_static("/static", STATIC)
    return app


@asynccontextmanager
async def serving(site: Site, host: str, port: int) -> AsyncIterator[str]:
    """Serve the site while the context lasts; gives its address. `port` 0 takes a free one.

    Raises OSError where the port can't be used.
    """
    async with listening(build_app(site), host, port) as address:
        log.info("The site is at %s", address)
        yield address
