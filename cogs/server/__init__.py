"""A server's moderators decide here: channels, settings, consent, training."""
