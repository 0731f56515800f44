"""Tests of the features, with spec'd stand-ins for Discord's objects and a real storage."""
