"""The bot's side of a cluster, with a door that does what a test says in place of Ray."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web

from bot import doctor
from bot.config import Config, ConfigError, load_config
from bot.inference import IdentifiedPicture, InferenceWorker, Job
from bot.inference.cluster.backend import Cluster, ClusterUnreachable
from bot.inference.cluster.client import look_at_clusters
from bot.inference.cluster.settings import fingerprint
from bot.inference.cluster.wire import (
    SETTINGS,
    pack_found,
    pack_picture_error,
    pack_vectors,
    unpack_crops,
)
from models.images.decoding import PictureError
from tests.bot.fakes import FakeStages


class FakeDoor:
    """Answers as a cluster would, and notes what it was asked.

    `replies` are statuses and bodies that come first; an exception in their place cuts the
    connection.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.settings: set[str] = set()
        self.replies: list[tuple[int, bytes] | None] = []
        self._stages = FakeStages()

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[int]:
        app = web.Application()
        app.add_routes([web.post("/find", self._find), web.post("/embed", self._embed)])
        app.add_routes([web.get("/healthz", self._health)])
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    async def _find(self, request: web.Request) -> web.Response:
        return await self._reply(request, self._found)

    async def _embed(self, request: web.Request) -> web.Response:
        return await self._reply(request, self._embedded)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"settings": "mine"})

    async def _reply(self, request: web.Request, work: object) -> web.Response:
        self.asked.append(request.path)
        self.settings.add(request.headers[SETTINGS])
        data = await request.read()
        if self.replies:
            reply = self.replies.pop(0)
            if reply is None:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            return web.Response(status=reply[0], body=reply[1])
        assert callable(work)
        return web.Response(body=work(data, request.query.get("name", "")))

    def _found(self, data: bytes, name: str) -> bytes:
        return pack_found(self._stages.find(data, name))

    def _embedded(self, data: bytes, _: str) -> bytes:
        crops = unpack_crops(data, FakeStages.side)
        return pack_vectors(np.full((len(crops), 4), 0.5, np.float32))


def configured(*ports: int, when_away: str = "threads") -> Config:
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    section = {"backend": "ray", "addresses": addresses, "when_away": when_away, "at_once": 4}
    return load_config(None, inference=section)


@asynccontextmanager
async def working(config: Config) -> AsyncIterator[tuple[InferenceWorker, FakeStages]]:
    stages = FakeStages()
    backend = Cluster(config)
    async with InferenceWorker(lambda: stages, config.inference, None, backend) as worker:
        yield worker, stages


async def ask(worker: InferenceWorker, data: bytes = b"2") -> IdentifiedPicture:
    return await worker.identify(data, "a.png", job=Job(1, 1))


@pytest.fixture
def door() -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def free_port(unused_tcp_port: int) -> int:
    """Return a port that nobody listens at."""
    return unused_tcp_port


async def test_a_cluster_finds_and_embeds_and_the_bot_names(door: FakeDoor) -> None:
    async with door.open() as port, working(configured(port)) as (worker, stages):
        picture = await ask(worker)
    assert [face.best.character.name for face in picture.faces] == ["Marin", "Marin"]
    assert picture.faces[0].vector.tolist() == [0.5] * 4
    assert {"decode", "cluster", "embed", "name"} <= set(picture.seconds)
    assert door.asked == ["/find", "/embed"]
    assert door.settings == {fingerprint(configured(port), "fake")}
    assert (stages.order, stages.batches) == ([], [])


async def test_pictures_are_with_the_cluster_at_the_same_time(door: FakeDoor) -> None:
    door._stages.gate.clear()

    async def found_in_thread(request: web.Request) -> web.Response:
        data = await request.read()
        return web.Response(body=await asyncio.to_thread(door._found, data, request.query["name"]))

    door._find = found_in_thread  # type: ignore[method-assign]
    async with door.open() as port, working(configured(port)) as (worker, _):
        asked = [asyncio.create_task(ask(worker)) for _ in range(4)]
        for _ in asked:
            assert await asyncio.to_thread(door._stages.started.acquire, timeout=20)
        door._stages.gate.set()
        await asyncio.gather(*asked)


async def test_away_at_the_start_own_threads_work(free_port: int) -> None:
    async with working(configured(free_port)) as (worker, stages):
        picture = await ask(worker)
    assert len(picture.faces) == 2
    assert stages.order == ["a.png"]
    assert stages.batches == [2]


async def test_away_at_the_start_it_is_said_where_that_is_configured(free_port: int) -> None:
    async with working(configured(free_port, when_away="say")) as (worker, stages):
        with pytest.raises(ClusterUnreachable, match="are away"):
            await ask(worker)
    assert stages.order == []


