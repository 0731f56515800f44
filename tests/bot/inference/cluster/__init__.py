"""Tests of `bot.inference.cluster`."""
