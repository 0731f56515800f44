"""Tests of the local Discord, with the unmodified client."""
