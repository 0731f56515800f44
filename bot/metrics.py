"""What the process counts and times for Prometheus; `web.metrics` serves it.

Names end in their unit, and counters in `_total`, as Prometheus recommends. Nothing here says who
asked, where, or about what: labels are ways, outcomes and numbers of shards.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge, Histogram

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Upper ends of the bins of every duration."""

STAGE_SECONDS: Final = Histogram(
    "moedex_stage_duration_seconds",
    "How long a stage of a picture's way through the worker took.",
    ["stage"],
    buckets=_SECONDS,
)
PICTURE_SECONDS: Final = Histogram(
    "moedex_picture_duration_seconds",
    "How long a picture took in the worker, from its queueing to its names.",
    buckets=_SECONDS,
)
PICTURES: Final = Counter(
    "moedex_pictures_total", "Pictures that came to the worker, by what came of them.", ["outcome"]
)
FACES: Final = Counter("moedex_faces_total", "Faces that were answered, by their tier.", ["tier"])
CLUSTER_REQUESTS: Final = Counter(
    "moedex_cluster_requests_total", "Requests to a cluster, by what came of them.", ["outcome"]
)
REQUESTS: Final = Counter(
    "moedex_requests_total", "Requests in chat, by what came of them.", ["outcome"]
)
REQUEST_SECONDS: Final = Histogram(
    "moedex_request_duration_seconds",
    "How long a request in chat took, downloads and the sending of its answer counted in.",
    buckets=_SECONDS,
)
VOTES_KEPT: Final = Counter(
    "moedex_votes_total", "Votes that were kept, by what they say.", ["kind"]
)
GATEWAY_LATENCY: Final = Gauge(
    "moedex_gateway_latency_seconds",
    "Time between a heartbeat and Discord's answer to it; +Inf before the first.",
    ["shard"],
)
GATEWAY_CONNECTIONS: Final = Counter(
    "moedex_gateway_connections_total",
    "Connections to the gateway: a session begun, or one resumed.",
    ["shard", "kind"],
)
GATEWAY_DISCONNECTS: Final = Counter(
    "moedex_gateway_disconnects_total", "Connections to the gateway that ended.", ["shard"]
)


class Outcome:
    """What came of something, as it is known so far."""

    def __init__(self, word: str) -> None:
        self.word = word


@contextmanager
def timed(counter: Counter, histogram: Histogram, fine: str) -> Iterator[Outcome]:
    """Count what happens in the context by its outcome, and time it where that is `fine`.

    It is `fine` unless the context says another word. Left by a UserError it is "refused", left by
    another error "failed".
    """
    outcome, since = Outcome(fine), time.perf_counter()
    try:
        yield outcome
    except BaseException as error:
        if outcome.word == fine:
            outcome.word = "refused" if isinstance(error, UserError) else "failed"
        raise
    finally:
        counter.labels(outcome.word).inc()
        if outcome.word == fine:
            histogram.observe(time.perf_counter() - since)
