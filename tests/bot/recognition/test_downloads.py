"""Downloads that break off, stall, are too large or gone, from the sandbox's CDN."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.recognition import downloads
from bot.recognition.downloads import DownloadError, TooLargeError, download
from sandbox import Sandbox
from sandbox.testing.fault_injection import FaultInjection

DATA = bytes(range(256)) * 1000


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a running local Discord."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def url(sandbox: Sandbox) -> str:
    """Return the address of a posted file."""
    posted = await sandbox.member("ben").post("general", files=[("a.bin", DATA)])
    return posted.attachments[0].url


@pytest.fixture
def faults(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> FaultInjection:
    """Return the fault injection; what stalls is given up soon."""
    monkeypatch.setattr(downloads, "READ_S", 0.2)
    return sandbox.fault_injection


async def test_a_file_is_downloaded_at_once(url: str) -> None:
    assert await download(url, most=len(DATA), seconds=60) == DATA


@pytest.mark.parametrize("stall", [None, 30.0])
async def test_a_download_goes_on_from_where_it_broke_off(
    url: str, faults: FaultInjection, stall: float | None
) -> None:
    broken = faults.break_download("a.bin", sent=100_000, stall=stall)
    assert await download(url, most=len(DATA), seconds=60) == DATA
    assert broken.starts == [0, 100_000]


async def test_it_is_resumed_once(url: str, faults: FaultInjection) -> None:
    broken = faults.break_download("a.bin", sent=1000, times=3)
    with pytest.raises(DownloadError):
        await download(url, most=len(DATA), seconds=60)
    assert broken.starts == [0, 1000]


async def test_both_tries_together_take_no_longer_than_they_may(
    url: str, faults: FaultInjection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "READ_S", 60.0)
    broken = faults.break_download("a.bin", stall=60, times=2)
    with pytest.raises(DownloadError):
        await download(url, most=len(DATA), seconds=0.2)
    assert broken.starts == [0]


async def test_more_than_may_be_is_not_taken(url: str) -> None:
    with pytest.raises(TooLargeError):
        await download(url, most=len(DATA) - 1, seconds=60)


@pytest.mark.parametrize("path", ["/attachments/1/2/a.bin", "/nowhere", "/api/v10/users/@me"])
async def test_what_is_not_there_is_not_asked_for_twice(sandbox: Sandbox, path: str) -> None:
    with pytest.raises(DownloadError) as caught:
        await download(f"{sandbox.cdn_url}{path}?hm=signature", most=9, seconds=60)
    assert "signature" not in str(caught.value)


async def test_a_server_that_is_away_is_one_error(sandbox: Sandbox, url: str) -> None:
    await sandbox.close()
    with pytest.raises(DownloadError):
        await download(url, most=len(DATA), seconds=60)


@pytest.mark.parametrize("wish", ["bytes=-5", "bytes=x-", "lines=3-"])
async def test_a_wish_that_is_no_byte_to_begin_at_gets_the_whole_file(url: str, wish: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Range": wish}) as response,
    ):
        assert (response.status, await response.read()) == (200, DATA)
