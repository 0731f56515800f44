"""Tests of `cogs.feedback`."""
