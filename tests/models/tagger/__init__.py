"""Tests of the second opinion, by small models of the two forms."""
