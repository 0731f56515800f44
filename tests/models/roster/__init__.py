"""Tests of `models.roster`."""
