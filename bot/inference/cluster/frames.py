"""The frames of a picture whose faces a cluster found: decoded here, where an answer draws them.

Most pictures show one face and are never drawn. Their frames would be nine tenths of what comes
back from a cluster, and of the memory that an answer on its way takes.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from bot.inference.finding import shown_frames

if TYPE_CHECKING:
    from bot.inference.finding import Intake
    from models.types import Pixels


class ShownFrames(Mapping[int, "Pixels"]):
    """Frames by their place in an animation, to the bit those that `Finding.find` keeps.

    The first that is asked for decodes the picture: in a thread, please. Threads may share it.
    """

    def __init__(self, data: bytes, name: str, intake: Intake, indices: Collection[int]) -> None:
        self._indices = sorted(indices)
        self._picture = data, name, intake
        self._frames: dict[int, Pixels] | None = None
        self._decoding = threading.Lock()

    def __getitem__(self, index: int) -> Pixels:
        if index not in self._indices:
            raise KeyError(index)
        with self._decoding:
            if self._frames is None:
                data, name, intake = self._picture
                self._frames = shown_frames(data, name, intake, self._indices)
        return self._frames[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)
