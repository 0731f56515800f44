"""Tests of `bot.gallery`."""
