"""Section `[metrics]`: what Prometheus may read, and where."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from bot.config.section import Section, host_and_port, is_address


class MetricsConfig(Section):
    """Figures for Prometheus, at `/metrics`. Off where both are empty."""

    listen: str = Field(
        "",
        description='Address and port of their own, "127.0.0.1:9643". Keep it from the public.',
    )
    token: SecretStr = Field(
        SecretStr(""),
        description=(
            "With it the site has /metrics too, for who sends this as a bearer token; so does the "
            "address above. Better set as MOEDEX_METRICS__TOKEN than written here."
        ),
    )

    @field_validator("listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return is_address(value)

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to listen; only where `listen` is set."""
        return host_and_port(self.listen)
