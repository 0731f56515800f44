"""The world of the local Discord, all in memory, and what happens in it."""
