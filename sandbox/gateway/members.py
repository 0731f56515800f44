"""Members of a server, as a client asks for them over the gateway (op 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.intents import Intent
from sandbox.state.payloads.people import member_json

if TYPE_CHECKING:
    from sandbox.gateway.sessions import Session
    from sandbox.state.entities import Json
    from sandbox.state.world import World

CHUNK = 1_000
"""Members that one GUILD_MEMBERS_CHUNK holds at most."""


def send_members(world: World, session: Session, data: Json) -> None:
    """Answer op 8: members whose name begins with `query`, or those of `user_ids`."""
    server = world.servers.get(int(data["guild_id"]))
    if server is None:
        return
    query = (data.get("query") or "").lower()
    wanted = data.get("user_ids")
    wanted = [wanted] if isinstance(wanted, (str, int)) else wanted
    members = list(server.members.values())
    missing: list[str] = []
    if wanted:
        ids = [int(user_id) for user_id in wanted]
        missing = [str(user_id) for user_id in ids if user_id not in server.members]
        members = [item for item in members if item.user.id in ids]
    elif not query and not data.get("limit") and Intent.MEMBERS not in session.intents:
        members = [server.members[world.bot.id]]
    else:
        members = [item for item in members if item.user.username.startswith(query)]
        members = members[: data.get("limit") or None]
    chunks = [members[at : at + CHUNK] for at in range(0, len(members), CHUNK)] or [[]]
    for index, chunk in enumerate(chunks):
        body: Json = {
            "guild_id": str(server.id),
            "members": [member_json(item) for item in chunk],
            "chunk_index": index,
            "chunk_count": len(chunks),
            "not_found": missing,
        }
        if data.get("nonce") is not None:
            body["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", body)
