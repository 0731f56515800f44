"""Every way of asking who is in a picture, and following what was asked."""
