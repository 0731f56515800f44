"""REST routes of the bot's own account, users, servers, members, channels and threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.api import Call, Route, Routes, body_of, for_bots_only, for_users_only
from sandbox.state import errors
from sandbox.state.events import Event
from sandbox.state.intents import application_flags
from sandbox.state.payloads.people import member_json, own_user_json, role_json, user_json
from sandbox.state.payloads.places import channel_json, dm_json, server_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.entities import Channel, Json, Server, ServerMember, User

_CHANNEL = "/channels/{channel_id}"
_SERVER = "/guilds/{guild_id}"


class PlaceRoutes(Routes):
    """Who and what there is."""

    def routes(self) -> Iterable[Route]:
        """List these routes."""
        return (
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("GET", "/users/@me", self.me),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/applications/@me", self.application),
            ("GET", "/users/@me/guilds", self.servers),
            ("GET", "/users/@me/guilds/{guild_id}/member", self.own_member),
            ("DELETE", "/users/@me/guilds/{guild_id}", self.leave),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/users/{user_id}", self.user),
            ("GET", _SERVER, self.server),
            ("GET", _SERVER + "/channels", self.channels),
            ("GET", _SERVER + "/threads/active", self.threads),
            ("GET", _SERVER + "/roles", self.roles),
            ("GET", _SERVER + "/members", self.members),
            ("GET", _SERVER + "/members/{user_id}", self.member),
            ("GET", _CHANNEL, self.channel),
            ("PATCH", _CHANNEL, self.change_channel),
            ("DELETE", _CHANNEL, self.delete_channel),
            ("POST", _CHANNEL + "/threads", self.open_thread),
            ("POST", _CHANNEL + "/messages/{message_id}/threads", self.open_thread),
            ("PUT", _CHANNEL + "/thread-members/@me", self.join_thread),
        )

    # --- the bot itself -------------------------------------------------------------------------

    async def gateway(self, call: Call) -> Json:
        """`GET /gateway`."""
        return {"url": self._world.gateway}

    async def gateway_bot(self, call: Call) -> Json:
        """`GET /gateway/bot`: where, how many shards, and how many sessions may begin."""
        for_bots_only(call)
        starts = self._world.session_starts
        return {
            "url": self._world.gateway,
            "shards": self._world.recommended_shards,
            "session_start_limit": {
                "total": starts.total,
                "remaining": starts.remaining,
                "reset_after": round(1000 * starts.reset_after),
                "max_concurrency": self._world.max_concurrency,
            },
        }

    async def me(self, call: Call) -> Json:
        """`GET /users/@me`."""
        return own_user_json(call.user)

    async def application(self, call: Call) -> Json:
        """`GET /oauth2/applications/@me`: the application; its owner owns the first server."""
        for_bots_only(call)
        flags = application_flags(self._world.granted_intents)
        owner_ids = [server.owner_id for server in self._world.servers.values()]
        owner = self._world.users[owner_ids[0]] if owner_ids else self._bot
        return {
            "id": str(self._bot.id),
            "name": self._bot.display_name,
            "icon": None,
            "description": "The bot under test in the sandbox.",
            "type": None,
            "bot": user_json(self._bot),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "flags_new": str(flags),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": user_json(owner),
            "approximate_guild_count": len(self._world.servers),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
            "rpc_origins": [],
        }

    async def servers(self, call: Call) -> Any:
        """`GET /users/@me/guilds`."""
        after = int(call.query("after") or 0)
        limit = int(call.query("limit") or 200)
        every = [item for item in self._world.servers.values() if call.user.id in item.members]
        found = [item for item in every if item.id > after][:limit]
        return [
            {
                "id": str(item.id),
                "name": item.name,
                "icon": None,
                "banner": None,
                "owner": item.owner_id == call.user.id,
                "permissions": str(
                    int(self._world.server_permissions(item.members[call.user.id], item))
                ),
                "features": [],
                "approximate_member_count": len(item.members),
                "approximate_presence_count": len(item.members),
            }
            for item in found
        ]

    async def leave(self, call: Call) -> None:
        """`DELETE /users/@me/guilds/{}`: the bot leaves a server."""
        for_bots_only(call)
        server = self._server(call)
        self._world.remove_server(server)
        self._state.stream.emit(Event("server_leave", server, user=self._bot))

    async def open_dm(self, call: Call) -> Json:
        """`POST /users/@me/channels`: the direct message with a user."""
        user = self._user(int(body_of(call).get("recipient_id") or 0))
        if user is call.user:
            raise errors.cannot_message_user()
        return dm_json(self._world.direct_channel(call.user, user), call.user)

    # --- users and servers ----------------------------------------------------------------------

    def _user(self, user_id: int) -> User:
        try:
            return self._world.users[user_id]
        except KeyError:
            raise errors.unknown_user() from None

    def _server(self, call: Call) -> Server:
        server = self._world.servers.get(call.id("guild_id"))
        if server is None or call.user.id not in server.members:
            raise errors.unknown_server()
        return server

    async def user(self, call: Call) -> Json:
        """`GET /users/{}`."""
        return user_json(self._user(call.id("user_id")))

    async def server(self, call: Call) -> Json:
        """`GET /guilds/{}`."""
        server = self._server(call)
        counts: Json = {}
        if call.query("with_counts").lower() in ("1", "true"):
            members = len(server.members)
            counts = {"approximate_member_count": members, "approximate_presence_count": members}
        return server_json(server) | counts

    async def channels(self, call: Call) -> Any:
        """`GET /guilds/{}/channels`: without threads."""
        server = self._server(call)
        return [channel_json(item) for item in server.channels.values() if not item.is_thread]

    async def threads(self, call: Call) -> Json:
        """`GET /guilds/{}/threads/active`."""
        channels = self._server(call).channels.values()
        found = [item for item in channels if item.is_thread and not item.archived]
        return {
            "threads": [channel_json(item) for item in found],
            "members": [],
            "has_more": False,
        }

    async def roles(self, call: Call) -> Any:
        """`GET /guilds/{}/roles`."""
        return [role_json(role) for role in self._server(call).roles.values()]

    def _member(self, call: Call) -> ServerMember:
        try:
            return self._server(call).members[call.id("user_id")]
        except KeyError:
            raise errors.unknown_member() from None

    async def member(self, call: Call) -> Json:
        """`GET /guilds/{}/members/{}`."""
        return member_json(self._member(call))

    async def own_member(self, call: Call) -> Json:
        """`GET /users/@me/guilds/{}/member`: of who allowed to read it."""
        for_users_only(call)
        return member_json(self._server(call).members[call.user.id])

    async def members(self, call: Call) -> Any:
        """`GET /guilds/{}/members`: needs the members intent granted."""
        server = self._server(call)
        if "members" not in self._world.granted_intents:
            raise errors.missing_access()
        after, limit = int(call.query("after") or 0), int(call.query("limit") or 1)
        ids = sorted(user_id for user_id in server.members if user_id > after)[:limit]
        return [member_json(server.members[user_id]) for user_id in ids]

    # --- channels and threads -------------------------------------------------------------------

    def _write(self, channel: Channel, viewer: User) -> Json:
        return dm_json(channel, viewer) if channel.server is None else channel_json(channel)

    async def channel(self, call: Call) -> Json:
        """`GET /channels/{}`."""
        return self._write(self._api.channel(call), call.user)

    async def change_channel(self, call: Call) -> Json:
        """`PATCH /channels/{}`: name, topic, age restriction; a thread's archiving."""
        channel, body = self._api.channel(call), body_of(call)
        needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
        if channel.owner_id != call.user.id:
            self._world.demand(call.user, channel, needed)
        for key in ("name", "topic", "nsfw", "archived"):
            if key in body:
                setattr(channel, key, body[key])
        self._state.stream.emit(Event("channel_update", channel.server, channel, call.user))
        return self._write(channel, call.user)

    async def delete_channel(self, call: Call) -> Json:
        """`DELETE /channels/{}`."""
        channel = self._api.channel(call)
        if channel.server is not None:
            needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
            self._world.demand(call.user, channel, needed)
            self._state.channels.delete(channel, call.user)
        return self._write(channel, call.user)

    async def open_thread(self, call: Call) -> Json:
        """`POST /channels/{}/threads`, `POST /channels/{}/messages/{}/threads`."""
        parent = self._api.channel(call)
        message = None
        if "message_id" in call.request.match_info:
            message = self._api.message(call)
        name = str(body_of(call).get("name") or "")
        call.success = 201
        return channel_json(self._state.channels.open_thread(call.user, parent, name, message))

    async def join_thread(self, call: Call) -> None:
        """`PUT /channels/{}/thread-members/@me`: every public thread is seen anyway."""
        self._api.channel(call)
