"""Tests of `sandbox/samples`."""
