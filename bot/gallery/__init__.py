"""A server's own characters: teaching, matching of names, galleries, packs."""
