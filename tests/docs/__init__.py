"""Tests of `docs` and of what else is written down."""
