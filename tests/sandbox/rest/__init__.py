"""Tests of `sandbox/rest`."""
