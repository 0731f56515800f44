"""Labelling: its pages, and the calls that they make."""
