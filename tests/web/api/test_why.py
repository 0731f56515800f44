"""Why a face has its name: pictures that may be seen, or else a map; on the API and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from numpy.typing import NDArray
from playwright.async_api import Browser, expect

from bot.feedback.recording import FaceRecorder
from bot.inference.stages import FoundFaces
from bot.storage.records import ON_THE_SITE
from models.gallery.policy import NamingPolicy
from models.types import Character, Guess, NamedFace, Vectors
from sandbox import Sandbox
from tests.bot.fakes import MARIN, ListingStages
from tests.page.conftest import browser
from tests.web.api.test_corrections import correct, learning
from tests.web.conftest import Served, hide, served, sign_in
from tests.web.test_pages import choose, file, opened

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

REM = Character("rem", "Rem", "Re:Zero")


class Telling(ListingStages):
    """Stages whose names rest on the lower right corner of the crop."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Let crops have a bright corner."""
        found = super().find(data, name)
        found.crops[:, -2:, -2:] = 255
        return found

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """See that corner alone."""
        return [
            np.stack([[each[-2:, -2:].mean() / 255, 1, 0, 0] for each in some]).astype(np.float32)
            for some in crops
        ]

    def name(
        self, found: FoundFaces, vectors: Vectors, gallery: Any, policy: NamingPolicy
    ) -> tuple[NamedFace, ...]:
        """Guess Marin, then Rem."""
        named = super().name(found, vectors, gallery, policy)
        return tuple(replace(face, guesses=(Guess(MARIN, 0.9), Guess(REM, 0.05))) for face in named)

    def compare(
        self, vectors: Vectors, gallery: Any, character_ids: Sequence[str]
    ) -> NDArray[np.float32]:
        """Let the corner speak for Marin."""
        assert list(character_ids) == ["marin", "rem"]
        return np.stack([vectors[:, 0], np.full(len(vectors), 0.25)], axis=1).astype(np.float32)


async def why(site: Served, server: int | None = None, **query: str) -> tuple[int, Any]:
    """Ask why the first face has its name; return the status and the answer."""
    asked = {"face": "0", **({"server": str(server)} if server else {}), **query}
    async with site.client.post(f"{site.url}api/v1/why", params=asked, data=b"1") as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_map_shows_what_the_name_rests_on(tmp_path: Path) -> None:
    async with served(tmp_path, Telling()) as site:
        status, told = await why(site)
        assert status == 200, told
        assert told["sentence"] == (
            "Marin fits best with a score of 1.00; next is Rem with 0.25. "
            "Most of the difference comes from the bottom of the crop, on the right."
        )
        cells = told["map"]["cells"]
        assert max(max(row) for row in cells) == cells[-1][-1]
        assert cells[0][0] == 0
        assert told["pictures"] == []
        # The copies are one batch, beside that of the face itself.
        assert (await why(site, face="7"))[0] == 422
        assert (await why(site, face="x"))[0] == 400


async def test_why_is_for_who_may_recognise(tmp_path: Path) -> None:
    async with served(tmp_path, Telling(), recognise="off") as site:
        assert (await why(site))[0] == 403
    async with served(tmp_path, Telling()) as site:
        assert (await why(site, 5))[0] == 401


async def keep(site: Served, sandbox: Sandbox, channel_id: int) -> None:
    """Let what was settled on the site have been posted in a channel instead."""
    from sqlalchemy import update

    from bot.storage.tables import AnswerRow

    async with site.services.storage.database.write() as session:
        await session.execute(
            update(AnswerRow)
            .where(AnswerRow.channel_id == ON_THE_SITE, AnswerRow.server_id == sandbox.server.id)
            .values(channel_id=channel_id)
        )


async def test_pictures_are_shown_that_may_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.signing_in.memberships.FRESH_S", 0.0)
    async with Sandbox() as sandbox, learning(tmp_path, sandbox, sandbox.member("ann")) as site:
        server, quiet = sandbox.server.id, sandbox.channel("quiet")
        await correct(site, sandbox, "is", "marin", b"1")
        await site.services.votes.judged()
        _, told = await why(site, server)
        assert len(told["pictures"]) == 1
        assert told["map"] is None
        assert "pictures of Marin" in told["sentence"]
        site.client.cookie_jar.clear()
        await sign_in(site, sandbox.member("ben"))
        # It was handed in on the site: for labellers alone.
        assert (await why(site, server))[1]["pictures"] == []
        await keep(site, sandbox, quiet.id)
        assert len((await why(site, server))[1]["pictures"]) == 1
        hide(sandbox, quiet)
        assert (await why(site, server))[1]["pictures"] == []
        # Nor to somebody of another server, who knows the number of this one.
        elsewhere = sandbox.places.add_server("Elsewhere")
        stranger = sandbox.places.add_member("Eve", elsewhere)
        site.client.cookie_jar.clear()
        await sign_in(site, stranger)
        assert (await why(site, server))[0] == 404
        assert (await why(site, elsewhere.id))[1]["pictures"] == []


async def test_a_spoiler_is_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = FaceRecorder.record_faces

    async def hidden(self: FaceRecorder, answer: Any, pictures: Any, **who: Any) -> Any:
        return await record(self, answer, [(picture, True) for picture, _ in pictures], **who)

    monkeypatch.setattr(FaceRecorder, "record_faces", hidden)
    async with Sandbox() as sandbox, learning(tmp_path, sandbox, sandbox.member("ann")) as site:
        await correct(site, sandbox, "is", "marin", b"1")
        await site.services.votes.judged()
        assert (await why(site, sandbox.server.id))[1]["pictures"] == []


async def test_why_on_the_page(browser: Browser, tmp_path: Path) -> None:
    async with served(tmp_path, Telling()) as site, opened(browser, site.url) as page:
        await choose(page, file(b"1"))
        await page.get_by_text("Why?").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".why .sentence")).to_contain_text("Marin fits best")
        await expect(page.locator(".why canvas")).to_be_visible()
    async with served(tmp_path, Telling()) as site:
        context = await browser.new_context(bypass_csp=True)
        page = await context.new_page()
        await page.goto(site.url)
        await choose(page, file(b"1"))
        await page.get_by_text("Why?").click()
        await expect(page.locator(".why canvas")).to_be_visible()
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await context.close()
