"""Members say whether an answer was right, and moderators decide."""
