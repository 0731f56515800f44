"""The fixtures of `tests.bot.discord_objects` for the tests of this folder."""

from tests.bot.discord_objects import bot, storage, worker

__all__ = ["bot", "storage", "worker"]
