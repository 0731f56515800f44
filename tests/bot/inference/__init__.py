"""Tests of `bot.inference`."""
