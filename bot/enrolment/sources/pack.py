"""A pack that another Moedex made: characters with vectors, without pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.enrolment.found import FoundCharacter, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.gallery.packs import Pack
    from models.types import Vectors


class PackSource:
    """The characters of a pack that was read already, called `name`."""

    def __init__(self, pack: Pack, name: str) -> None:
        self._pack = pack
        self.key = f"pack:{name}"
        self.title = f"the pack {name} ({pack.provenance})"

    def check(self, backbone: str) -> None:
        """Raise SourceError where the pack's vectors mean nothing here."""
        if self._pack.backbone != backbone:
            raise SourceError(
                f"This pack was made with the backbone {self._pack.backbone}, this one has "
                f"{backbone}: its vectors mean nothing here. Ask for one made with the same "
                "version of Moedex."
            )

    def characters(self) -> Iterator[tuple[FoundCharacter, Vectors]]:
        """Return each character with its vectors, (n, dimensions), n >= 1."""
        for place, written in enumerate(self._pack.characters):
            own = [row for row, owner in enumerate(self._pack.owners) if owner == place]
            if own:
                found = FoundCharacter(
                    ref=written["id"],
                    name=written["name"],
                    series=written["series"],
                    native_name=written["native_name"],
                    aliases=tuple(written["aliases"]),
                )
                yield found, self._pack.vectors[own]
