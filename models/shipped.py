"""Where the shipped weights lie; nothing heavy is imported for that."""

from __future__ import annotations

from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "weights"
MODEL_CARD: Final = WEIGHTS / "README.md"
