"""The fixtures of `tests.bot.labelled_server` for the tests of this folder."""

from tests.bot.labelled_server import data, labelled, namer, storage

__all__ = ["data", "labelled", "namer", "storage"]
