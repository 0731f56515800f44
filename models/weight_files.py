"""Where the shipped weights lie, and how others take their place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WEIGHTS: Final = Path(__file__).parent / "weights"
MODEL_CARD: Final = WEIGHTS / "README.md"


def install(files: Mapping[str, Path], folder: Path = WEIGHTS) -> None:
    """Copy weights files, by name, to where `Embedder` and `Namer` look for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        shutil.copyfile(path, folder / name)
        (folder / name).chmod(0o644)
