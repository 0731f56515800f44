"""What ends the start where the configuration is wrong."""

from __future__ import annotations


class ConfigError(Exception):
    """A wrong configuration; the text is complete and meant for the person who wrote it."""
