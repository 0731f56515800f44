"""Tests of signing in, sessions and keys."""
