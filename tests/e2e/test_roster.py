"""`moedex roster` beside a running bot: who was enrolled is named from the next picture on."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from sandbox.samples.shelf import load_samples
from tests.e2e.conftest import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from sandbox import Sandbox

SAMPLES = {sample.id: sample.read() for sample in load_samples()}


async def roster(config: Path, *arguments: str) -> str:
    """Run `moedex roster` in a process of its own; return what it prints."""
    command = [sys.executable, "-m", "bot", "roster", *arguments, "--config", str(config)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_a_running_bot_names_whom_the_operator_enrols(
    sandbox: Sandbox, real_bot: MoedexBot, tmp_path: Path
) -> None:
    config = tmp_path / "roster.toml"
    config.write_text(f'[storage]\nurl = "{real_bot.services.config.storage.url}"\n')
    own = tmp_path / "mine" / "The Shelf" / "Hikari Asano"
    own.mkdir(parents=True)
    for number in (1, 2, 3):
        (own / f"{number}.png").write_bytes(SAMPLES[f"hikari-{number}"])

    async def answer() -> str:
        member = sandbox.member("ann")
        posted = await member.post("fan-art", files=[("hikari.png", SAMPLES["hikari-4"])])
        return text_of(await sandbox.answer_to(posted))

    assert "Hikari" not in await answer()
    await roster(config, "add", str(tmp_path / "mine"))
    assert "Hikari Asano" in await answer()
    await roster(config, "remove", "folder:mine")
    assert "Hikari" not in await answer()
