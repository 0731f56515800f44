"""Tests of characters on the site."""
