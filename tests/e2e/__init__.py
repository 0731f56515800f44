"""The unmodified client against the local Discord, end to end."""
