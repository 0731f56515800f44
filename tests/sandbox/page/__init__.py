"""Tests of `sandbox/page`."""
