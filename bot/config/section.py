"""What all sections of the configuration have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the file: frozen, and without room for a misspelled key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
