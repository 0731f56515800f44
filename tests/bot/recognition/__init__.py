"""Tests of `bot.recognition`."""
