"""Discord's REST API and its CDN, as far as a bot uses them."""
