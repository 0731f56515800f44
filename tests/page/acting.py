"""What a member does on the page, for its tests: pictures, words sent, the newest message."""

from __future__ import annotations

import io
from base64 import b64encode

from PIL import Image
from playwright.async_api import Locator, Page

PASTE = """({name, data}) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type: "image/png"}));
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


def png(color: str = "gold") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 260), color).save(out, "PNG")
    return out.getvalue()


def upload(name: str = "a.png") -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": png()}


def last(page: Page) -> Locator:
    return page.locator(".message").last


async def say(page: Page, words: str) -> None:
    await page.locator("#composer-text").fill(words)
    await page.keyboard.press("Enter")


async def pick_files(page: Page, *names: str) -> None:
    await page.locator(".composer > input[type=file]").set_input_files(
        [upload(name) for name in names]  # pyright: ignore[reportArgumentType]
    )


def encoded(data: bytes) -> str:
    return b64encode(data).decode()
