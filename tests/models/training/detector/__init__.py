"""Tests of `models.training.detector.training`."""
