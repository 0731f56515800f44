"""Tests of `models.training.breadth.recipe`."""
