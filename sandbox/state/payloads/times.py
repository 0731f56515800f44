"""Times as Discord's API v10 writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def iso(moment: datetime | None) -> str | None:
    """Write a time as Discord does."""
    return None if moment is None else moment.isoformat()
