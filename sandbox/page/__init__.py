"""The chat page: what it is shown, what it sends, and the files that a browser loads."""
