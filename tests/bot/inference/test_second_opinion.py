"""The tagger's step: it names, it keeps nobody else waiting, and it may fail."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from bot.config import load_config
from bot.inference import IdentifiedPicture, InferenceWorker, Job, JobCancelled
from bot.inference.second_opinion import LINE
from models.gallery.policy import NamingPolicy
from models.tagger.second_opinion import SecondOpinion
from models.tagger.tagger import TagGuess
from models.types import Tier
from models.weight_files import WeightsError
from tests.bot.fakes import MARIN, FakeStages

if TYPE_CHECKING:
    from models.types import Box, Pixels

UNKNOWN = 0.95
"""A server's threshold that `FakeStages` is not sure enough for."""


class SlowTagger:
    """Sees the character of `tag` at every head, once `gate` is open."""

    name = "slow"

    def __init__(self, tag: str = "rin_(tests)") -> None:
        self.tag = tag
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Semaphore(0)
        self.broken = False

    def characters(self, picture: Pixels, box: Box) -> list[TagGuess]:
        assert picture.shape == (20, 30, 3)
        self.asked.release()
        self.gate.wait(20)
        if self.broken:
            raise ValueError("a broken tagger")
        return [TagGuess(self.tag, 0.93)]


@pytest.fixture
def tagger(monkeypatch: pytest.MonkeyPatch) -> SlowTagger:
    monkeypatch.setattr("models.tagger.second_opinion.LEAST_SIDE", 5)
    return SlowTagger()


def worker_of(tagger: SlowTagger, **settings: object) -> InferenceWorker:
    config = load_config(inference={"threads": 1, "wait_ms": 1, **settings})
    opinion = SecondOpinion(tagger, 0.8)  # pyright: ignore[reportArgumentType]
    return InferenceWorker(FakeStages, config.inference, lambda: opinion)


def ask(
    worker: InferenceWorker, name: str, named: float = UNKNOWN, message: int = 0
) -> asyncio.Task[IdentifiedPicture]:
    work = worker.identify(
        b"1", name, job=Job(1, message or hash(name)), policy=NamingPolicy(named)
    )
    return asyncio.create_task(work)  # pyright: ignore[reportArgumentType]


async def asked(tagger: SlowTagger) -> None:
    assert await asyncio.to_thread(tagger.asked.acquire, timeout=20)


async def test_unknown_faces_are_named_by_the_tagger(tagger: SlowTagger) -> None:
    async with worker_of(tagger) as worker:
        picture = await ask(worker, "a.png")
        known = await ask(worker, "b.png", named=0.5)
    (face,) = picture.faces
    assert (face.best.character.name, face.best.by, face.tier) == ("Rin", "tagger", Tier.PROBABLY)
    assert "tagger" in picture.seconds
    assert known.faces[0].best.character is MARIN
    assert "tagger" not in known.seconds


async def test_others_are_answered_while_the_tagger_is_at_work(tagger: SlowTagger) -> None:
    tagger.gate.clear()
    async with worker_of(tagger) as worker:
        slow = [ask(worker, f"unknown {n}") for n in range(LINE)]
        # Pictures come in order: when this one is answered, the line has the others and is full.
        known = await asyncio.wait_for(ask(worker, "known", named=0.5), 20)
        assert not known.faces[0].unknown
        late = await asyncio.wait_for(ask(worker, "late"), 20)
        assert late.faces[0].unknown
        assert not any(task.done() for task in slow)
        tagger.gate.set()
        pictures = await asyncio.gather(*slow)
    assert [picture.faces[0].best.by for picture in pictures] == ["tagger"] * LINE


async def test_a_tagger_that_fails_or_is_slow_costs_no_answer(
    tagger: SlowTagger, caplog: pytest.LogCaptureFixture
) -> None:
    tagger.broken = True
    async with worker_of(tagger, timeout_s=2) as worker:
        assert (await ask(worker, "a.png")).faces[0].unknown
        assert "The tagger failed" in caplog.text
        tagger.broken = False
        tagger.gate.clear()
        assert (await ask(worker, "b.png")).faces[0].unknown
        assert "too slow" in caplog.text
        tagger.gate.set()


async def test_a_cancelled_picture_leaves_the_line(tagger: SlowTagger) -> None:
    tagger.gate.clear()
    async with worker_of(tagger) as worker:
        task = ask(worker, "a.png", message=5)
        await asked(tagger)
        assert worker.cancel(5) == 1
        with pytest.raises(JobCancelled):
            await task
        tagger.gate.set()
        assert (await ask(worker, "b.png")).faces[0].best.by == "tagger"


async def test_the_end_does_not_wait_for_the_line(tagger: SlowTagger) -> None:
    tagger.gate.clear()
    async with worker_of(tagger) as worker:
        tasks = [ask(worker, f"{n}.png") for n in range(LINE)]
        await asked(tagger)
        asyncio.get_running_loop().call_later(0.2, tagger.gate.set)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, JobCancelled) for result in results)


async def test_a_tagger_that_cannot_be_loaded_fails_the_start() -> None:
    def load() -> SecondOpinion:
        raise WeightsError("There is no tagger at nowhere.")

    worker = InferenceWorker(FakeStages, load_config().inference, load)
    with pytest.raises(WeightsError, match="no tagger at nowhere"):
        await worker.__aenter__()
