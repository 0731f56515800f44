"""From face crops to vectors."""
