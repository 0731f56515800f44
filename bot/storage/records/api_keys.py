"""A key by which somebody's programs ask the site's API, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of somebody's. `label` is what they call it; `used` the day of its last use.

    `user_name` is the owner's name when it was made.
    """

    id: int
    user_id: int
    user_name: str
    label: str
    created: datetime
    used: datetime | None
