"""How it does: a server's statistics and versions, and the process itself."""
