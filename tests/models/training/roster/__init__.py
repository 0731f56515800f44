"""Tests of `models.training.roster.building`."""
