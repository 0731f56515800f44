"""The fixtures of `tests.bot.labelled_server` for the tests of this folder."""

from tests.bot.labelled_server import labelled, storage
from tests.models.gallery.world import data, namer

__all__ = ["data", "labelled", "namer", "storage"]
