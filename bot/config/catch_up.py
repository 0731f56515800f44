"""Section `[catch_up]`: what is answered that was posted while the bot was away."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class CatchUpConfig(Section):
    """What is answered late: questions, and pictures in watched channels, posted meanwhile."""

    minutes: int = Field(
        15,
        ge=0,
        le=1440,
        description="Minutes back from the moment when the bot is there again; 0 answers nothing.",
    )
