"""A cluster's door, with replicas that do what a test says in place of Ray's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

pytest.importorskip("ray", reason="Ray is missing: moedex[cluster]")

from ray.exceptions import ActorUnavailableError, RayActorError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from bot.inference.cluster.door import TRIES, Door, largest_body
from bot.inference.cluster.wire import SETTINGS

LOST = RayActorError()
AWAY = ActorUnavailableError("gone for now", None)
BUG = RayTaskError("work", "Traceback ...", ValueError("a bug"))


class FakeHandle:
    """A deployment whose calls end as `replies` say, one after the other."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.calls: list[tuple[object, ...]] = []

    @property
    def work(self) -> FakeHandle:
        return self

    async def remote(self, *arguments: object) -> Any:
        self.calls.append(arguments)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.inference.cluster.door.waits", lambda *_: iter([0.0] * TRIES))


@asynccontextmanager
async def asking(handle: Any, largest: int = 10_000) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        Door(handle, handle, "mine", largest).open("127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def ask(handle: Any, path: str = "/find", settings: str = "mine") -> tuple[int, bytes]:
    async with asking(handle) as session:
        headers = {SETTINGS: settings}
        async with session.post(path, data=b"x", params={"name": "ä.png"}, headers=headers) as got:
            return got.status, await got.read()


async def test_a_reply_is_passed_on_as_it_is() -> None:
    handle = FakeHandle((200, b"found"))
    assert await ask(handle) == (200, b"found")
    assert handle.calls == [(b"x", "ä.png")]
    handle = FakeHandle((422, b"{}"))
    assert await ask(handle, "/embed") == (422, b"{}")
    assert handle.calls == [(b"x",)]


@pytest.mark.parametrize("lost", [LOST, AWAY])
async def test_a_lost_replica_costs_a_try(lost: Exception) -> None:
    handle = FakeHandle(lost, lost, (200, b"found"))
    assert await ask(handle) == (200, b"found")
    assert len(handle.calls) == 3


async def test_replica_after_replica_is_not_asked_for_ever() -> None:
    handle = FakeHandle(*[LOST] * TRIES, (200, b"never"))
    assert (await ask(handle))[0] == 503
    assert len(handle.calls) == TRIES


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BackPressureError(num_queued_requests=9, max_queued_requests=8), 503),
        (DeploymentUnavailableError(None), 503),  # type: ignore[arg-type]
        (BUG, 500),
    ],
)
async def test_what_another_replica_would_do_no_better_is_said(
    error: Exception, status: int
) -> None:
    handle = FakeHandle(error, (200, b"never"))
    assert (await ask(handle))[0] == status
    assert len(handle.calls) == 1


async def test_others_settings_and_larger_bodies_are_refused() -> None:
    handle = FakeHandle()
    assert (await ask(handle, settings="yours"))[0] == 409
    async with asking(handle, largest=100) as session:
        body = bytes(200_000)
        async with session.post("/embed", data=body, headers={SETTINGS: "mine"}) as got:
            assert got.status == 413
    assert handle.calls == []


def test_a_body_may_be_a_picture_or_crops() -> None:
    assert largest_body(26_214_400, 144) > 512 * 144 * 144 * 3
    assert largest_body(10**9, 144) > 10**9