@pytest.mark.parametrize("reply", [None, (500, b"x"), (503, b""), (200, b"no faces"), (409, b"")])
@pytest.mark.parametrize("step", [0, 1])
async def test_lost_in_the_middle_own_threads_go_on(
    door: FakeDoor, reply: tuple[int, bytes] | None, step: int
) -> None:
    good = [(200, pack_found(FakeStages().find(b"2", "a.png")))]
    door.replies = [*good[:step], reply]
    async with door.open() as port, working(configured(port)) as (worker, stages):
        picture = await ask(worker)
    assert len(picture.faces) == 2
    assert (stages.order == ["a.png"], stages.batches) == (step == 0, [2])


async def test_lost_in_the_middle_it_is_said_where_that_is_configured(door: FakeDoor) -> None:
    door.replies = [(200, pack_found(FakeStages().find(b"2", "a.png"))), (503, b"")]
    async with door.open() as port, working(configured(port, when_away="say")) as (worker, _):
        with pytest.raises(ClusterUnreachable):
            await ask(worker)


async def test_another_address_is_asked_and_the_lost_one_left_alone(
    door: FakeDoor, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        door.open() as port,
        working(configured(free_port, port, when_away="say")) as (worker, _),
    ):
        for _ in range(3):
            assert len((await ask(worker)).faces) == 2
    assert door.asked == ["/find", "/embed"] * 3
    said = [record.getMessage() for record in caplog.records if "is away" in record.getMessage()]
    assert len(said) == 1
    assert str(free_port) in said[0]


async def test_a_cluster_that_is_back_is_asked_again(
    door: FakeDoor, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inference.cluster.client._REST_S", (0.0, 0.0))
    async with working(configured(free_port)) as (worker, stages):
        await ask(worker)
        async with door.open(free_port):
            await ask(worker)
    assert stages.order == ["a.png"]
    assert door.asked == ["/find", "/embed"]


async def test_a_picture_that_cannot_be_read_is_no_lost_cluster(door: FakeDoor) -> None:
    refusal = PictureError("unreadable", "“a.png” is damaged.", "a.png")
    door.replies = [(422, pack_picture_error(refusal))]
    async with door.open() as port, working(configured(port)) as (worker, stages):
        with pytest.raises(PictureError, match="is damaged") as caught:
            await ask(worker)
        await ask(worker)
    assert caught.value.code == "unreadable"
    assert stages.order == []


async def test_a_message_that_is_gone_is_not_waited_for(door: FakeDoor) -> None:
    async with door.open() as port, working(configured(port)) as (worker, _):
        asked = asyncio.create_task(ask(worker))
        while not door.asked:  # noqa: ASYNC110 - the door tells nobody
            await asyncio.sleep(0.001)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert len((await ask(worker)).faces) == 2


@pytest.mark.parametrize("address", ["", "127.0.0.1:8644", "ftp://a", "http://a/path", "http://"])
def test_an_address_that_is_none_ends_the_start(address: str) -> None:
    with pytest.raises(ConfigError, match="addresses"):
        load_config(None, inference={"backend": "ray", "addresses": [address]})


def test_what_decides_how_a_picture_is_seen_is_agreed_on() -> None:
    usual = fingerprint(load_config(None), "a")
    assert fingerprint(load_config(None, inference={"threads": 9}), "a") == usual
    assert fingerprint(load_config(None), "b") != usual
    others: list[dict[str, dict[str, object]]] = [
        {"pictures": {"faces": 3}},
        {"answers": {"side": 400}},
        {"inference": {"detector": "cascade"}},
        {"tagger": {"model": "x"}},
    ]
    for sections in others:
        assert fingerprint(load_config(None, **sections), "a") != usual


async def test_a_look_tells_who_answers_with_the_same_settings(
    door: FakeDoor, free_port: int
) -> None:
    async with door.open() as port:
        there, away = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port}/"
        found = await look_at_clusters([there, away], "mine")
        assert found[there] == "answers"
        assert found[away].startswith("is away (ClientConnectorError")
        assert (await look_at_clusters([there], "yours"))[there].startswith("has other settings")


@pytest.mark.parametrize(("when_away", "state"), [("threads", "warning"), ("say", "broken")])
def test_the_doctor_says_that_a_cluster_is_away(free_port: int, when_away: str, state: str) -> None:
    finding = doctor._cluster(configured(free_port, when_away=when_away))
    assert (finding.state, finding.subject) == (state, "Cluster")
    assert f"127.0.0.1:{free_port} is away" in finding.found
    assert doctor._cluster(load_config(None)).state == "well"
