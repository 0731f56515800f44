"""Clusters, all crops, a character's crops and merges: the calls, and the pages in Chromium."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from models.types import Tier
from tests.page.conftest import browser
from tests.web.label.labelling import LabelSite, opened_page, vector_of

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def unknown(label: LabelSite, name: str, count: int) -> list[int]:
    """Post unknown faces that look alike; return their numbers."""
    return [
        (await label.post(name, probability=0.05, tier=Tier.NOT_KNOWN)).id for _ in range(count)
    ]


async def settled(label: LabelSite, character: str) -> set[int]:
    """Return the faces that are settled as a character."""
    found = await label.site.services.storage.labels.in_server(label.server, "settled")
    return {face.id for face, each in found if each.label and each.label.character_id == character}


async def test_the_odd_one_comes_first_and_the_same_picture_last(label: LabelSite) -> None:
    right = [await label.post("ren") for _ in range(4)]
    odd = await label.post("ren", vector=vector_of("suzu", 1))
    again = await label.post("ren", group=right[0].id)
    for face in (*right, odd, again):
        await label.label(face.id, "ren")
    _, page = await label.ask("characters/ren/crops")
    assert page["total"] == 6
    assert page["crops"][0]["id"] == odd.id
    assert (page["crops"][-1]["id"], page["crops"][-1]["note"]) == (
        again.id,
        "the same picture again",
    )
    _, shelves = await label.ask("characters")
    assert [(each["id"], each["faces"]) for each in shelves["characters"]] == [("ren", 6)]


async def test_own_characters_are_merged_and_taken_apart_again(label: LabelSite) -> None:
    face = await label.post("ren")
    for name in ("Mizu", "Mizuki"):
        body = {"faces": [face.id], "kind": "new", "value": name}
        await label.tell("labels", body)
    status, done = await label.tell("merges", {"character": "mizuki", "into": "mizu"})
    assert (status, done["name"]) == (200, "merged Mizuki into Mizu")
    _, page = await label.ask("characters/mizu/crops")
    assert page["total"] == 1
    _, merges = await label.ask("merges")
    assert [each["action"] for each in merges["merges"]] == [done["undo"]["action"]]
    await label.tell("undo", done["undo"])
    assert (await label.ask("merges"))[1] == {"merges": []}
    assert (await label.ask("characters/mizuki/crops"))[1]["total"] == 1
    assert (await label.tell("merges", {"character": "mizu", "into": "mizu"}))[0] == 422
    assert (await label.ask("characters/nobody/crops"))[0] == 404


async def test_crops_come_in_parts_and_by_state(label: LabelSite) -> None:
    faces = [await label.post("ren") for _ in range(5)]
    await label.label(faces[1].id, "ren")
    _, page = await label.ask("crops?start=1&count=2")
    assert (page["total"], [each["id"] for each in page["crops"]]) == (
        5,
        [faces[3].id, faces[2].id],
    )
    _, page = await label.ask("crops?state=settled")
    assert [(each["id"], each["name"]) for each in page["crops"]] == [(faces[1].id, "Ren")]
    assert (await label.ask("crops?state=open"))[1]["total"] == 4
    for wrong in ("state=mine", "start=-1", "count=9999", "start=x"):
        assert (await label.ask(f"crops?{wrong}"))[0] == 400


async def test_many_thumbnails_come_at_once(label: LabelSite) -> None:
    faces = [(await label.post("ren")).id for _ in range(3)]
    adult = await label.post("ren", channel=label.sandbox.channel("age-restricted").id)
    asked = ",".join(map(str, [faces[2], adult.id, faces[0], 999]))
    async with label.site.client.get(f"{label.path}/thumbnails?faces={asked}") as answer:
        data = await answer.read()
    lengths: list[int] = []
    while data:
        length = int.from_bytes(data[:4], "big")
        assert length == 0 or data[12:16] == b"WEBP"
        lengths.append(length)
        data = data[4 + length :]
    assert [length > 0 for length in lengths] == [True, False, True, False]
    for wrong in ("", "x", "1,,2", "9" * 30, ",".join("1" * 201)):
        async with label.site.client.get(f"{label.path}/thumbnails?faces={wrong}") as answer:
            assert answer.status == 400


async def test_a_cluster_is_named_without_who_is_taken_out(
    browser: Browser, label: LabelSite
) -> None:
    faces = await unknown(label, "suzu", 6)
    async with opened_page(browser, label, f"label/{label.server}/clusters") as page:
        section = page.locator(".cluster")
        await expect(section.locator("h2")).to_have_text("6 faces that look alike")
        await section.locator(".taken").first.focus()
        await page.keyboard.press("Space")
        await expect(section.locator("h2")).to_have_text("5 faces that look alike")
        await section.locator("input").focus()
        await page.keyboard.type("suz")
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("5 faces: Suzu.")
        named = await settled(label, "suzu")
        assert len(named) == 5
        assert named < set(faces)
        log = (await label.ask(f"faces/{min(named)}/log"))[1]["events"]
        assert "one answer for 5 faces that look alike" in log[-1]["what"]
        await page.locator("#undo").click()
        await expect(section.locator("h2")).to_have_text("6 faces that look alike")
    assert await settled(label, "suzu") == set()


async def test_crops_are_chosen_and_moved_by_keyboard(browser: Browser, label: LabelSite) -> None:
    faces = [await label.post("ren") for _ in range(30)]
    for face in faces[:3]:
        await label.label(face.id, "ren")
    async with opened_page(browser, label, f"label/{label.server}/characters/ren") as page:
        await expect(page.locator(".grid-cell:visible")).to_have_count(3)
        await page.locator("#grid").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Shift+ArrowRight")
        await expect(page.locator("#chosen")).to_have_text("2 faces chosen.")
        await page.keyboard.press("e")
        await page.keyboard.type("mikan")
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("2 faces: Mikan.")
        assert (len(await settled(label, "mikan")), len(await settled(label, "ren"))) == (2, 1)
        await page.keyboard.press("u")
        await expect(page.locator(".grid-cell:visible")).to_have_count(3)
    assert len(await settled(label, "ren")) == 3


async def test_the_history_of_a_crop_is_shown_and_taken_back(
    browser: Browser, label: LabelSite
) -> None:
    face = await label.post("ren")
    await label.label(face.id, "suzu")
    where = f"label/{label.server}/crops"
    async with opened_page(browser, label, where, bypass_csp=True) as page:
        await expect(page.locator("#show-history")).to_be_disabled()
        await page.locator("#grid").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("h")
        await expect(page.locator("#history-list")).to_contain_text("you said that it is Suzu")
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.get_by_role("button", name="Take back what you said").press("Enter")
        await expect(page.locator("#status")).to_have_text("Taken back.")
        assert await settled(label, "suzu") == set()
        await page.locator(".grid-cell:visible").first.click()
        await page.locator("#show-history").click()
        await expect(page.locator("#history-list")).to_contain_text("you took back what was said")
        await expect(page.get_by_text("Take back what you said")).to_have_count(0)


@pytest.mark.parametrize("path", ["clusters", "crops", "characters", "characters/ren"])
async def test_axe_finds_nothing(browser: Browser, label: LabelSite, path: str) -> None:
    await unknown(label, "suzu", 6)
    hidden = await label.post("ren", hidden=True)
    await label.label(hidden.id, "ren")
    await label.tell("labels", {"faces": [hidden.id], "kind": "new", "value": "Mizu"})
    await label.label(hidden.id, "ren")
    for scheme in ("light", "dark"):
        async with opened_page(
            browser, label, f"label/{label.server}/{path}", width=390, height=844,
            scheme=scheme, bypass_csp=True,
        ) as page:  # fmt: skip
            await page.wait_for_load_state("networkidle")
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, "the page is wider than a phone"
