"""Signing in with Discord: sessions, keys, and who asks with which rights."""
