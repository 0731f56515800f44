"""Section `[discord]`: Discord itself: token, prefix, and where its servers are."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, field_validator

from bot.config.section import Section
from bot.config.shards import ShardSlice


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
    shards: int | str = Field(
        0,
        description="How many gateway connections; 0 lets Discord say. Where several processes "
        'share one database, the slice of this one: "0-3/16".',
    )
    api: str = Field(
        "", description="Base URL of another REST API, version included. Empty: Discord's own."
    )
    gateway: str = Field("", description="Websocket URL of another gateway. Empty: Discord's own.")
    cdn: str = Field("", description="Base URL of another CDN. Empty: Discord's own.")

    @field_validator("shards", mode="before")
    @classmethod
    def _are_shards(cls, value: object) -> int | str:
        text = str(value)
        if not text.isdecimal():
            ShardSlice.parse(text)
        return int(text) if text.isdecimal() else text

    @property
    def shard_slice(self) -> ShardSlice | None:
        """The shards of this process; None where it runs all there are."""
        return ShardSlice.parse(self.shards) if isinstance(self.shards, str) else None

    @field_validator("api", "gateway", "cdn")
    @classmethod
    def _is_url(cls, value: str, info: Any) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "gateway" else ("http://", "https://")
        if value and not value.startswith(schemes):
            raise ValueError(f"must be empty or start with {' or '.join(schemes)}")
        return value if info.field_name == "gateway" else value.rstrip("/")
