"""Section `[answers]`: how an answer looks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.config.section import Section


class AnswersConfig(Section):
    """How an answer looks."""

    side: int = Field(
        1600, ge=200, le=4096, description="Longest side of the answered picture, in pixels."
    )
    format: Literal["JPEG", "WEBP"] = Field(
        "JPEG", description='Format of the answered picture: "JPEG" or "WEBP".'
    )
    no_face: bool = Field(
        False,
        description="Say in a watched channel, too, that a picture shows no drawn face. Who asks "
        "is told in any case.",
    )
