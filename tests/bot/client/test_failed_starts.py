"""What keeps the bot from starting is one readable line, and no token is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import client
from bot.app import run_bot
from bot.config import Config
from bot.errors import StartupError
from bot.inference import InferenceWorker
from bot.storage import Storage, StorageInUseError
from sandbox import Sandbox
from tests.bot.client.conftest import config_for, fake_worker
from tests.bot.fakes import FakeStages


async def test_a_missing_token_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="MOEDEX_TOKEN") as caught:
        await run_bot(config_for(sandbox, tmp_path, token=""), make_worker=fake_worker)
    assert "\n" not in str(caught.value)


def loads_nothing(config: Config) -> InferenceWorker:
    """Make a worker whose models must not be loaded."""

    def load() -> FakeStages:
        pytest.fail("the models were loaded")

    return InferenceWorker(load, config.inference)


async def test_a_wrong_token_is_one_line_and_stays_secret(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_for(sandbox, tmp_path, token="wrong-secret-token")
    with pytest.raises(StartupError, match="refused the token") as caught:
        await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)
    assert "wrong-secret-token" not in str(caught.value) + caplog.text


async def test_an_unreachable_server_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_for(sandbox, tmp_path)
    await sandbox.close()
    with pytest.raises(StartupError, match="can't be reached") as caught:
        await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>", "text/html"),
        ("{}", "application/json"),
        ("[1]", "application/json"),
        ("{", "application/json"),
    ],
)
async def test_a_server_that_is_no_discord_is_one_line(
    sandbox: Sandbox, tmp_path: Path, body: str, kind: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body.encode(), headers={"Content-Type": kind})

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    async with TestServer(app) as server:
        config = config_for(sandbox, tmp_path, api=str(server.make_url("/api")))
        with pytest.raises(StartupError, match="does not answer as Discord does") as caught:
            await run_bot(config, make_worker=loads_nothing)
    assert "\n" not in str(caught.value)


async def test_models_that_do_not_load_are_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    def load() -> FakeStages:
        raise OSError("embedding.tflite is missing")

    def make_worker(config: Config) -> InferenceWorker:
        return InferenceWorker(load, config.inference)

    with pytest.raises(StartupError, match=r"embedding\.tflite is missing.*doctor"):
        await run_bot(config_for(sandbox, tmp_path), make_worker=make_worker)


async def test_a_second_bot_on_the_same_storage_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with Storage.open(tmp_path / "moedex.db"):
        with pytest.raises(StartupError, match="in use by another") as caught:
            await run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker)
    assert isinstance(caught.value.__cause__, StorageInUseError)


async def test_a_bot_without_a_slice_is_refused_beside_one_that_has_one(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with Storage.open(tmp_path / "moedex.db", shared=True):
        with pytest.raises(StartupError, match="or run this one with a slice too"):
            await run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker)


async def test_a_cog_that_fails_stops_the_start(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_cog.py").write_text("async def setup(bot):\n    raise KeyError('oh')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(client, "_cog_modules", lambda: ["broken_cog"])
    with pytest.raises(StartupError, match="broken_cog could not be loaded") as caught:
        await run_bot(config_for(sandbox, tmp_path), make_worker=fake_worker)
    assert "\n" not in str(caught.value)
