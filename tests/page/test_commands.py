"""Slash commands and forms on the page: typed, completed, filled in and sent."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .acting import PASTE, encoded, last, png, say, upload

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_who_is_typed_with_a_picture(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/wh")
    await expect(page.get_by_role("option").first).to_contain_text("/who")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="+ image").click()
    await page.locator(".command input[type=file]").set_input_files(
        upload("asked.png")  # pyright: ignore[reportArgumentType]
    )
    await expect(page.locator(".command-file")).to_contain_text("asked.png")
    await page.get_by_role("button", name="Send").click()
    await expect(last(page)).to_contain_text("It is in asked.png.")
    await expect(last(page).locator(".context")).to_contain_text("Ann used /who")
    await expect(page.locator(".command")).to_have_count(0)


async def test_a_picture_pasted_into_a_command_is_sent_by_enter(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/who")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="+ image").click()
    await page.evaluate(PASTE, {"name": "pasted.png", "data": encoded(png())})
    await expect(page.locator(".command-file")).to_contain_text("pasted.png")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("It is in pasted.png.")


async def test_a_command_without_options_is_run_by_enter(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/who")
    await page.keyboard.press("Enter")
    await expect(page.locator(".command")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("It is in None.")


async def test_names_are_completed_by_the_bot(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/char")
    await page.keyboard.press("Tab")
    field = page.locator(".command-field input")
    await field.press_sequentially("miku")
    choices = page.locator(".command .suggest [role=option]")
    await expect(choices).to_have_count(1)
    await expect(choices).to_have_text("Hatsune Miku")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("Listing Hatsune Miku")


async def test_enter_in_an_empty_optional_field_takes_no_suggestion(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/char")
    await page.keyboard.press("Tab")
    choices = page.locator(".command .suggest [role=option]")
    await expect(choices.first).to_be_visible()
    await expect(page.locator(".command [role=option][aria-selected=true]")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("Listing all")


async def test_forms_and_selects_are_filled_in(page: Page) -> None:
    await say(page, "!ask")
    await page.get_by_role("button", name="Pick some").click()
    await page.get_by_role("option", name="Ayanami Rei").click()
    await page.get_by_role("option", name="Hatsune Miku").click()
    await page.keyboard.press("Escape")
    await expect(last(page)).to_contain_text("Chosen: Ayanami Rei, Hatsune Miku")
    await page.get_by_role("button", name="Fill in a form").click()
    form = page.get_by_role("dialog", name="Who is it?")
    await form.get_by_label("Name").fill("Rin")
    await form.locator("button.select").click()
    await form.get_by_role("option", name="VOCALOID").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(last(page)).to_contain_text("Rin of VOCALOID")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_character_is_taught_by_a_name_and_a_click_on_the_shelf(page: Page) -> None:
    await page.locator("#composer-text").press_sequentially("/teach")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Kuroe")
    await page.locator("[data-sample=kuroe-2]").click()
    await page.get_by_role("button", name="Send").click()
    await expect(last(page)).to_contain_text("Kuroe is in kuroe-2.webp.")
