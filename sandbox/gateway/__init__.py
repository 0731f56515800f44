"""Discord's gateway: sessions over WebSocket, and the events that they carry."""
