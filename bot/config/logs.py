"""Section `[logs]`: what is logged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.config.section import Section


class LogsConfig(Section):
    """What is logged, to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description='"DEBUG", "INFO", "WARNING" or "ERROR".'
    )
