"""What speaks for the name of a face.

Pictures that the server keeps of that character, or else where in the face the name comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.inference.explaining import explain
from models.gallery.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import InferenceWorker
    from bot.inference.explaining import Explanation
    from bot.storage import Storage
    from bot.storage.crops import CropStore
    from models.types import NamedFace, Vector

SHOWN: Final = 4
"""Pictures that are shown, at most."""


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A crop that a server keeps of a character, as a WebP file, and how like the face it is."""

    crop: bytes
    similarity: float


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for a name: pictures, or else an explanation (None where there is none)."""

    pictures: tuple[KeptPicture, ...]
    explanation: Explanation | None


class Reasons:
    """Tells why, for all servers."""

    def __init__(
        self,
        storage: Storage,
        crops: CropStore,
        galleries: ServerGalleries,
        worker: InferenceWorker,
    ) -> None:
        self._storage = storage
        self._crops = crops
        self._galleries = galleries
        self._worker = worker

    async def of(
        self,
        face: NamedFace,
        server_id: int | None,
        sees: Callable[[int | None], Awaitable[bool]],
    ) -> Reason:
        """Tell why a face was named as it was in a server, or outside every one (None).

        `sees` says whether whoever asks may be shown what was posted in a channel; of None, what
        was handed over for teaching in none.
        """
        if server_id is not None:
            pictures = await self._pictures(face, server_id, sees)
            if pictures:
                return Reason(pictures, None)
        gallery = await self._galleries.gallery(server_id)
        return Reason((), await explain(self._worker, face, gallery))

    async def _pictures(
        self,
        face: NamedFace,
        server_id: int,
        sees: Callable[[int | None], Awaitable[bool]],
    ) -> tuple[KeptPicture, ...]:
        kept = await self._kept(server_id, face.best.character.id)
        seen = {channel: await sees(channel) for channel in {channel for _, _, channel in kept}}
        shown = [(crop, vector) for crop, vector, channel in kept if seen[channel]]
        found: list[KeptPicture] = []
        for place, similarity in nearest(face.vector, [vector for _, vector in shown], SHOWN):
            crop = await self._crops.load(shown[place][0])
            if crop is not None:
                found.append(KeptPicture(crop, similarity))
        return tuple(found)

    async def _kept(
        self, server_id: int, character_id: str
    ) -> list[tuple[str, Vector, int | None]]:
        """Return crop, vector and channel of what a server was taught of a character by."""
        roster = await self._galleries.roster(server_id)
        backbone = self._galleries.backbone
        kept: list[tuple[str, Vector, int | None]] = [
            (one.crop, one.vector, one.posted[0] if one.posted else None)
            for one in await self._storage.exemplars.in_use(server_id)
            if one.crop and one.backbone == backbone
            and roster.resolve(one.character_id) == character_id
        ]  # fmt: skip
        for face, label in await self._storage.labels.in_server(server_id, "settled"):
            said = label.label
            if said is None or said.kind != "character" or face.hidden:
                continue
            same = roster.resolve(said.character_id) == character_id
            if same and face.crop and face.vector is not None and face.backbone == backbone:
                kept.append((face.crop, face.vector, face.channel_id))
        return kept
