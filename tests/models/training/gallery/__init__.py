"""Tests of `models.training.gallery`."""
