"""Tests of the real client: how it starts and ends, and what it is told."""
