"""What every server can name: the shipped gallery, and whom the operator enrolled beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage import Storage
    from models.gallery.gallery import Gallery
    from models.types import Character


@dataclass(frozen=True, eq=False)
class BaseGallery:
    """The characters and the gallery that servers extend; see `ServerGalleries` for None."""

    characters: tuple[Character, ...]
    gallery: Gallery | None

    async def with_enrolled(self, storage: Storage, backbone: str) -> BaseGallery:
        """Return this with what was enrolled by this backbone; itself where nothing was."""
        centroids = await storage.enrolled.centroids(backbone)
        if self.gallery is None or not centroids:
            return self
        known = {character.id: character for character in self.characters}
        everyone = known | {
            character.id: character
            for character in await storage.enrolled.characters()
            if character.id not in known
        }
        # Who was removed between the two reads has moved the revision: this is built anew at once.
        rows = [
            (everyone[centroid.character_id], centroid.vector, centroid.samples)
            for centroid in centroids
            if centroid.character_id in everyone
        ]

        def extend(shipped: Gallery) -> Gallery:
            from models.gallery.enrolled import enrolled_gallery

            enrolled = enrolled_gallery(rows)
            return shipped if enrolled is None else shipped.extended(enrolled)

        gallery = await asyncio.to_thread(extend, self.gallery)
        answering = {character.id for character, _, _ in rows}
        new = (c for key, c in everyone.items() if key in answering and key not in known)
        return BaseGallery((*self.characters, *new), gallery)
