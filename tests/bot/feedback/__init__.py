"""Tests of `bot.feedback`."""
