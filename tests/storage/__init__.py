"""Tests of the storage, on real databases."""
