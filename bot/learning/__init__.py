"""What makes the bot learn from its users: votes to labels, labels to a server's own model."""
