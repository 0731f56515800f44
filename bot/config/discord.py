"""Section `[discord]`: Discord itself: token, prefix, and where its servers are."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, field_validator

from bot.config.section import Section


class DiscordConfig(Section):
    """Where Discord is and how the bot shows itself there."""

    token: SecretStr = Field(
        SecretStr(""), description="The bot's token. Better set as MOEDEX_TOKEN than written here."
    )
    prefix: str = Field(
        "!",
        min_length=1,
        max_length=10,
        description="What a typed command starts with. A mention of the bot always works too.",
    )
    shards: int = Field(0, ge=0, description="How many gateway connections; 0 lets Discord say.")
    api: str = Field(
        "", description="Base URL of another REST API, version included. Empty: Discord's own."
    )
    gateway: str = Field("", description="Websocket URL of another gateway. Empty: Discord's own.")
    cdn: str = Field("", description="Base URL of another CDN. Empty: Discord's own.")

    @field_validator("api", "gateway", "cdn")
    @classmethod
    def _is_url(cls, value: str, info: Any) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "gateway" else ("http://", "https://")
        if value and not value.startswith(schemes):
            raise ValueError(f"must be empty or start with {' or '.join(schemes)}")
        return value if info.field_name == "gateway" else value.rstrip("/")
