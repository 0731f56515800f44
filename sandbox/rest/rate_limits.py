"""The rate limits of Discord's REST API: buckets of requests, and their headers."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.state.errors import ApiError

GENEROUS = (10_000, 1.0)
"""Requests and seconds of a bucket where limits aren't to be felt."""

REALISTIC = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
    "POST /channels/{channel_id}/typing": (5, 5.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": (1, 0.3),
    "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": (1, 0.3),
    "POST /webhooks/{application_id}/{token}": (5, 2.0),
    "PATCH /webhooks/{application_id}/{token}/messages/{message_id}": (5, 2.0),
}
"""Requests and seconds of the buckets a bot meets most, about as Discord has them."""


class RateLimitedError(ApiError):
    """Too many requests: answered with 429, `Retry-After` and the `Via` that clients look for.

    Without `via` it comes from what stands before Discord, and the client doesn't wait by itself.
    """

    def __init__(
        self, retry_after: float, *, is_global: bool = False, bucket: str = "", via: bool = True
    ) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        self.retry_after = retry_after
        self.is_global = is_global
        self.bucket = bucket
        self.via = via

    def body(self) -> dict[str, Any]:
        """Return the JSON answer."""
        return super().body() | {
            "retry_after": round(self.retry_after, 3),
            "global": self.is_global,
        }

    def headers(self) -> dict[str, str]:
        """Return the headers that make a client wait."""
        headers = {
            "Retry-After": str(max(1, round(self.retry_after))),
            "X-RateLimit-Scope": "global" if self.is_global else "user",
        }
        if self.via:
            headers["Via"] = "1.1 sandbox"
        if self.is_global:
            headers["X-RateLimit-Global"] = "true"
        return headers


@dataclass(slots=True)
class Bucket:
    """One rate limit: so many requests in a window of so many seconds."""

    limit: int
    window: float
    times: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> float | None:
        """Take a request; returns the seconds to wait instead where there is none left."""
        while self.times and self.times[0] <= now - self.window:
            self.times.popleft()
        if len(self.times) >= self.limit:
            return self.times[0] + self.window - now
        self.times.append(now)
        return None


class RateLimits:
    """Counts requests by bucket; `realistic` limits are about Discord's, others are never felt."""

    def __init__(self, *, realistic: bool = False) -> None:
        self._realistic = realistic
        self._buckets: dict[str, Bucket] = {}

    def take(self, method: str, template: str, major: str) -> dict[str, str]:
        """Count a request and return its rate-limit headers.

        Args:
            method: The HTTP method.
            template: The route's path, with its parameters' names.
            major: The value of the parameter that buckets are apart by (channel or webhook).

        Raises:
            RateLimitedError: The bucket is empty.

        """
        route = f"{method} {template}"
        limit, window = (REALISTIC.get(route) if self._realistic else None) or GENEROUS
        name = hashlib.blake2b(route.encode(), digest_size=16).hexdigest()
        bucket = self._buckets.setdefault(f"{name}:{major}", Bucket(limit, window))
        wait = bucket.take(time.monotonic())
        if wait is not None:
            raise RateLimitedError(wait, bucket=name)
        reset_after = bucket.times[0] + window - time.monotonic()
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - len(bucket.times)),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": name,
        }
