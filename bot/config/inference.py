"""Section `[inference]`: the worker and its models."""

from __future__ import annotations

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

    @field_validator("detector")
    @classmethod
    def _is_registered(cls, value: str) -> str:
        # Asking which there are imports them all; the usual one need not wait for that.
        if value != AUTO and value not in (names := detector_names()):
            raise ValueError(f"Input should be {', '.join(map(repr, names))}")
        return value
