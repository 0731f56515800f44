"""Tests of `sandbox/state`."""
