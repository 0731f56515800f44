"""Section `[answers]`: how an answer looks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.config.section import Section


class AnswersConfig(Section):
    """How an answer looks."""

    plain: bool = Field(
        False,
        description="Answer in the plain form, an embed with reactions, for what lacks Discord's "
        "components v2. A server may choose otherwise in /settings.",
    )
    side: int = Field(
        800,
        ge=200,
        le=4096,
        description="Longest side of the picture with several numbered faces, in pixels.",
    )
    format: Literal["JPEG", "WEBP"] = Field(
        "JPEG", description='Format of an answer\'s pictures: "JPEG" or "WEBP".'
    )
    no_face: bool = Field(
        False,
        description="Say in a watched channel, too, that a picture shows no drawn face. Who asks "
        "is told in any case.",
    )
