"""Tests of `models.detection`."""
