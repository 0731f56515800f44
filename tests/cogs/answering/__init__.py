"""Tests of `cogs.answering`."""
