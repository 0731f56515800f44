"""Tests of `sandbox/gateway`."""
