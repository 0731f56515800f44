"""The inference worker: order, fairness, batches, cancelling, limits, and its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.config import load_config
from bot.inference import (
    FacePictures,
    IdentifiedPicture,
    InferenceWorker,
    Job,
    JobCancelled,
    JobTimeout,
    QueueFull,
)
from bot.inference.schedule import PASSED_OVER
from models.gallery.policy import NamingPolicy
from models.images.decoding import PictureError
from models.types import Tier
from tests.bot.fakes import DOT, PHASH, FakeStages


def worker_of(stages: FakeStages, **settings: object) -> InferenceWorker:
    config = load_config(inference={"threads": 1, "queue": 8, "wait_ms": 1, **settings})
    return InferenceWorker(lambda: stages, config.inference)


def ask(
    worker: InferenceWorker, name: str, *, server: int = 1, data: bytes = b"1", **more: Any
) -> asyncio.Task[IdentifiedPicture]:
    job = Job(server, more.pop("message", hash(name)), more.pop("gives_way", False))
    work: Coroutine[Any, Any, IdentifiedPicture] = worker.identify(data, name, job=job, **more)
    return asyncio.create_task(work)


async def started(stages: FakeStages) -> None:
    assert await asyncio.to_thread(stages.started.acquire, timeout=20)


async def test_names_a_picture() -> None:
    stages = FakeStages()
    async with worker_of(stages) as worker:
        assert worker.stages.model_version == "fake-1"
        picture = await ask(worker, "a.png", data=b"2")
    assert [face.best.character.name for face in picture.faces] == ["Marin", "Marin"]
    assert (picture.more, list(picture.frames)) == (0, [0])
    assert (picture.width, picture.height, picture.phash) == (30, 20, PHASH)
    assert set(picture.seconds) == {"wait", "decode", "gather", "embed", "name"}


async def test_what_gives_way_waits_for_others_and_leaves_them_a_thread() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, threads=2) as worker:
        behind = [ask(worker, f"behind-{n}", server=-n, gives_way=True) for n in range(1, 4)]
        await started(stages)
        first = ask(worker, "first", server=1)
        await started(stages)  # the second thread was free, though three waited before
        later = ask(worker, "later", server=1)
        await asyncio.sleep(0)
        assert stages.order == ["behind-1", "first"]
        stages.gate.set()
        await asyncio.gather(*behind, first, later)
    assert stages.order.index("later") < stages.order.index("behind-3")


async def test_what_gives_way_has_its_turn_after_so_many_others() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, threads=1, queue=40) as worker:
        busy = ask(worker, "busy", server=1)
        await started(stages)
        behind = [ask(worker, f"behind-{n}", server=-n, gives_way=True) for n in (1, 2)]
        others = [ask(worker, f"other-{n}", server=1) for n in range(2 * PASSED_OVER + 3)]
        await asyncio.sleep(0)
        stages.gate.set()
        await asyncio.gather(busy, *behind, *others)
    first = stages.order.index("behind-1")
    assert first == 1 + PASSED_OVER
    assert stages.order.index("behind-2") == first + 1 + PASSED_OVER


async def test_a_full_queue_takes_in_who_does_not_give_way() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, queue=2) as worker:
        busy = ask(worker, "busy")
        await started(stages)
        behind = [ask(worker, f"behind-{n}", server=-n, gives_way=True) for n in range(2)]
        await asyncio.sleep(0)
        refused = ask(worker, "refused", server=-9, gives_way=True)
        taken = [ask(worker, f"taken-{n}", server=n) for n in range(2)]
        for task in (refused, *behind):
            with pytest.raises(QueueFull):
                await task
        stages.gate.set()
        await asyncio.gather(busy, *taken)
    assert sorted(stages.order) == ["busy", "taken-0", "taken-1"]


async def test_memory_is_given_back_once_it_rests_after_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_back: list[str] = []
    rested = asyncio.Event()
    loop = asyncio.get_running_loop()

    def give_back() -> None:
        given_back.append(threading.current_thread().name)
        loop.call_soon_threadsafe(rested.set)

    monkeypatch.setattr("bot.inference.worker.give_back", give_back)
    monkeypatch.setattr("bot.inference.worker._AT_REST_S", 0.05)
    async with worker_of(FakeStages()) as worker:
        await asyncio.sleep(0.2)
        assert given_back == []
        for _ in range(2):
            rested.clear()
            await asyncio.gather(*(ask(worker, name) for name in ("a.png", "b.png", "c.png")))
            await asyncio.wait_for(rested.wait(), 20)
    assert len(given_back) == 2
    assert all(name.startswith("moedex-embed") for name in given_back)


async def test_a_picture_without_a_face_needs_no_batch() -> None:
    stages = FakeStages()
    async with worker_of(stages) as worker:
        picture = await ask(worker, "a.png", data=b"0")
    assert picture.faces == ()
    assert stages.batches == []


async def test_an_answer_is_drawn_in_a_thread_of_the_pool() -> None:
    stages = FakeStages()
    async with worker_of(stages) as worker:
        picture = await ask(worker, "a.png", data=b"2")
        drawing = await worker.draw([(picture, False)], shown=FacePictures(9), max_bytes=1000)
    assert (drawing.suffix, drawing.sheets, drawing.faces) == (".png", (DOT,), (DOT, DOT))
    assert threading.get_ident() not in stages.threads


async def test_servers_take_turns() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages) as worker:
        first = ask(worker, "first")
        await started(stages)
        asked = [first, *(ask(worker, f"busy {n}", server=1) for n in range(4))]
        await asyncio.sleep(0)
        asked += [ask(worker, f"calm {n}", server=2) for n in range(2)]
        await asyncio.sleep(0)
        stages.gate.set()
        await asyncio.gather(*asked)
    assert stages.order == [
        "first", "busy 0", "calm 0", "busy 1", "calm 1", "busy 2", "busy 3"
    ]  # fmt: skip


async def test_faces_of_waiting_pictures_go_in_one_batch() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, threads=3, wait_ms=1000) as worker:
        asked = [ask(worker, str(n), server=n, data=b"2") for n in range(3)]
        for _ in asked:
            await started(stages)
        stages.gate.set()
        await asyncio.gather(*asked)
    assert stages.batches == [6]


async def test_a_batch_is_not_larger_than_it_may_be() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, threads=3, wait_ms=1000, batch=3) as worker:
        asked = [ask(worker, str(n), server=n, data=b"2") for n in range(3)]
        for _ in asked:
            await started(stages)
        stages.gate.set()
        await asyncio.gather(*asked)
    assert stages.batches == [2, 2, 2]  # a picture's faces stay together


async def test_says_busy_at_once_when_full() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, queue=2) as worker:
        running = ask(worker, "running")
        await started(stages)
        waiting = [ask(worker, f"waiting {n}") for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull, match="busy"):
            await ask(worker, "late")
        stages.gate.set()
        await asyncio.gather(running, *waiting)
        await ask(worker, "later")


async def test_the_longest_line_gives_way_to_another_server() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, queue=3) as worker:
        running = ask(worker, "running", server=1)
        await started(stages)
        greedy = [ask(worker, f"greedy {n}", server=1) for n in range(3)]
        await asyncio.sleep(0)
        other = ask(worker, "other", server=2)
        with pytest.raises(QueueFull):
            await greedy[-1]
        stages.gate.set()
        await asyncio.gather(running, other, *greedy[:-1])
    assert stages.order[:3] == ["running", "greedy 0", "other"]


async def test_cancels_what_waits() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages) as worker:
        running = ask(worker, "running")
        await started(stages)
        deleted = [ask(worker, f"deleted {n}", message=7) for n in range(2)]
        await asyncio.sleep(0)
        assert worker.cancel(7) == 2
        assert worker.waiting == 0
        for task in deleted:
            with pytest.raises(JobCancelled):
                await task
        assert worker.cancel(7) == 0
        stages.gate.set()
        await running
    assert stages.order == ["running"]


async def test_drops_a_running_job_at_the_next_border() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages) as worker:
        running = ask(worker, "running", message=7)
        await started(stages)
        assert worker.cancel(7) == 1
        with pytest.raises(JobCancelled):
            await running
        stages.gate.set()
        await ask(worker, "next")
    assert stages.batches == [1]


async def test_a_caller_who_leaves_takes_the_job_along() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages) as worker:
        running = ask(worker, "running")
        await started(stages)
        left = ask(worker, "left")
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert worker.waiting == 0
        stages.gate.set()
        await running
    assert stages.order == ["running"]


async def test_a_job_has_a_time_limit() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, timeout_s=0.05) as worker:
        with pytest.raises(JobTimeout, match=r"slow\.png"):
            await ask(worker, "slow.png")
        stages.gate.set()
    assert stages.batches == []


async def test_a_bad_picture_is_told_and_the_next_one_answered() -> None:
    async with worker_of(FakeStages()) as worker:
        bad, good = ask(worker, "bad.png", data=b"bad"), ask(worker, "good.png")
        with pytest.raises(PictureError, match=r"bad\.png"):
            await bad
        assert len((await good).faces) == 1


async def test_a_broken_gallery_fails_its_own_server_only() -> None:
    stages = FakeStages()
    stages.gate.clear()
    async with worker_of(stages, threads=2, wait_ms=1000) as worker:
        broken = ask(worker, "broken", server=1, gallery=stages.broken_gallery)
        good = ask(worker, "good", server=2)
        for _ in range(2):
            await started(stages)
        stages.gate.set()
        with pytest.raises(ValueError, match="broken gallery"):
            await broken
        assert len((await good).faces) == 1


async def test_many_failures_do_not_use_up_the_worker() -> None:
    async with worker_of(FakeStages(), queue=100) as worker:
        asked = [
            ask(worker, str(n), server=n % 3, data=b"bad" if n % 2 else b"0") for n in range(60)
        ]
        await asyncio.gather(*asked, return_exceptions=True)
        assert len((await ask(worker, "last")).faces) == 1


async def test_a_server_s_policy_reaches_the_stages() -> None:
    async with worker_of(FakeStages()) as worker:
        assert (await ask(worker, "a", policy=NamingPolicy(named=0.95))).faces[
            0
        ].tier is Tier.PROBABLY
        assert (await ask(worker, "b")).faces[0].tier is Tier.NAMED


async def test_closing_cancels_what_is_left_and_ends_the_threads() -> None:
    stages = FakeStages()
    stages.gate.clear()
    before = threading.active_count()
    async with worker_of(stages, threads=2) as worker:
        asked = [ask(worker, str(n)) for n in range(5)]
        await started(stages)
        stages.gate.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(result, JobCancelled) for result in results)
    with pytest.raises(JobCancelled):
        await ask(worker, "too late")
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("moedex")], before


async def test_no_stage_runs_on_the_loop_s_thread() -> None:
    stages = FakeStages()
    async with worker_of(stages, threads=2) as worker:
        await asyncio.gather(*(ask(worker, str(n), server=n) for n in range(6)))
    assert stages.threads
    assert threading.get_ident() not in stages.threads


async def test_models_that_fail_to_load_leave_no_thread_behind() -> None:
    def load() -> FakeStages:
        raise OSError("no weights")

    with pytest.raises(OSError, match="no weights"):
        async with InferenceWorker(load, load_config().inference):
            pass
    assert not [t for t in threading.enumerate() if t.name.startswith("moedex")]


async def test_a_start_that_is_cancelled_does_not_wait_for_the_models() -> None:
    loading, gate = threading.Event(), threading.Event()

    def load() -> FakeStages:
        loading.set()
        gate.wait(60)
        return FakeStages()

    worker = InferenceWorker(load, load_config(inference={"threads": 1}).inference)
    start = asyncio.create_task(worker.__aenter__())
    assert await asyncio.to_thread(loading.wait, 20)
    start.cancel()
    try:
        await asyncio.wait_for(asyncio.gather(start, return_exceptions=True), 20)
    finally:
        gate.set()
    assert start.cancelled()
