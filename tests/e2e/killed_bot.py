"""Runs the real client for `test_kill.py`, in processes that may be killed at any moment.

`python -m tests.e2e.killed_bot CONFIG` imports everything once. Each line on its input forks a bot,
whose process id is printed, and then "ready" once it is connected: so a new bot costs no imports.
No model is loaded, and no TensorFlow.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import Config, load_config
from bot.inference import InferenceWorker
from tests.bot.fakes import FakeStages


def worker(config: Config) -> InferenceWorker:
    """Return a worker with light stages."""
    return InferenceWorker(FakeStages, config.inference)


def say(text: str) -> None:
    """Tell the test, which reads lines."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def on_ready(bot: MoedexBot) -> None:
    """Say that the bot is connected."""
    assert "tensorflow" not in sys.modules
    say("ready")


def main() -> None:
    """Fork a bot for each line of the input."""
    config = load_config(None, **json.loads(sys.argv[1]))
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(run_bot(config, on_ready=on_ready, make_worker=worker))
            os._exit(0)
        say(str(child))
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
