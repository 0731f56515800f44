"""Labels that cross from one server to another: only where a server's moderators said yes.

Names and vectors cross, never a picture. They join the training of characters that both servers
have, and never measure it; a picture that the learning server has too is left out, so that none is
on both sides of a measurement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from bot.gallery.dataset import match_characters
from bot.gallery.roster import Listed, ServerRoster
from bot.gallery.serving import examples_of, read_roster
from models.images.hashing import HashIndex

if TYPE_CHECKING:
    from bot.storage import Storage
    from models.gallery.examples import Example
    from models.types import Character


async def shared_with(
    storage: Storage,
    server_id: int,
    roster: ServerRoster,
    shipped: Iterable[Character] | Listed,
    backbone: str,
) -> list[Example]:
    """Return what other servers share of the characters that a server has, by its own names."""
    shipped = shipped if isinstance(shipped, Listed) else Listed(shipped)
    own_pictures = HashIndex(await storage.faces.hashes(server_id))
    found: list[Example] = []
    for other in await storage.settings.sharing():
        if other == server_id:
            continue
        there = await read_roster(storage, other, shipped)
        settled = [
            (observation, label)
            for observation, label in await storage.labels.in_server(other, "settled")
            if observation.phash and not own_pictures.within(observation.phash)
        ]
        exemplars = [
            exemplar
            for exemplar in await storage.exemplars.in_use(other)
            if exemplar.phash is None or not own_pictures.within(exemplar.phash)
        ]
        examples = examples_of(exemplars, settled, there, backbone)
        labelled = {e.character_id for e in examples if e.character_id is not None}
        ids, new = match_characters([asdict(there.characters[x]) for x in labelled], roster)
        new_ids = {character.id for character in new}
        here: dict[str | None, str | None] = {None: None}  # what is no face is none anywhere
        here |= {key: name for key, name in ids.items() if name not in new_ids}
        found += [
            replace(example, character_id=here[example.character_id], shared=True, held_out=False)
            for example in examples
            if example.character_id in here
        ]
    return found
