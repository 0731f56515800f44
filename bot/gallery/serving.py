"""What a server's faces are named by, read from the storage: its examples and its trained head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.gallery.server_gallery import examples_of, serving
from bot.learning.heads import read_head

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_gallery import Example
    from bot.storage import Storage
    from bot.storage.records import ModelVersion
    from models.gallery.namer import Gallery


@dataclass(frozen=True, eq=False)
class ServerState:
    """One moment of what a server has.

    `examples` are all of this backbone, `newer` those that the version that answers was not trained
    on: they name beside it. `version` is None where the shipped head answers.
    """

    roster: ServerRoster
    examples: list[Example]
    newer: list[Example]
    version: ModelVersion | None

    def gallery(self, shipped: Gallery) -> Gallery:
        """Build what answers now. Slow, and imports the models: for a thread."""
        head = None if self.version is None else read_head(self.version.head)
        return serving(shipped, self.roster, self.examples, self.newer, head)

    def first_gallery(self, shipped: Gallery) -> Gallery:
        """Build what would answer if nothing had ever been trained."""
        return serving(shipped, self.roster, self.examples)


async def read_server(
    storage: Storage, server_id: int, roster: ServerRoster, backbone: str
) -> ServerState:
    """Read what a server has; a version of another backbone counts as none."""
    version = await storage.versions.current(server_id)
    if version is not None and version.backbone != backbone:
        version = None
    exemplars = await storage.exemplars.in_use(server_id)
    settled = await storage.labels.in_server(server_id, "settled")
    examples = examples_of(exemplars, settled, roster, backbone)
    newer = examples
    if version is not None:
        late = {("exemplar", e.id) for e in exemplars if e.at > version.at}
        late |= {("sighting", s.id) for s, label in settled if label.at > version.at}
        newer = [e for e in examples if (e.kind, e.source_id) in late]
    return ServerState(roster, examples, newer, version)
