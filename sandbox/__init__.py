"""The local stand-in for Discord: REST, gateway and a chat page, on loopback only."""
