"""Taught drawings on a character's page: for those who may see them, and gone when erased."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from bot.gallery.samples import EnrolmentSample, Posted
from models.gallery.gallery import unit
from models.types import Box
from tests.bot.fakes import ListingStages
from tests.models.drawn import named_face
from tests.page.conftest import browser
from tests.web.conftest import hide
from tests.web.label.labelling import label_site, opened_page

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


def drawing(number: int, posted: Posted | None) -> EnrolmentSample:
    """Return a drawing as it is taught, of which no other is a near-duplicate."""
    crop = np.full((144, 144, 3), 40 * number, np.uint8)
    vector = unit(np.array([[1, number]]))[0].astype(np.float32)
    face = replace(named_face(Box(1, 2, 9, 10)), crop=crop, vector=vector)
    phash = np.random.default_rng(number).bytes(8).hex()
    return EnrolmentSample(face, phash, ListingStages.backbone, posted)


async def test_taught_drawings_are_for_who_may_see_them(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.signing_in.memberships.FRESH_S", 0.0)
    async with label_site(tmp_path) as label:
        site, places = label.site, label.sandbox
        ann, ben, quiet = places.member("ann"), places.member("ben"), places.channel("quiet")
        posted = Posted(ben.id, quiet.id, 77, 7)
        character, _ = await site.services.teaching.teach(
            label.server, ann.id, "Mizu", "Own", [drawing(1, None), drawing(2, posted)]
        )

        async def shown() -> list[str]:
            address = f"{site.url}characters/{character.id}?server={label.server}"
            async with site.client.get(address) as page:
                return re.findall(r'src="/(drawings/[^"]+)"', await page.text())

        async def status(path: str) -> int:
            async with site.client.get(f"{site.url}{path}") as answer:
                return answer.status

        posted_one, handed_over = await shown()
        assert [await status(posted_one), await status(handed_over)] == [200, 200]
        async with opened_page(
            browser, label, f"characters/{character.id}?server={label.server}", bypass_csp=True
        ) as page:
            await page.get_by_text("2 drawings that I was taught here").press("Enter")
            await expect(page.get_by_alt_text("Drawing 2 of 2 of Mizu")).to_be_visible()
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        await label.sign_in(ben)
        assert await shown() == [posted_one]
        assert [await status(posted_one), await status(handed_over)] == [200, 404]
        hide(places, quiet)
        assert await shown() == []
        assert await status(posted_one) == 404
        await label.sign_in(ann)
        assert await shown() == [posted_one, handed_over]
        await site.services.erasure.erase_member(ann.id)
        await label.sign_in(ann)
        assert await shown() == [posted_one]
        assert await status(handed_over) == 404
        site.client.cookie_jar.clear()
        async with site.client.get(f"{site.url}{posted_one}", allow_redirects=False) as answer:
            assert answer.status == 303
