"""Tests of `models.embedding`."""
