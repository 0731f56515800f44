"""Which detectors there are: each is one file of this folder that registers itself by name.

A function that loads the detector, decorated with `registered("its name")`, is all that a further
file needs: `detector = "its name"` in the configuration is valid by the file being there
(docs/contributing.md, "A detector").
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import models.detection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.types import Face, Pixels

    Load = Callable[[Path | None], "Detector"]
    """Makes a detector; takes a cascade file to use instead of the installed one."""

AUTO: Final = "auto"
"""Stands for the detector of the highest rank whose weights are there."""


class Detector(Protocol):
    """Finds heads in a picture. Safe to call from several threads at once."""

    def detect(self, picture: Pixels) -> list[Face]:
        """Return the heads in a (height, width, 3) uint8 RGB picture, one face a head.

        Boxes follow the convention of `models.types`; scores go from 0 to 1.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Entry:
    load: Load
    rank: int
    weights: Path | None


_entries: dict[str, _Entry] = {}


def registered(name: str, *, rank: int = 0, weights: Path | None = None) -> Callable[[Load], Load]:
    """Register the decorated function as what loads the detector `name`.

    `rank`, `weights`: for "auto", which takes the highest rank whose weights file is there.
    """

    def register(load: Load) -> Load:
        _entries[name] = _Entry(load, rank, weights)
        return load

    return register


def detector_names() -> list[str]:
    """Every name that `load_detector` takes, "auto" first."""
    return [AUTO, *sorted(_registered())]


def load_detector(name: str = AUTO, cascade: Path | None = None) -> Detector:
    """Make the detector registered by `name`.

    `cascade` is a cascade file to use instead of the installed one.

    Raises CascadeError: there is no usable cascade file.
    Raises WeightsError: the learned detector's weights are missing or unreadable.
    Raises KeyError: no detector has that name.
    """
    entries = _registered()
    if name == AUTO:
        there = [each for each in entries.values() if not each.weights or each.weights.is_file()]
        return max(there, key=lambda entry: entry.rank).load(cascade)
    return entries[name].load(cascade)


def _registered() -> dict[str, _Entry]:
    """Import every file of the folder, so that those with a detector register it."""
    for module in pkgutil.iter_modules(models.detection.__path__):
        importlib.import_module(f"{models.detection.__name__}.{module.name}")
    return _entries
