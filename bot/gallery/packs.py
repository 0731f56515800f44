"""Gives a server the characters of a pack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.gallery.dataset import match_characters
from bot.storage.records import NewExemplar
from bot.wording import counted
from models.gallery.packs import Pack, PackError
from models.roster.spelling import can_be_read

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.storage import Storage


async def load_pack(
    storage: Storage, server_id: int, roster: ServerRoster, pack: Pack, backbone: str
) -> int:
    """Give a server a pack's characters, in one act that can be undone; return how many.

    Raises PackError for a pack of another backbone.
    """
    if pack.backbone != backbone:
        raise PackError(
            f"This pack was made with the backbone {pack.backbone}, this one has {backbone}: its "
            "vectors mean nothing here. Ask for one made with the same version of Moedex."
        )
    ids, rows = match_characters(pack.characters, roster)
    present = await storage.galleries.aliases(server_id)
    aliases: dict[str, tuple[str, ...]] = {}
    for character in pack.characters:
        key = ids[character["id"]]
        # Another's name stays another's: an alias that is taken here is left out, and one that
        # nobody can read.
        free = [a for a in character["aliases"] if can_be_read(a) and not roster.index.holds(a)]
        aliases[key] = (*aliases.get(key, present.get(key, ())), *free)
    now = datetime.now(UTC)
    await storage.galleries.change(
        server_id, "pack", 0, f"loaded a pack of {counted(len(ids), 'character')}", now,
        characters=rows,
        aliases=aliases,
        exemplars=[
            NewExemplar(
                ids[pack.characters[owner]["id"]], 0, "pack", vector, backbone, now,
                provenance=f"pack: {pack.provenance}, "
                f"{pack.characters[owner]['faces']} faces"[:200],
            )
            for vector, owner in zip(pack.vectors, pack.owners, strict=True)
        ],
    )  # fmt: skip
    return len(ids)
