"""`moedex roster`, by the real models and drawings of the shelf, against local services."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from bot.cli import app
from sandbox.samples.shelf import load_samples
from tests.bot.enrolment.anilist_server import AniListServer
from tests.bot.enrolment.clock import FakeClock
from tests.bot.enrolment.danbooru_server import LOGIN, DanbooruServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = {sample.id: sample.read() for sample in load_samples()}


class SystemTime(FakeClock):
    """The clock of a local service that is asked by a real command."""

    def now(self) -> float:
        return time.time()


@contextmanager
def served(service: AniListServer | DanbooruServer) -> Iterator[None]:
    """Serve from a thread, as a command has its own event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> TestServer:
        server = TestServer(service.app())
        await server.start_server()
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    service.url = str(server.make_url("")).rstrip("/")
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.fixture
def anilist() -> Iterator[AniListServer]:
    service = AniListServer(SystemTime())
    with served(service):
        yield service


@pytest.fixture
def board() -> Iterator[DanbooruServer]:
    service = DanbooruServer(SystemTime())
    with served(service):
        yield service


@pytest.fixture(autouse=True)
def _configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("anilist", "board"):
        if name in request.fixturenames:
            url = request.getfixturevalue(name).url
            monkeypatch.setenv(f"MOEDEX_ROSTER__{name.upper()}", url)


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["roster", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def listed() -> list[dict[str, object]]:
    code, output = call("list", "--json")
    assert code == 0
    return [json.loads(line) for line in output.splitlines()]


def test_a_cast_is_enrolled_listed_and_removed(anilist: AniListServer) -> None:
    anilist.pictures = {"hikari.png": SAMPLES["hikari-1"], "ren.png": SAMPLES["ren-1"]}
    anilist.character(1, "Hikari Asano", "hikari.png", native="浅野ひかり")
    anilist.character(2, "Ren Mori", "ren.png")
    anilist.character(3, "Nobody", None)
    code, output = call("add", "--anilist", "Death Note")

    assert code == 0
    assert "2 characters enrolled by 2 pictures, 2 of them new" in output
    assert [(row["id"], row["source"], row["vectors"]) for row in listed()] == [
        ("hikari_asano", "anilist:1535", 1),
        ("ren_mori", "anilist:1535", 1),
    ]
    code, output = call("remove", "浅野ひかり")
    assert (code, output.strip()) == (0, "What was enrolled of Hikari Asano is removed.")
    assert call("remove", "anilist:1535")[0] == 0
    assert listed() == []
    assert call("list")[1].startswith("Nobody was enrolled yet")


def test_a_known_tag_improves_a_known_character(
    board: DanbooruServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOEDEX_ROSTER__LOGIN", LOGIN[0])
    monkeypatch.setenv("MOEDEX_ROSTER__API_KEY", LOGIN[1])
    for number in (1, 2, 3):
        board.pictures[f"{number}.png"] = SAMPLES[f"suzu-{number}"]
        board.post("hatsune_miku", f"{number}.png")
    code, output = call("add", "--tag", "hatsune_miku")

    assert code == 0
    assert "1 character enrolled by 3 pictures, 0 of them new" in output
    (row,) = listed()
    assert (row["id"], row["new"]) == ("hatsune_miku", False)
    assert board.with_key
    assert board.too_fast == 0


def test_a_folder_is_enrolled(tmp_path: Path) -> None:
    own = tmp_path / "mine" / "Our_Story" / "Mikan"
    own.mkdir(parents=True)
    for number in (1, 2):
        (own / f"{number}.png").write_bytes(SAMPLES[f"mikan-{number}"])
    code, output = call("add", str(tmp_path / "mine"))

    assert code == 0
    assert "the folder mine: 1 character enrolled by 2 pictures" in output
    assert [(row["name"], row["series"]) for row in listed()] == [("Mikan", "Our Story")]


def test_what_cannot_be_added_is_one_line(anilist: AniListServer, tmp_path: Path) -> None:
    assert call("add")[0] == 2
    code, output = call("add", "--anilist", "Nothing Of The Kind")
    assert (code, output.strip()) == (1, "AniList has no series “Nothing Of The Kind”.")
    code, output = call("add", "--tag", "miku", "--rating", "fine")
    assert (code, output.count("\n")) == (1, 1)
    (tmp_path / "x.moedex").write_bytes(b"no pack")
    code, output = call("add", str(tmp_path / "x.moedex"))
    assert (code, output.count("\n")) == (1, 1)
    code, output = call("remove", "nobody")
    assert (code, output.count("\n")) == (1, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent as a signal")
def test_an_interrupted_command_goes_on(board: DanbooruServer) -> None:
    for number in range(1, 5):
        board.pictures[f"{number}.png"] = SAMPLES[f"kuroe-{number}"]
        board.post("kuroe", f"{number}.png")
    command = [sys.executable, "-m", "bot", "roster", "add", "--tag", "kuroe"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:  # noqa: S603
        while len(board.downloads) < 2:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)

    assert running.returncode == 130
    assert told.strip() == "Ended early: the same command goes on from here."
    assert [row["done"] for row in listed()] == [False]
    before = list(board.downloads)
    code, output = call("add", "--tag", "kuroe")
    assert code == 0
    assert "enrolled by" in output
    assert [row["done"] for row in listed()] == [True]
    assert len(board.downloads) <= len(before) + 3  # the first one at least isn't asked for again
