"""A real Ray cluster of two nodes, `moedex serve` in front of it, and the worker asking it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.config import Config, load_config
from bot.inference import IdentifiedPicture, InferenceWorker, Job, Stages, load_stages
from bot.inference.backend import Threads
from bot.inference.cluster.backend import Cluster, ClusterUnreachable
from sandbox.samples.shelf import PICTURES

pytest.importorskip("ray", reason="Ray is missing: moedex[cluster]")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds replicas in /proc")

START_S = 240
"""How long a cluster may take to start; long, because the machine may be busy."""
FILES = {
    name: (PICTURES / name).read_bytes()
    for name in ("three-friends.webp", "nodding.gif", "lake.webp", "hikari-1.webp")
}


@pytest.fixture(scope="module")
def stages() -> Stages:
    return load_stages(load_config(None))


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """Start a node of two processors, as Ray counts them, on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        from ray.cluster_utils import Cluster as Nodes

        options = {"num_cpus": 2, "include_dashboard": False}
        nodes = Nodes(initialize_head=True, head_node_args=options)
        try:
            yield nodes
        finally:
            nodes.shutdown()


@pytest.fixture
def nodes(head: Any) -> Iterator[Any]:
    """Start a second node, for as long as the test lasts or until it is lost."""
    node = head.add_node(num_cpus=2)
    yield head
    if node in head.list_all_nodes():
        head.remove_node(node)


@asynccontextmanager
async def served(address: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run `moedex serve` on a Ray cluster; where bots ask it."""
    command = ["-m", "bot", "serve", "--listen", "127.0.0.1:0", "--ray", address]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=pipe, stderr=pipe
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("Bots ask http://127.0.0.1:"), line
        yield line.split()[-1], process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def second(nodes: Any) -> Any:
    """Return the node that is not the head."""
    (node,) = [node for node in nodes.list_all_nodes() if node is not nodes.head_node]
    return node


def replicas(nodes: Iterable[Any], kind: str) -> list[int]:
    """Return the processes of some nodes whose names begin so."""
    raylets = {process.process.pid for node in nodes for process in node.all_processes["raylet"]}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            name = (folder / "cmdline").read_text()
            if parent in raylets and name.startswith(f"ray::{kind}"):
                found.append(int(folder.name))
    return found


def configured(url: str, when_away: str) -> Config:
    section = {"backend": "ray", "addresses": [url], "when_away": when_away, "timeout_s": START_S}
    return load_config(None, inference=section)


async def ask(worker: InferenceWorker, name: str) -> IdentifiedPicture:
    return await worker.identify(FILES[name], name, job=Job(1, hash(name)))


async def ask_all(worker: InferenceWorker) -> dict[str, IdentifiedPicture]:
    pictures = await asyncio.gather(*(ask(worker, name) for name in FILES))
    return {picture.name: picture for picture in pictures}


@asynccontextmanager
async def asked_often(
    worker: InferenceWorker, expected: dict[str, IdentifiedPicture]
) -> AsyncIterator[None]:
    """Ask about every file several times; the context begins when the first is answered."""
    asked = [asyncio.create_task(ask(worker, name)) for name in FILES for _ in range(4)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    yield
    for start in range(4):
        pictures = await asyncio.gather(*asked[start::4])
        assert_same({picture.name: picture for picture in pictures}, expected)


def assert_same(one: dict[str, IdentifiedPicture], other: dict[str, IdentifiedPicture]) -> None:
    """Hold two answers to the same files against each other, to the bit."""
    assert one.keys() == other.keys() == FILES.keys()
    for name, picture in one.items():
        twin = other[name]
        assert [f.face for f in picture.faces] == [f.face for f in twin.faces]
        assert [f.guesses for f in picture.faces] == [f.guesses for f in twin.faces]
        for face, its in zip(picture.faces, twin.faces, strict=True):
            assert np.array_equal(face.vector, its.vector)
            assert np.array_equal(face.crop, its.crop)
        assert list(picture.frames) == list(twin.frames)
        assert all(np.array_equal(picture.frames[n], twin.frames[n]) for n in picture.frames)
        assert (picture.phash, picture.sha256) == (twin.phash, twin.sha256)
        assert (picture.width, picture.height) == (twin.width, twin.height)


async def moedex(*arguments: object, **environment: str) -> int | None:
    """Run a command to its end; its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *map(str, arguments)), env=os.environ | environment
    )
    return await process.wait()


# This comes first: what serves stays in the cluster, and takes its processors.
@pytest.mark.slow
async def test_files_are_named_once_and_in_order_whatever_is_lost(
    nodes: Any, tmp_path: Path
) -> None:
    pictures, own, lines = (tmp_path / name for name in ("pictures", "own", "lines"))
    pictures.mkdir()
    for number in range(20):
        for name, data in FILES.items():
            (pictures / f"{number}-{name}").write_bytes(data)
    assert await moedex("identify", pictures, "--into", own) == 0
    running = asyncio.create_task(
        moedex("identify", pictures, "--into", lines, "--cluster", RAY_ADDRESS=nodes.address)
    )
    node = second(nodes)
    while not replicas([node], "MapWorker"):
        assert not running.done()
        await asyncio.sleep(0.05)
    await asyncio.to_thread(nodes.remove_node, node, allow_graceful=False)
    assert await running == 0
    assert lines.read_bytes() == own.read_bytes()


async def test_answers_are_the_same_whatever_is_lost(nodes: Any, stages: Stages) -> None:
    async with served(nodes.address) as (url, process):
        config = configured(url, "say")
        async with InferenceWorker(
            lambda: stages, config.inference, None, Threads(config.inference)
        ) as own:
            expected = await ask_all(own)
        assert sum(len(picture.faces) for picture in expected.values()) > 2
        async with InferenceWorker(
            lambda: stages, config.inference, None, Cluster(config)
        ) as worker:
            assert_same(await ask_all(worker), expected)

            async with asked_often(worker, expected):
                victims = replicas(nodes.list_all_nodes(), "ServeReplica:moedex-find")
                for victim in victims:
                    os.kill(victim, signal.SIGKILL)
            assert victims

            async with asked_often(worker, expected):
                other = second(nodes)
                lost = replicas([other], "ServeReplica:moedex")
                await asyncio.to_thread(nodes.remove_node, other, allow_graceful=False)
            assert lost

            process.send_signal(signal.SIGINT)
            _, log = await process.communicate()
            assert process.returncode == 0
            assert b"lost in mid-work" in log
            with pytest.raises(ClusterUnreachable, match="are away"):
                await ask(worker, next(iter(FILES)))
        config = configured(url, "threads")
        async with InferenceWorker(
            lambda: stages, config.inference, None, Cluster(config)
        ) as worker:
            assert_same(await ask_all(worker), expected)
