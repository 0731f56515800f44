"""Section `[web]`: the site beside the bot."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from yarl import URL

from bot.config.section import Section, host_and_port, is_address


class WebConfig(Section):
    """The site on which pictures are recognised without Discord. Off where `listen` is empty."""

    listen: str = Field(
        "",
        description='Address and port, "127.0.0.1:8643". Empty: `moedex run` serves no site.',
    )
    public_url: str = Field(
        "",
        description='Where browsers find the site, "https://moedex.example". Empty: where it is '
        "asked for, which only this machine may do who wants to sign in.",
    )
    client_id: str = Field(
        "",
        pattern=r"^[0-9]{0,20}$",
        description="The application's id, so that people can sign in. Empty: nobody signs in.",
    )
    client_secret: SecretStr = Field(
        SecretStr(""),
        description="The application's client secret. Better set as MOEDEX_CLIENT_SECRET than "
        "written here.",
    )
    chat: str = Field(
        "",
        description=(
            "Address of the Discord server or of an invitation, linked in the head of every page."
        ),
    )
    recognise: Literal["open", "signed in", "off"] = Field(
        "open",
        description='Who may upload pictures: "open" is everybody, '
        '"signed in" who is, "off" nobody.',
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
    batch_a_minute: int = Field(
        300, ge=1, description="Pictures of a batch that a labeller may upload in a minute."
    )
    crops_a_minute: int = Field(
        20_000,
        ge=1,
        description="Crops that one address may load in a minute, beside those requests: a page "
        "for labelling has hundreds.",
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

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        url = URL(value)
        if value and not (url.scheme in ("http", "https") and url.host and url.path == "/"):
            raise ValueError('must be an address without a path, such as "https://moedex.example"')
        return str(url.origin()) if value else ""

    @field_validator("chat")
    @classmethod
    def _is_link(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must be empty or start with https:// or http://")
        return value

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for each in value:
            ipaddress.ip_address(each)
        return value

    @property
    def missing(self) -> str | None:
        """The sentence that says what signing in lacks; None where nothing does."""
        if self.client_id and not self.client_secret.get_secret_value():
            return "[web] client_id needs the client secret: set MOEDEX_CLIENT_SECRET."
        if self.recognise == "signed in" and not self.client_id:
            return '[web] recognise = "signed in" needs [web] client_id.'
        return None

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to listen; only where `listen` is set."""
        return host_and_port(self.listen)
