"""Where further characters come from, one service a file."""
