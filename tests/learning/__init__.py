"""Tests of bot/learning: no Discord, no network."""
