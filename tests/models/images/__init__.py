"""Tests of `models.images`."""
