"""Where the API is, for all that add to it, answer it with problems, or take its keys."""

from __future__ import annotations

from typing import Final

API: Final = "/api/"
"""What stands before the address of every call, also of versions that there are not."""
PREFIX: Final = "/api/v1"
"""The present version."""
