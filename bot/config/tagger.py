"""Section `[tagger]`: a second opinion."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class TaggerConfig(Section):
    """A second opinion on faces that the own model does not name; needs moedex[tagger]."""

    model: str = Field(
        "",
        description="Path of a tagger (WD v3 or Camie v2), or its name on a hub, fetched by "
        "`moedex tagger fetch`. Empty: none is asked.",
    )
    threshold: float = Field(
        0.8, gt=0, le=1, description="Below this probability a tagger's name is not given."
    )
