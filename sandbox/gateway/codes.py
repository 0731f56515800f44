"""Numbers of the gateway's protocol: operations, and codes that a connection is closed with."""

from __future__ import annotations

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11

UNKNOWN_ERROR, UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED = 4000, 4001, 4002, 4003
AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED, SESSION_TIMED_OUT = 4004, 4005, 4009
INVALID_SHARD, SHARDING_REQUIRED, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4011, 4013, 4014

REASONS = {
    DECODE_ERROR: b"Error while decoding payload.",
    UNKNOWN_OPCODE: b"Unknown opcode.",
    NOT_AUTHENTICATED: b"Not authenticated.",
    AUTHENTICATION_FAILED: b"Authentication failed.",
    ALREADY_AUTHENTICATED: b"Already authenticated.",
    INVALID_SHARD: b"Invalid shard.",
    SHARDING_REQUIRED: b"Sharding required.",
    INVALID_INTENTS: b"Invalid intent(s).",
    DISALLOWED_INTENTS: b"Disallowed intent(s).",
}
