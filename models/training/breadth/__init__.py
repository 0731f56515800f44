"""Training for eleven thousand characters, most of which have one picture."""
