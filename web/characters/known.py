"""What a character's page tells beside its names: its pictures, its likes, and how it does."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.feedback.character_record import record_of
from bot.feedback.statistics import WEEKS
from models.gallery.resemblance import place_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.feedback.character_record import CharacterRecord
    from models.gallery.gallery import Gallery
    from models.gallery.resemblance import Alike, Place
    from models.types import Character
    from web.site import Site

NEAREST: Final = 8
_FROM: Final = {
    "teach": "taught here with /teach",
    "pack": "taken from a pack here",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a character: pictures by where they are from, and who is most like it.

    `record` is that of the server that was asked about, None where none was; `names` are those of
    the others in it, by their ids.
    """

    pictures: Mapping[str, int]
    nearest: tuple[Alike, ...]
    record: CharacterRecord | None
    names: Mapping[str, str]


async def known(
    site: Site,
    character: Character,
    server_id: int | None,
    visible: Callable[[set[int]], Awaitable[set[int]]],
) -> Known:
    """Look up what is known of a character, by everybody or in a server."""
    storage = site.services.storage
    shipped = site.worker.stages.gallery
    gallery = await site.galleries.gallery(server_id) or shipped
    pictures: Counter[str] = Counter()
    for enrolled in await storage.enrolled.of_character(character.id):
        pictures[f"enrolled from {enrolled.source_title}"] += enrolled.samples
    roster = await site.roster(server_id)
    if server_id is not None:
        for each in await storage.exemplars.in_use(server_id):
            if roster.resolve(each.character_id) == character.id:
                pictures[_FROM[each.source]] += 1
    of_all, of_shipped = await asyncio.gather(
        _place(gallery, character.id, NEAREST), _place(shipped, character.id, 0)
    )
    if of_shipped is not None:
        pictures["shipped"] = of_shipped.pictures
    record = None
    if server_id is not None:
        record = await _record(site, character.id, server_id, visible)
    others = [] if record is None else [*record.taken_for, *record.mistaken]
    return Known(
        {source: number for source, number in pictures.most_common() if number},
        of_all.nearest if of_all else (),
        record,
        {each: roster.characters[each].name for each, _ in others},
    )


async def _place(gallery: Gallery | None, character_id: str, count: int) -> Place | None:
    # It compares with every character: not on the event loop.
    if gallery is None:
        return None
    return await asyncio.to_thread(place_of, gallery, character_id, count)


async def _record(
    site: Site,
    character_id: str,
    server_id: int,
    visible: Callable[[set[int]], Awaitable[set[int]]],
) -> CharacterRecord:
    since = datetime.now(UTC) - timedelta(weeks=WEEKS)
    faces = await site.storage.statistics.settled_faces(server_id, since)
    roster = await site.roster(server_id)
    seen = await visible({face.channel_id for face in faces})
    return record_of(character_id, faces, roster.resolve, seen)
