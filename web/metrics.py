"""`/metrics` for Prometheus, where the configuration says who may read it."""

from __future__ import annotations

import secrets
import time
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder

from web.listening import listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.typedefs import Handler

    from bot.config import Config
    from bot.inference import InferenceWorker
    from bot.storage import Storage

HTTP_REQUESTS: Final = Counter(
    "moedex_http_requests_total", "Requests of the site.", ["method", "route", "status"]
)
HTTP_SECONDS: Final = Histogram(
    "moedex_http_request_duration_seconds", "How long an answer of the site took.", ["route"]
)
QUEUE: Final = Gauge("moedex_queue_pictures", "Pictures that wait for their turn.")
QUEUE_LIMIT: Final = Gauge("moedex_queue_limit_pictures", "Pictures that may wait.")
LABELS: Final = Gauge("moedex_labels", "Labels of faces, by their state.", ["state"])
VERSIONS: Final = Gauge(
    "moedex_server_versions", "Trained versions of servers, by their state.", ["state"]
)
BUILD: Final = Info("moedex_build", "The versions of the bot and of what it names by.")


class Metrics:
    """What is counted as it happens, and beside it what is looked up when somebody asks."""

    def __init__(self, config: Config, worker: InferenceWorker, storage: Storage) -> None:
        self._token = config.metrics.token.get_secret_value()
        self._most = config.inference.queue
        self._worker = worker
        self._statistics = storage.statistics

    def add_to(self, router: web.UrlDispatcher, *, public: bool) -> None:
        """Add `/metrics`; where everybody may come, only for who has the token."""
        if self._token or not public:
            router.add_get("/metrics", self.show)

    async def show(self, request: web.Request) -> web.Response:
        """Give every figure, in the format that was asked for."""
        sent = request.headers.get("Authorization", "")
        if self._token and not secrets.compare_digest(
            sent.encode(), f"Bearer {self._token}".encode()
        ):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        await self._look_up()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(REGISTRY), headers={"Content-Type": content_type})

    async def _look_up(self) -> None:
        labels = await self._statistics.labels_by_state()
        for state in ("open", "settled", "disputed"):
            LABELS.labels(state).set(labels[state])
        versions = await self._statistics.versions_by_state()
        for state in ("current", "kept", "rejected"):
            VERSIONS.labels(state).set(versions[state])
        QUEUE.set(self._worker.waiting)
        QUEUE_LIMIT.set(self._most)
        stages = self._worker.stages
        BUILD.info(
            {
                "version": version("moedex"),
                "model": stages.model_version,
                "backbone": stages.backbone[:12],
            }
        )


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count a request and its answer under its route; what has none is counted as one."""
    resource = request.match_info.route.resource
    route, since = resource.canonical if resource else "none", time.perf_counter()
    # Anybody may invent methods, and each would be kept.
    method = request.method if request.method in {"GET", "HEAD", "POST", "DELETE"} else "other"
    status = "cancelled"
    try:
        response = await handler(request)
        status = str(response.status)
        return response
    except web.HTTPException as error:  # a redirection
        status = str(error.status)
        raise
    finally:
        HTTP_REQUESTS.labels(method, route, status).inc()
        HTTP_SECONDS.labels(route).observe(time.perf_counter() - since)


@asynccontextmanager
async def serving(
    config: Config, worker: InferenceWorker, storage: Storage, host: str, port: int
) -> AsyncIterator[str]:
    """Serve `/metrics` on an address of its own while the context lasts; gives the address.

    Raises OSError where the port can't be used.
    """
    app = web.Application()
    Metrics(config, worker, storage).add_to(app.router, public=False)
    async with listening(app, host, port) as address:
        yield f"{address}metrics"
