"""Section `[naming]`: from which probability on a name is said."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section
from models.gallery.policy import NAMED, PROBABLY, UNKNOWN_SHARE, NamingPolicy


class NamingConfig(Section):
    """How surely a name must be right to be said, unknown identities counted in."""

    named: float = Field(
        NAMED,
        ge=0,
        le=1,
        description="Say a name when it is right so often: 0.9 is 9 times in 10. A server may "
        "set its own figures in `/settings`.",
    )
    probably: float = Field(
        PROBABLY,
        ge=0,
        le=1,
        description='Say "probably" when it is right so often; below it, the face is not known.',
    )
    unknown_share: float = Field(
        UNKNOWN_SHARE,
        ge=0.01,
        le=0.99,
        description="The share of posted faces that show nobody who can be named.",
    )

    def policy(
        self,
        named: float | None = None,
        probably: float | None = None,
        unknown_share: float | None = None,
    ) -> NamingPolicy:
        """Return the policy of a server that set these; what it did not set is the section's."""
        return NamingPolicy(
            self.named if named is None else named,
            self.probably if probably is None else probably,
            self.unknown_share if unknown_share is None else unknown_share,
        )
