"""Section `[roster]`: where further characters come from."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from bot.config.section import Section


class RosterConfig(Section):
    """Where `moedex roster add` finds further characters."""

    anilist: str = Field(
        "https://graphql.anilist.co", description="Address of AniList's GraphQL API."
    )
    board: str = Field(
        "https://danbooru.donmai.us", description="Address of a board with Danbooru's API."
    )
    login: str = Field("", description="Your name on that board; most of it needs none.")
    api_key: SecretStr = Field(
        SecretStr(""),
        description="Your API key there. Better set as MOEDEX_ROSTER__API_KEY than written here.",
    )

    teach_series: bool = Field(
        True,
        description="Whether moderators may give their server a series' cast from AniList by "
        "`/teach series:`.",
    )

    @field_validator("anilist", "board")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")
