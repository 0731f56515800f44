"""Tests of `bot.learning`."""
