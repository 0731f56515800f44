"""Labelling on the site: what waits, what a labeller says, and what came of it."""
