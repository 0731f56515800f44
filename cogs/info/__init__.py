"""What the bot is, does and achieves."""
