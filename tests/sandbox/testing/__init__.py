"""Tests of `sandbox/testing`."""
