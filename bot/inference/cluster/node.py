"""Starts what `moedex serve` is: a Ray node of its own or one that is there, and a door to it."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

# What is started here reads these. Its workers are as urgent as the bot would be: by default
# whatever else a machine does comes first.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_worker_niceness", "0")
# A start that was interrupted must not begin another one.
os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")

import ray
from ray import serve
from ray.serve.exceptions import RayServeException

from bot.errors import StartupError, in_one_line
from bot.inference.cluster.deployments import EMBED, FIND, targets
from bot.inference.cluster.door import Door, largest_body
from bot.inference.cluster.settings import fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ray.serve.handle import DeploymentHandle

    from bot.config import Config

log = logging.getLogger(__name__)

LEAST_PROCESSORS: Final = 2
"""A replica of each kind takes one."""


@asynccontextmanager
async def opened(
    config: Config, host: str, port: int, *, address: str = "", least: int = 1, most: int = 0
) -> AsyncIterator[str]:
    """Open a cluster to bots; its URL.

    Without the `address` of a Ray cluster, "host:6379", this machine is one by itself, which ends
    with the context. On a cluster that is there the deployments are made by who comes first, and
    stay: `ray stop` ends them with it. Each kind has `least` to `most` replicas; 0 is as many as
    the processors that the other kind leaves.

    Raises StartupError: Ray, the weights or the address won't have it.
    """
    side, settings = await asyncio.to_thread(_model, config)
    try:
        await asyncio.to_thread(connect, address or "local")
        try:
            handles = await asyncio.to_thread(_deploy, config, side, settings, least, most)
            there = await handles[0].settings.remote()
            if there != settings:
                raise StartupError(
                    "The cluster runs with other settings or weights: give it the same "
                    "configuration, or end it (ray stop) and start it anew."
                )
            door = Door(*handles, settings, largest_body(config.pictures.max_bytes, side))
            async with door.open(host, port) as there_port:
                yield f"http://{host}:{there_port}"
        finally:
            await asyncio.to_thread(_end, whole=not address)
    except (RayServeException, ConnectionError, OSError, RuntimeError) as error:
        raise StartupError(f"The cluster can't be opened: {in_one_line(error)}") from error


def connect(address: str | None) -> None:
    """Join the Ray cluster at an address; "local" starts one of this machine alone.

    None takes the one that RAY_ADDRESS names or that runs here, else starts one. Raises
    ConnectionError.
    """
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    if address == "local":
        options["num_cpus"] = max(LEAST_PROCESSORS, os.cpu_count() or 1)
    ray.init(address, configure_logging=False, **options)


def _model(config: Config) -> tuple[int, str]:
    """Return the side of the embedder's crops, and the fingerprint of the settings."""
    from models.embedding.embedder import Embedder
    from models.weight_files import WeightsError

    try:
        embedder = Embedder.load()
        return embedder.side, fingerprint(config, embedder.version)
    except (WeightsError, OSError) as error:
        raise StartupError(str(error)) from error


def _deploy(
    config: Config, side: int, settings: str, least: int, most: int
) -> tuple[DeploymentHandle, DeploymentHandle]:
    serve.start(proxy_location="Disabled")
    there = serve.status().applications
    if FIND in there and EMBED in there:
        return serve.get_app_handle(FIND), serve.get_app_handle(EMBED)
    processors = int(ray.cluster_resources().get("CPU", 0))
    most = max(least, most or processors - least)
    finding, embedding = serve.run_many(targets(config, side, settings, least, most))
    return finding, embedding


def _end(*, whole: bool) -> None:
    if whole:
        serve.shutdown()
    ray.shutdown()
