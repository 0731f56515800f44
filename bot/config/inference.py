"""Section `[inference]`: the worker and its models."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from bot.config.section import Section
from models.detection.registry import AUTO, detector_names


class InferenceConfig(Section):
    """The worker that names faces, and the models it uses."""

    threads: int = Field(
        2, ge=1, le=64, description="Threads that decode, find faces and draw; one more embeds."
    )
    queue: int = Field(
        64, ge=1, description="Pictures that may wait; the next one is told that the bot is busy."
    )
    batch: int = Field(16, ge=1, le=256, description="Faces embedded at once, at most.")
    wait_ms: float = Field(
        5.0, ge=0, le=1000, description="Milliseconds a batch waits for faces still on their way."
    )
    timeout_s: float = Field(
        30.0, gt=0, description="Seconds a picture may take, waiting included."
    )
    detector: str = Field(
        AUTO, description='Face detector: "auto", "cascade", "learned" or one of your own.'
    )
    cascade: str = Field(
        "", description="Path of your own cascade file. Empty: one in cascades/, else nagadomi's."
    )

    backend: Literal["threads", "ray"] = Field(
        "threads",
        description='Where pictures are worked on: "threads" of this process, or "ray", a cluster '
        "that `moedex serve` opens.",
    )
    addresses: tuple[str, ...] = Field(
        ("http://127.0.0.1:8644",),
        min_length=1,
        description='Where clusters are, each a `moedex serve`; asked in turn with backend "ray".',
    )
    at_once: int = Field(
        16, ge=1, le=1024, description="Pictures that clusters are asked about at the same time."
    )
    when_away: Literal["threads", "say"] = Field(
        "threads",
        description='Where no cluster answers: "threads" of this process work instead, or "say" '
        "tells who asked that it can't be done now.",
    )

    @field_validator("addresses")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            url = urlsplit(address)
            if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
                raise ValueError(f'"{address}" should be like "http://127.0.0.1:8644"')
        return value

    @field_validator("detector")
    @classmethod
    def _is_registered(cls, value: str) -> str:
        # Asking which there are imports them all; the usual one need not wait for that.
        if value != AUTO and value not in (names := detector_names()):
            raise ValueError(f"Input should be {', '.join(map(repr, names))}")
        return value
