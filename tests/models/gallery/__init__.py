"""Tests of `models.gallery`."""
