"""Section `[web]`: the site beside the bot."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, field_validator

from bot.config.section import Section, host_and_port, is_address


class WebConfig(Section):
    """The site on which pictures are recognised without Discord. Off where `listen` is empty."""

    listen: str = Field(
        "",
        description='Address and port, "127.0.0.1:8643". Empty: `moedex run` serves no site.',
    )
    recognise: Literal["open", "off"] = Field(
        "open", description='Who may upload pictures: "open" is everybody, "off" nobody.'
    )
    uploads_a_minute: int = Field(
        30, ge=1, description="Pictures that one address may upload in a minute."
    )
    parallel_uploads: int = Field(
        4, ge=1, description="Pictures of one address that are looked at at the same time."
    )
    requests_a_minute: int = Field(
        600, ge=1, description="Requests of any kind that one address may make in a minute."
    )
    upload_s: float = Field(
        60, gt=0, description="Seconds in which an upload must have come in whole."
    )
    proxies: list[str] = Field(
        [],
        description="Addresses of reverse proxies whose X-Forwarded-For is believed.",
    )

    @field_validator("listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return is_address(value)

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for each in value:
            ipaddress.ip_address(each)
        return value

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to listen; only where `listen` is set."""
        return host_and_port(self.listen)
