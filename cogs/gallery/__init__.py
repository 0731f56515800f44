"""Who can be named: listing, teaching and changing characters."""
