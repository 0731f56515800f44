"""Tests of the API, and of its document."""
