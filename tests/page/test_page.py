"""The page in a browser: messages, pictures and places, with a scripted bot beside."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from sandbox import Sandbox

from .acting import PASTE, encoded, last, pick_files, png, say
from .conftest import opened
from .scripted import ScriptedBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DROP = """({target, name, data}) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type: "image/png"}));
    const happen = (type, on) => on.dispatchEvent(
        new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
    const on = document.querySelector(target);
    for (const type of ["dragenter", "dragover", "drop"]) happen(type, on);
}"""


async def test_a_dropped_picture_gets_a_card_with_pages_and_votes(
    page: Page, sandbox: Sandbox
) -> None:
    await page.evaluate(DROP, {"target": "#chat", "name": "dropped.png", "data": encoded(png())})
    await expect(page.locator(".tray-name")).to_contain_text("dropped.png")
    await page.locator("#composer-text").press("Enter")
    card = page.locator(".embed")
    await expect(card).to_contain_text("page 1")
    await expect(page.locator(".tray")).to_be_hidden()
    answer = last(page)
    await expect(answer.locator("button.context")).to_contain_text("Ann")
    await expect(answer.locator(".picture img")).to_have_attribute("alt", "Miku on the left")
    await answer.get_by_role("button", name="Next").click()
    await expect(card).to_contain_text("page 2")
    await expect(answer.get_by_role("button", name="Next")).to_be_enabled()
    await expect(answer.get_by_role("button", name="Never")).to_be_disabled()
    yes = answer.get_by_role("button", name=re.compile("^✅"))
    await expect(yes).to_contain_text("1")
    await yes.click()
    await expect(yes).to_have_attribute("aria-pressed", "true")
    await expect(yes).to_contain_text("2")
    posted = sandbox.messages("general")[-1]
    assert sandbox.member("ann").id in posted.reactions["✅"].user_ids
    await yes.click()
    await expect(yes).to_contain_text("1")
    await expect(page.locator("#announcer")).to_contain_text("Moedex")


async def test_several_pictures_go_together_with_descriptions_and_covers(
    page: Page, sandbox: Sandbox
) -> None:
    await page.evaluate(PASTE, {"name": "pasted.png", "data": encoded(png())})
    await pick_files(page, "one.png", "two.png")
    await expect(page.locator(".tray-item")).to_have_count(3)
    await page.get_by_label("Description of one.png").fill("a golden card")
    await page.get_by_role("button", name="Hide two.png as a spoiler").click()
    await page.get_by_role("button", name="Remove pasted.png").click()
    await expect(page.locator(".tray-item")).to_have_count(2)
    await say(page, "two of them")
    await expect(page.locator(".embed")).to_be_visible()
    # The bot's reply quotes the words above its own picture: only what is said in prose counts.
    message = page.locator(".message", has=page.locator(".prose", has_text="two of them"))
    await expect(message.locator(".picture-frame")).to_have_count(2)
    cover = message.get_by_role("button", name="Spoiler: show it")
    await cover.click()
    await expect(cover).to_have_count(0)
    posted = next(m for m in sandbox.messages("general") if m.content == "two of them")
    assert [a.filename for a in posted.attachments] == ["one.png", "SPOILER_two.png"]
    assert posted.attachments[0].description == "a golden card"


async def test_a_picture_opens_large(page: Page) -> None:
    await pick_files(page, "one.png")
    await page.locator("#composer-text").press("Enter")
    await page.locator(".message .picture").first.click()
    await expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_markdown_is_shown_and_nothing_of_it_is_html(page: Page) -> None:
    await say(page, "# Big\n**bold** _slanted_ ~~old~~ `code` <img src=x onerror=alert(1)>")
    message = last(page)
    await expect(message.locator("h3.md-h1")).to_have_text("Big")
    await expect(message.locator("strong", has_text="bold")).to_be_visible()
    await expect(message.locator("em")).to_have_text("slanted")
    await expect(message.locator("code")).to_have_text("code")
    await expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    assert await message.locator("img:not(.avatar img)").count() == 0
    await say(page, "-# tiny\n> quoted\n- one\n- two\n[a link](https://example.com) ||hush||")
    message = last(page)
    await expect(message.locator(".small-print")).to_have_text("tiny")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.locator("li")).to_have_count(2)
    link = message.get_by_role("link", name="a link")
    await expect(link).to_have_attribute("rel", re.compile("noopener"))
    await message.get_by_role("button", name="Spoiler: show it").click()
    await expect(message.locator(".spoiler.open")).to_have_text("hush")
    await say(page, "[no link](javascript:alert(1)) and snake_case_name stay")
    await expect(last(page)).to_contain_text("(javascript:alert(1)) and snake_case_name stay")
    assert await last(page).locator("a").count() == 0


async def test_a_message_is_replied_to_edited_forwarded_and_deleted_by_its_menu(
    page: Page, sandbox: Sandbox
) -> None:
    await say(page, "first words")
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await expect(page.locator(".reply-bar")).to_contain_text("Ann")
    await say(page, "an answer")
    await expect(last(page).locator("button.context")).to_contain_text("first words")
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Edit").click()
    await page.get_by_label("Edit the message").fill("a better answer")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("a better answer")
    await expect(last(page)).to_contain_text("(edited)")
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Forward…").click()
    await page.get_by_role("dialog").get_by_role("button", name="quiet").click()
    await expect(page.locator(".toast")).to_contain_text("Forwarded to #quiet")
    assert sandbox.messages("quiet")[-1].snapshots
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("a better answer")).to_have_count(0)


async def test_the_menu_offers_the_bots_entry_and_its_answer_is_private(page: Page) -> None:
    await pick_files(page, "one.png")
    await page.locator("#composer-text").press("Enter")
    await expect(page.locator(".embed")).to_be_visible()
    await page.locator(".message").first.click(button="right", position={"x": 60, "y": 20})
    await expect(page.get_by_role("menu")).to_contain_text("Apps")
    await page.get_by_role("menuitem", name="Who is this?").click()
    answer = page.locator(".message.ephemeral")
    await expect(answer).to_contain_text("I looked at 1 picture(s).")
    await expect(answer).to_contain_text("Only you can see this")
    await page.get_by_role("radio", name="Ben").click()
    await expect(page.locator(".embed")).to_be_visible()
    await expect(page.locator(".message.ephemeral")).to_have_count(0)
    await page.get_by_role("radio", name="Ann").click()
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.locator(".message.ephemeral")).to_have_count(0)


async def test_who_one_is_changes_and_the_channel_stays(page: Page) -> None:
    await page.locator(".place", has_text="quiet").click()
    await say(page, "over to you")
    await page.get_by_role("radio", name="Ben").click()
    await expect(page.get_by_role("heading", name="quiet", exact=True)).to_be_visible()
    await expect(last(page)).to_contain_text("over to you")
    await page.locator(".places button", has_text="Moedex").click()
    await page.get_by_role("radio", name="Ann").click()
    await expect(page.get_by_role("heading", name="quiet", exact=True)).to_be_visible()


async def test_the_keyboard_alone_opens_the_menu_and_reacts(page: Page) -> None:
    await say(page, "walk to me")
    await expect(last(page)).to_contain_text("walk to me")
    await last(page).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(last(page).get_by_role("button", name=re.compile("^✅"))).to_be_visible()
    await last(page).focus()
    await page.keyboard.press("r")
    await expect(page.locator("#composer-text")).to_be_focused()
    await expect(page.locator(".reply-bar")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".reply-bar")).to_be_hidden()


async def test_a_messages_link_is_copied_and_asked_about(page: Page, sandbox: Sandbox) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await say(page, "look at me")
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Copy Message Link").click()
    await page.locator("#composer-text").press_sequentially("/who")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="+ link").click()
    await page.keyboard.press("Control+V")
    await page.keyboard.press("Enter")
    asked = sandbox.messages("general")[0]
    link = f"https://discord.com/channels/{sandbox.server.id}/{asked.channel.id}/{asked.id}"
    await expect(last(page)).to_contain_text(f"It is in {link}.")


async def test_what_answers_oneself_is_scrolled_to(page: Page, sandbox: Sandbox) -> None:
    for number in range(30):
        await sandbox.member("ben").post("general", f"line {number}")
    await expect(last(page)).to_contain_text("line 29")
    first = page.locator(".message", has_text="line 0")
    await first.click(button="right")
    await page.get_by_role("menuitem", name="Who is this?").click()
    await expect(page.locator(".message.ephemeral")).to_be_in_viewport()
    await first.scroll_into_view_if_needed()
    await page.locator("#composer-text").press_sequentially("/who")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message", has_text="It is in None.")).to_be_in_viewport()


async def test_uncovered_words_stay_so_when_the_message_changes(page: Page) -> None:
    await say(page, "||hush|| and ||more||")
    await last(page).get_by_role("button", name="Spoiler: show it").first.click()
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="React with ✅").click()
    await expect(last(page).get_by_role("button", name=re.compile("^✅"))).to_be_visible()
    await expect(last(page).locator(".spoiler.open")).to_have_text("hush")
    await expect(last(page).get_by_role("button", name="Spoiler: show it")).to_have_count(1)


async def test_a_file_that_is_no_picture_has_a_sign_instead_of_a_preview(page: Page) -> None:
    file = {"name": "a.png", "mimeType": "image/png", "buffer": b"only text"}
    await page.locator(".composer > input[type=file]").set_input_files(
        file  # pyright: ignore[reportArgumentType]
    )
    await expect(page.locator(".tray-picture > svg")).to_be_visible()
    await expect(page.locator(".tray-picture img")).to_have_count(0)


async def test_layout_components_are_drawn(page: Page) -> None:
    await say(page, "!layout")
    box = page.locator(".container")
    await expect(box.locator(".md-h2")).to_have_text("A container")
    await expect(box.locator(".section img")).to_have_attribute("alt", "a small one")
    await expect(box.get_by_alt_text("a gallery picture")).to_be_visible()
    await expect(box.get_by_role("button", name="Spoiler: show it")).to_be_visible()
    await expect(box.locator(".file")).to_contain_text("notes.txt")
    await expect(box.locator("hr")).to_have_count(1)
    await box.get_by_role("button", name="In the box").click()
    await expect(page.locator(".toast")).to_contain_text("did not respond")
    await expect(box.get_by_role("button", name="In the box")).to_be_enabled()


async def test_a_sample_is_posted_by_a_click_and_dragged_into_a_message(
    page: Page, sandbox: Sandbox
) -> None:
    await page.locator("[data-sample=hikari-1]").click()
    await expect(page.locator(".embed")).to_be_visible()
    assert sandbox.messages("general")[0].attachments[0].filename == "hikari-1.webp"
    await page.locator("[data-sample=tsumugi-4]").drag_to(page.locator("#chat"))
    await expect(page.locator(".tray-item")).to_contain_text("tsumugi-4.webp")
    await expect(page.locator(".tray-badge").first).to_have_text("SPOILER")
    await page.locator("#composer-text").press("Enter")
    await expect(page.locator(".message .cover")).to_have_count(2)


async def test_an_age_restricted_channel_asks_first(page: Page) -> None:
    await page.get_by_role("button", name="age-restricted").click()
    await expect(page.get_by_role("heading", name="is age-restricted")).to_be_visible()
    await expect(page.locator("#composer-text")).to_be_hidden()
    await page.get_by_role("button", name="I am of age").click()
    await expect(page.locator("#composer-text")).to_be_visible()


async def test_what_happens_elsewhere_is_counted_and_somebody_typing_is_named(
    page: Page, sandbox: Sandbox
) -> None:
    ben = sandbox.member("ben")
    await ben.type(sandbox.channel("general"))
    await expect(page.locator(".typing")).to_contain_text("Ben is typing")
    await ben.post("general", "here I am")
    await expect(page.locator(".typing")).to_have_text("")
    await ben.post("quiet", "psst")
    await expect(page.locator(".place.unread")).to_contain_text("quiet")
    await page.get_by_role("button", name="quiet").click()
    await expect(last(page)).to_contain_text("psst")
    await expect(page.locator(".place.unread")).to_have_count(0)


async def test_the_bot_is_written_to_directly(page: Page) -> None:
    await page.locator(".places button", has_text="Moedex").click()
    await expect(page.locator("#composer-text")).to_have_attribute("placeholder", "Message @Moedex")
    await say(page, "!say hello you")
    await expect(last(page)).to_contain_text("hello you")


async def test_a_mention_is_completed_and_sent(page: Page, sandbox: Sandbox) -> None:
    await page.locator("#composer-text").press_sequentially("@Mo")
    await page.keyboard.press("Tab")
    await page.keyboard.type("look")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".mention")).to_have_text("@Moedex")
    assert sandbox.messages("general")[-1].content == f"<@{sandbox.bot.id}> look"
    await last(page).click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await say(page, "at what?")
    await expect(last(page).locator("button.context")).to_contain_text("@Moedex look")


async def test_what_is_refused_is_said(page: Page, sandbox: Sandbox) -> None:
    sandbox.places.set_upload_limit(50)
    await page.reload()
    await page.locator(".beginning").wait_for()
    await pick_files(page, "heavy.png")
    await expect(page.locator(".toast.error")).to_contain_text("heavy.png")
    await expect(page.locator(".tray")).to_be_hidden()


async def test_the_page_says_that_it_is_a_stand_in(page: Page) -> None:
    await expect(page.locator("#standin")).to_contain_text("not Discord")
    await expect(page.locator("#standin")).to_contain_text("nothing is kept")


async def test_on_a_narrow_screen_channels_and_shelf_slide_in(
    browser: Browser, sandbox: Sandbox, bot: ScriptedBot
) -> None:
    async with opened(browser, sandbox, 390, 844) as page:
        await expect(page.locator("#sidebar")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await page.locator(".place", has_text="fan-art").click()
        await expect(page.get_by_role("heading", name="fan-art", exact=True)).to_be_visible()
        await expect(page.locator("#sidebar")).to_be_hidden()
        await page.get_by_role("button", name="Sample pictures").click()
        await page.locator("[data-sample=suzu-2]").click()
        await expect(page.locator(".embed")).to_be_visible()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        await page.get_by_role("button", name="Sample pictures").click()
        await page.locator("[data-sample=three-friends]").click()
        wide = page.locator(".picture-frame", has=page.locator("img[src*=three-friends]"))
        await expect(wide).to_be_visible()
        box = await wide.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
        await page.locator("#composer-text").press_sequentially("/who")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="+ image").click()
        await page.get_by_role("button", name="Sample pictures").click()
        await page.locator("[data-sample=suzu-3]").click()
        await expect(page.locator(".command-file")).to_contain_text("suzu-3.webp")
        await expect(page.locator("#shelf")).to_be_hidden()


async def test_what_runs_beside_it_is_linked(browser: Browser) -> None:
    async with (
        Sandbox(beside="http://127.0.0.1:8643/") as sandbox,
        opened(browser, sandbox) as page,
    ):
        link = page.get_by_role("link", name="Open the site")
        await expect(link).to_have_attribute("href", "http://127.0.0.1:8643/")
    async with Sandbox() as sandbox, opened(browser, sandbox) as page:
        await expect(page.get_by_role("link", name="Open the site")).to_have_count(0)
