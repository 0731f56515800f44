"""A batch of pictures: sent once each, resumed, refused where nothing may be kept."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FilePayload, expect

from bot.inference.stages import FoundFaces
from tests.page.conftest import browser
from tests.web.label.labelling import DrawnStages, LabelSite, opened_page

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Faces(DrawnStages):
    """Stages for which every letter of a file is a face."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Find as many faces as there are letters."""
        found = super().find(b"bad" if data.startswith(b"<") else str(len(data)).encode(), name)
        sha256 = hashlib.sha256(data).hexdigest()
        return replace(found, phash=sha256[:16], sha256=sha256)


@pytest.fixture
def stages() -> Faces:
    """Return the stages of this module's site."""
    return Faces()


async def send(label: LabelSite, data: bytes) -> tuple[int, dict]:
    headers = {"X-CSRF-Token": label.csrf}
    where = f"{label.path}/batch/pictures?name=a/b.png"
    async with label.site.client.post(where, data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def picture(text: str, name: str = "") -> FilePayload:
    return {"name": name or f"{text}.png", "mimeType": "image/png", "buffer": text.encode()}


async def test_what_is_sent_waits_to_be_labelled_and_is_known(label: LabelSite) -> None:
    assert await send(label, b"ab") == (200, {"faces": 2})
    assert await send(label, b"ab") == (200, {"faces": 2})
    _, queue = await label.ask("queue")
    assert len(queue["faces"]) == 2
    hashes = [hashlib.sha256(each).hexdigest() for each in (b"ab", b"c")]
    assert (await label.tell("batch/known", {"hashes": hashes}))[1] == {"known": hashes[:1]}
    assert (await label.tell("batch/known", {"hashes": ["../x"]}))[0] == 400
    assert (await send(label, b"<svg>"))[0] == 422
    crops = label.site.services.crops.folder
    assert len(list(crops.glob("*/*.webp"))) == 2
    await label.site.services.erasure.erase_member(label.sandbox.member("ann").id)
    assert not list(crops.glob("*/*.webp"))
    await label.sign_in(label.sandbox.member("ann"))  # the sessions went, too
    assert (await label.tell("batch/known", {"hashes": hashes}))[1] == {"known": []}


async def test_nothing_is_kept_without_a_yes(label: LabelSite) -> None:
    consents, ann = label.site.services.storage.consents, label.sandbox.member("ann").id
    face = await label.post("ren")
    await consents.set_learning(label.server, ann, face.at, on=False)
    status, answer = await send(label, b"a")
    assert (status, "does not learn" in answer["detail"]) == (422, True)
    await consents.set_learning(label.server, ann, face.at, on=True)
    await consents.opt_out(ann, face.at)
    assert (await send(label, b"a"))[0] == 422
    await label.sign_in(label.sandbox.member("ben"))
    assert (await send(label, b"a"))[0] == 403


async def test_a_folder_and_a_zip_are_sent_and_resumed(browser: Browser, label: LabelSite) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/abc.png", b"abc", zipfile.ZIP_DEFLATED)
        archive.writestr("in/d.png", b"d")
        archive.writestr("__MACOSX/x", b"?")
    archive_file: FilePayload = {
        "name": "a.zip",
        "mimeType": "application/zip",
        "buffer": packed.getvalue(),
    }
    fine = ["422"]
    async with opened_page(browser, label, f"label/{label.server}/batch", fine=fine) as page:
        chosen = page.locator("#files")
        await chosen.set_input_files([archive_file, picture("ef"), picture("<svg")])
        await expect(page.locator("#status")).to_have_text("All is sent.")
        await expect(page.locator("#counts")).to_have_text("4 of 4 files, 6 faces found")
        await expect(page.locator("#refused-title")).to_have_text("1 file not taken")
        await page.reload()
        await chosen.set_input_files([archive_file, picture("gh")])
        await expect(page.locator("#counts")).to_have_text(
            "3 of 3 files, 2 faces found, 2 pictures there already"
        )
        await chosen.set_input_files([picture("a", "b.zip")])
        await expect(page.locator("#problem")).to_contain_text("is no zip")
    assert (await label.ask("crops"))[1]["total"] == 8


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(
    browser: Browser, label: LabelSite, scheme: Literal["light", "dark"], width: int
) -> None:
    async with opened_page(
        browser, label, f"label/{label.server}/batch", width=width, height=844, scheme=scheme,
        bypass_csp=True, fine=["422"],
    ) as page:  # fmt: skip
        for files in ([], [picture("ef"), picture("<svg", "bad.png")]):
            if files:
                await page.locator("#files").set_input_files(files)
                await expect(page.locator("#status")).to_have_text("All is sent.")
                await page.locator("#refused-title").click()
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
