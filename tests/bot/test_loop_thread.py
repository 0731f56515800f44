"""The event loop's thread never decodes a picture, nor runs OpenCV, LiteRT or a model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import BuiltinFunctionType, FrameType, TracebackType
from typing import Any, Self

import cv2
import numpy as np
import pytest

from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import load_config
from models.images.decoding import PictureError, decode
from sandbox import Sandbox
from sandbox.samples.shelf import load_samples

ROOT = Path(__file__).resolve().parents[2]
MODELS = str(ROOT / "models")
OURS = (str(ROOT / "bot"), str(ROOT / "cogs"))
HEAVY = ("ai_edge_litert", "tensorflow", "keras", "cv2")
OPENCV = {each for each in vars(cv2).values() if isinstance(each, BuiltinFunctionType)}


class Watch:
    """Notes what runs in the thread that enters it, Python functions and C functions alike."""

    def __init__(self) -> None:
        self.calls = 0
        self.heavy: set[str] = set()

    def __enter__(self) -> Self:
        sys.setprofile(self._look)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        self.calls += 1
        if event == "c_call":
            if _is_compiled(argument):
                self.heavy.add(argument.__name__)
        elif event == "call":
            file = frame.f_code.co_filename
            function = frame.f_code.co_name
            light = _looks_a_hash_up(file, function) or function in {"place_of", "part_within"}
            heavy = _is_heavy(file) and not light
            if heavy or (_is_pillow(file) and _called_by_us(frame)):
                self.heavy.add(f"{file}:{function}")


def _is_compiled(function: Any) -> bool:
    # OpenCV's functions don't say which module they are of.
    owner = str(type(getattr(function, "__self__", None)).__module__)
    module = str(getattr(function, "__module__", None) or owner)
    return function in OPENCV or module.split(".")[0] in HEAVY


def _is_heavy(file: str) -> bool:
    if file.startswith(MODELS):
        # Results are read on the loop, and what the first bytes of a file promise.
        return Path(file).name not in {"types.py", "shown_faces.py", "formats.py"}
    return any(f"/site-packages/{name}/" in file for name in HEAVY)


def _looks_a_hash_up(file: str, function: str) -> bool:
    # A look among 100,000 hashes takes 0.1 ms; making an index of so many takes a thread.
    return Path(file).name == "hashing.py" and function in {
        "within", "add", "copies", "_integers", "<listcomp>",
    }  # fmt: skip


def _is_pillow(file: str) -> bool:
    return "/site-packages/PIL/" in file


def _called_by_us(frame: FrameType | None) -> bool:
    # The sandbox shares the loop here, and reads the size of what is posted to it.
    while frame is not None:
        if frame.f_code.co_filename.startswith(OURS):
            return True
        frame = frame.f_back
    return False


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def test_the_watch_sees_what_it_should() -> None:
    with Watch() as watch:
        cv2.flip(np.zeros((2, 2), np.uint8), 1)
        with pytest.raises(PictureError):
            decode(b"", "empty.png")
    assert any("flip" in name for name in watch.heavy)
    assert any(name.endswith(":decode") for name in watch.heavy)


@pytest.mark.timeout(400)
async def test_answers_without_any_of_that_on_the_loop(sandbox: Sandbox, tmp_path: Path) -> None:
    config = load_config(
        discord=sandbox.discord_section,
        storage={"url": f"sqlite+aiosqlite:///{tmp_path}/moedex.db"},
    )
    files = [(sample.filename, sample.read()) for sample in load_samples()[:3]]
    answers = []

    async def on_ready(bot: MoedexBot) -> None:
        with Watch() as watch:
            ann = sandbox.member("ann")
            mention = f"<@{sandbox.bot.id}>"
            asked = [
                await ann.post("general", mention, files=[file])
                for file in [*files, ("bad.png", b"not a picture")]
            ]
            answers.extend(await asyncio.gather(*(sandbox.answer_to(each, 60) for each in asked)))
        assert watch.calls > 1000
        assert watch.heavy == set()
        await bot.close()

    await run_bot(config, on_ready=on_ready)
    assert len(answers) == 4
    assert answers[0].components
