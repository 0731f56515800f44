"""The command line: help, refusals, backup, and one picture through the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.cli import app
from bot.config import Config
from bot.storage import Storage


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MOEDEX_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_help_names_the_commands() -> None:
    code, output = call("--help")
    assert code == 0
    for name in ("demo", "run", "backup", "restore", "doctor", "serve"):
        assert name in output


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, bot.cli; "
        "heavy = {'ai_edge_litert', 'keras', 'cv2', 'discord', 'sqlalchemy', 'numpy', 'PIL'}; "
        "heavy.add('ray'); "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)  # noqa: S603
    assert result.stdout.strip() == "[]"


def test_serving_without_ray_or_an_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = call("serve", "--listen", "here")
    assert code == 2
    assert "127.0.0.1:8643" in output
    monkeypatch.setitem(sys.modules, "ray", None)
    code, output = call("serve")
    assert (code, output.strip()) == (1, "Ray is missing: install moedex[cluster].")


@pytest.mark.parametrize("package", ["libgl1", "libglib2.0-0"])
def test_a_missing_system_library_is_one_line_of_every_command(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    needed = cli.NEEDED_LIBRARIES
    monkeypatch.setattr(cli, "has_library", lambda name: needed[name] != package)
    monkeypatch.setattr(sys, "platform", "linux")
    for arguments in (["run"], ["demo"], ["doctor"], ["backup"], ["restore", "x"]):
        code, output = call(*arguments)
        assert code == 1
        assert output.strip().count("\n") == 0
        assert output.strip().endswith(f"apt-get install {package}")


def test_ctrl_c_ends_a_start_without_waiting_for_what_loads() -> None:
    program = (
        "import asyncio, os, signal, threading, time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from bot.cli.options import run_to_end\n"
        "async def start():\n"
        "    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    loop = asyncio.get_running_loop()\n"
        "    await loop.run_in_executor(ThreadPoolExecutor(1), time.sleep, 60)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "run_to_end(start())\n"
    )
    result = subprocess.run([sys.executable, "-c", program], timeout=50)  # noqa: S603
    assert result.returncode == 130


def test_run_keeps_garbage_collections_short_once_the_bot_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[str] = []

    async def connected(_config: object, *, on_ready: Callable[[None], Awaitable[None]]) -> None:
        assert not frozen
        await on_ready(None)

    monkeypatch.setattr("bot.app.run_bot", connected)
    monkeypatch.setattr("gc.freeze", lambda: frozen.append("now"))
    assert call("run")[0] == 0
    assert frozen == ["now"]


def test_run_takes_a_slice_of_the_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    slices: list[str | int] = []

    async def connected(config: Config, **_: object) -> None:
        slices.append(config.discord.shards)

    monkeypatch.setattr("bot.app.run_bot", connected)
    assert call("run", "--shards", "0-3/16")[0] == 0
    assert slices == ["0-3/16"]
    code, output = call("run", "--shards", "3-0/16")
    assert code == 1
    assert output.strip().count("\n") == 0
    assert "discord.shards" in output
    assert "the lower one first" in output


def test_run_without_a_token_is_one_line() -> None:
    code, output = call("run")
    assert code == 1
    assert output.strip().count("\n") == 0
    assert "MOEDEX_TOKEN" in output


def test_a_wrong_configuration_is_one_line(tmp_path: Path) -> None:
    Path(tmp_path, "config.toml").write_text("[inference]\nthreds = 1\n")
    for command in ("run", "backup"):
        code, output = call(command)
        assert code == 1
        assert "inference.threds" in output


async def _make_storage() -> None:
    async with Storage.open(Path("data/moedex.db")) as storage:
        await storage.settings.update(1, guesses=3)


async def test_backup_and_restore(tmp_path: Path) -> None:
    await _make_storage()
    assert call("backup", "saved.zip")[0] == 0
    code, output = call("restore", "saved.zip")
    assert code == 1
    assert "--replace" in output
    code, output = call("restore", "saved.zip", "--replace")
    assert code == 0, output
    assert "Restored the backup of" in output


def test_backup_of_nothing_is_one_line() -> None:
    code, output = call("backup")
    assert code == 1
    assert "nothing to back up" in output


def test_demo_refuses_at_once_what_does_not_look_like_a_picture(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    code, output = call("demo", "--once", str(tmp_path / "notes.txt"))
    assert code == 1
    assert output.strip().count("\n") == 0
    assert "notes.txt" in output


def test_demo_says_when_its_port_is_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = call("demo", "--port", str(port))
    assert code == 1
    assert str(port) in output
    assert "--port 0" in output
