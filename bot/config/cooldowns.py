"""Section `[cooldowns]`: how often somebody may ask."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class CooldownsConfig(Section):
    """How often a person and a server may ask or `/teach`; ten times as often, correct."""

    user_times: int = Field(5, ge=1, description="Questions a user may ask ...")
    user_seconds: float = Field(20.0, gt=0, description="... in this many seconds.")
    server_times: int = Field(30, ge=1, description="Questions a server may ask ...")
    server_seconds: float = Field(20.0, gt=0, description="... in this many seconds.")
