"""Progress and agreement, and labels taken elsewhere."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from bot.gallery.dataset import import_dataset
from models.gallery.packs import read_pack
from tests.page.conftest import browser
from tests.web.label.labelling import LabelSite, opened_page

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def taken(label: LabelSite, form: str) -> tuple[int, bytes]:
    async with label.site.client.get(f"{label.path}/export/{form}") as answer:
        return answer.status, await answer.read()


async def test_each_form_holds_what_was_settled_and_may_be_seen(
    label: LabelSite, tmp_path: Path
) -> None:
    ann = label.sandbox.member("ann").id
    restricted = label.sandbox.channel("age-restricted").id
    for name in ("ren", "ren", "suzu"):
        await label.label((await label.post(name)).id, name)
    odd = await label.post("kuroe", hidden=True)
    await label.tell("labels", {"faces": [odd.id], "kind": "not_a_face"})
    secret = await label.post("mikan", channel=restricted)
    await label.site.services.votes.cast(
        secret.reply_id, 0, ann, "is", character_id="mikan", decides=True
    )
    await label.site.services.votes.judged()

    status, data = await taken(label, "imagefolder")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("manifest.json"))
        folders = sorted(Path(name).parent.name for name in packed.namelist())
        packed.extractall(tmp_path / "out")
    labels = sorted(face["label"] for face in manifest["faces"])
    assert labels == ["not_a_face", "ren", "ren", "suzu"]
    assert folders == ["", "not_a_face", "ren", "ren", "suzu"]
    assert [face["hidden"] for face in manifest["faces"] if face["label"] == "not_a_face"] == [True]

    server_id = label.sandbox.server.id
    await label.site.services.teaching.rename(server_id, ann, "Suzu", "=1+1")
    _, data = await taken(label, "csv")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read("labels.csv").decode())))
        assert all(row["file"] in packed.namelist() for row in rows)
    # A spreadsheet computes what begins so; programs read JSON.
    assert {row["name"] for row in rows} == {"Ren", "'=1+1", "not a face"}

    _, data = await taken(label, "coco")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        coco = json.loads(packed.read("annotations.json"))
    assert {each["name"] for each in coco["categories"]} == {"Ren", "=1+1", "not a face"}
    assert coco["annotations"][0]["bbox"] == [0, 0, 144, 144]
    assert len(coco["images"]) == len(coco["annotations"])

    status, data = await taken(label, "pack")
    assert status == 200
    file = tmp_path / "a.pack"
    file.write_bytes(data)
    assert {each["id"] for each in read_pack(file).characters} == {"ren", "suzu"}
    services = label.site.services
    count = await import_dataset(
        services.storage, services.crops, 99, await services.galleries.roster(99),
        tmp_path / "out", embed=lambda crops: crops[:, 0, :4, 0].astype("float32"),
        side=16, backbone=services.galleries.backbone,
    )  # fmt: skip
    assert count == 3


async def test_labels_are_taken_by_who_manages_the_server_alone(label: LabelSite) -> None:
    assert (await taken(label, "csv"))[0] == 422
    assert (await taken(label, "exe"))[0] == 404
    sandbox = label.sandbox
    ben, role = sandbox.member("ben"), sandbox.places.add_role("Labeller")
    sandbox.places.set_role(ben, role)
    await label.site.services.storage.settings.update(label.server, labeller_role=role.id)
    await label.label((await label.post("ren")).id, "ren")
    await label.sign_in(ben)
    for form in ("csv", "pack"):
        assert (await taken(label, form))[0] == 403
    async with label.site.client.get(f"{label.site.url}label/{label.server}/progress") as page:
        assert "export" not in await page.text()


async def two_labellers(label: LabelSite) -> None:
    """Let Ann and Ben name six faces, five of them alike, and nobody a seventh."""
    ben = label.sandbox.member("ben").id
    for number in range(6):
        face = await label.post("ren")
        await label.label(face.id, "ren" if number < 3 else "suzu")
        said = "ren" if number < 2 else "suzu"
        await label.site.services.votes.cast(face.reply_id, 0, ben, "is", character_id=said)
    await label.post("kuroe")


async def test_progress_and_agreement_are_told(label: LabelSite) -> None:
    await two_labellers(label)
    async with label.site.client.get(f"{label.site.url}label/{label.server}/progress") as page:
        text = " ".join((await page.text()).split())
    assert "6 of 7 faces; 0 disputed, 1 open." in text
    assert "<td>Ann</td><td>6</td>" in text
    # Five of six alike: Cohen's (5/6 - 1/2) / (1 - 1/2); Fleiss' chance is 7² + 5² of 12².
    assert "<td>6</td><td>0.67</td>" in text
    assert "Fleiss' kappa 0.66" in text


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(
    browser: Browser, label: LabelSite, scheme: Literal["light", "dark"], width: int
) -> None:
    await two_labellers(label)
    async with opened_page(
        browser, label, f"label/{label.server}/progress", width=width, height=844, scheme=scheme,
        bypass_csp=True,
    ) as page:  # fmt: skip
        await expect(page.get_by_role("link", name="COCO (zip)")).to_be_visible()
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
