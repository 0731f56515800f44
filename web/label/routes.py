"""Puts labelling on the site, where people can sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.label.access import Access
from web.label.api import LabelApi
from web.label.batch import Batch
from web.label.collections_api import CollectionsApi
from web.label.pages import LabelPages
from web.label.takeaway import Takeaway

if TYPE_CHECKING:
    from aiohttp import web

    from web.site import Site


def add_labelling(router: web.UrlDispatcher, site: Site) -> None:
    """Add the pages and calls for labelling."""
    if not site.config.web.client_id:
        return
    access = Access(site.services.storage)
    for handlers in (
        LabelApi(site.services, access),
        CollectionsApi(site.services, access),
        Takeaway(site.services, access),
        Batch(site, access),
        LabelPages(site, access),
    ):
        handlers.add_to(router)
