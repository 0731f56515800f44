"""The chat page's side of the sandbox: JSON over HTTP and one WebSocket, all under `/sandbox/`.

The page acts in the name of one human of the sandbox at a time. Every request names that human by
`?user=ID` (a WebSocket too). Every id is a string of digits, as in Discord's own API. Objects named
*message*, *channel*, *embed*, *component*, *emoji* and *command* have exactly the shape of
Discord's API v10; what is added to them is listed here. Answers are `application/json`. Errors are
`{"message": "one clear sentence", "code": n}` with status 400 (bad input, or not a picture of the
shelf), 403 (that human may not do that), 404 (no such thing for that human), 413 (file too large).
Requests whose `Host` is no loopback name, or whose `Origin` is another site, are refused with 403.

## The page itself
    GET /                    page/index.html
    GET /page/{path}         any file of sandbox/page/static/ (style, script), never outside it
    GET /attachments/{channel}/{attachment}/{filename}    a posted file; the `url` of an attachment
    GET /avatars/{user}/{hash}.png, /embed/avatars/{n}.png    a picture for a user without one
`url` and `proxy_url` of attachments are absolute and on this server. Files are sent with their
media type and `X-Content-Type-Options: nosniff`; what is no picture is sent as a download.

## Reading
    GET /sandbox/humans                       -> {"users": [user]}   no ?user= needed; choose one
    GET /sandbox/world?user=                  -> world
    GET /sandbox/channels/{channel}/messages?user=&limit=50&before=ID&after=ID
                                              -> {"messages": [message]}   oldest first, with the
                                                 ephemeral ones of that user at their place
    GET /sandbox/channels/{channel}/messages/{message}/reactions/{emoji}?user=
                                              -> {"users": [user]}
    GET /sandbox/commands?user=&channel=ID    -> {"slash": [command], "message": [command],
                                                  "user": [command]}
    GET /sandbox/samples?user=                -> {"samples": [{"id", "title", "group", "filename",
                                                  "url"}]}
    GET /sandbox/samples/{id}                 -> the picture's bytes (the `url` above)

*user*: `{"id", "username", "global_name", "display_name", "avatar_url", "bot", "human"}`. `human`
is true for those whom the page may act as.

*world*: `{"user": user, "bot": user, "bot_online": bool, "servers": [server], "dms": [channel],
"users": [user]}`; `users` holds everybody in sight.
*server*: `{"id", "name", "channels": [channel], "members": [{"user_id", "nick", "roles": [name],
"moderator": bool}], "upload_limit": bytes}`. Channels come in their order, threads after their
parent; only those that the user may view.
*channel*: Discord's channel object (`type` 0 text, 1 DM, 11 thread, with `parent_id`) and
`"nsfw": bool`, `"can_send": bool`, `"display_name"` (for a DM: the other's name).
*message*: Discord's message object, and
  - `reactions`: `[{"emoji": {"id", "name"}, "count", "me", "users": [id]}]`, `me` for that user;
  - `ephemeral`: true where only that user sees it ("Only you can see this");
  - `loading`: true while a deferred answer is awaited ("... is thinking"; flag 1 << 7);
  - `mine`: true where that user wrote it (may be edited), `can_delete`: he may delete it;
  - `interaction_metadata.name` and `.user`: "Ann used /who" above the answer, where it is one;
  - `mention_names`: `{id: display name}` for users, channels and roles in the text, and in that
    of the message it replies to.
An attachment is a spoiler where its `filename` begins with `SPOILER_`, and its `description` is the
alt text. `components` are v1 action rows or, with flag 1 << 15, v2 layout components: 1 action row,
2 button, 3 string select, 5 user, 6 role, 7 mentionable and 8 channel select, 9 section, 10 text
display, 11 thumbnail, 12 media gallery, 13 file, 14 separator, 17 container, 18 label (modals), 4
text input (modals), 19 file upload (modals). Media in them and in embeds have their
`attachment://` address already replaced by the real `url`.
*command*: `{"id", "name", "type", "description", "options": [{"type", "name", "description",
"required", "choices", "autocomplete", "min_value", "max_value", "options"}]}`; types of options: 1
subcommand, 2 subcommand group, 3 string, 4 integer, 5 boolean, 6 user, 7 channel, 8 role, 10
number, 11 attachment. A command that needs permissions the user lacks, or that isn't for DMs, is
left out.

## Doing
A body is JSON, or multipart with a part `payload_json` and the files `files[0]`, `files[1]`, ...
    POST   /sandbox/channels/{channel}/messages?user=
           {"content": "", "reply_to": ID|null, "spoiler": false, "descriptions": ["alt text"],
            "samples": ["sample id"], "ping": true}  + files                 -> message
           `spoiler` hides every file; `ping` is whether a reply pings its author.
    PATCH  /sandbox/channels/{channel}/messages/{message}?user=  {"content": ""}   -> message
    DELETE /sandbox/channels/{channel}/messages/{message}?user=              -> {}
           (an ephemeral message: dismissed)
    PUT    /sandbox/channels/{channel}/messages/{message}/reactions/{emoji}?user=    -> {}
    DELETE the same: takes the reaction back                                 -> {}
    POST   /sandbox/channels/{channel}/forward?user=  {"message_id": ID, "channel_id": ID}
           forwards that message of that channel into {channel}              -> message
    POST   /sandbox/channels/{channel}/typing?user=                          -> {}
    POST   /sandbox/dms?user=  {"user_id": ID}      opens (or finds) a DM    -> channel
    POST   /sandbox/channels/{channel}/threads?user=  {"name": "", "message_id": ID|null} -> channel
    POST   /sandbox/interactions?user=   one of the five below (+ files)     -> {"id": ID}
      {"kind": "slash", "channel_id": ID, "path": ["settings", "show"], "options": {name: value}}
           `path` is the command's name, and the names of group and subcommand where it has them. A
           value is the JSON value (users, channels, roles: their id); for an attachment
           `{"file": n}` (the part `files[n]`) or `{"sample": "sample id"}`.
      {"kind": "message_menu", "channel_id": ID, "message_id": ID, "command_id": ID}
      {"kind": "user_menu", "channel_id": ID, "user_id": ID, "command_id": ID}
      {"kind": "component", "channel_id": ID, "message_id": ID, "custom_id": "", "values": []}
           a pressed button, or a select with its chosen `values` (option values, or ids)
      {"kind": "modal", "interaction_id": ID, "values": {custom_id: text | [option values]}}
           sends back the form that came with the event `modal` of that interaction. Those of a
           file upload: `{"files": [n]}`.
    POST   /sandbox/autocomplete?user=
           {"channel_id": ID, "path": [...], "options": {...}, "focused": "option name"}
           -> {"choices": [{"name", "value"}]}   what the bot offers; empty if it didn't in 3 s
    POST   /sandbox/samples/{id}/post?user=  {"channel_id": ID, "content": "", "spoiler": false}
           posts a picture of the shelf                                      -> message

## What happens: `GET /sandbox/events?user=ID` (WebSocket, text frames, one JSON object each)
The first is `{"type": "hello", "world": world}`; then, as it happens, only what that user may see:
    {"type": "message_create", "message": message}
    {"type": "message_update", "message": message}          the whole message anew (edits,
                                                             reactions, a deferred answer filled)
    {"type": "message_delete", "channel_id": ID, "message_ids": [ID]}
    {"type": "typing", "channel_id": ID, "user_id": ID}      shown for 10 s or until he posts
    {"type": "channel_create" | "channel_update", "channel": channel, "server_id": ID|null}
    {"type": "channel_delete", "channel_id": ID}
    {"type": "member_join", "server_id": ID, "member": member, "user": user}
    {"type": "bot", "online": bool}                          the bot connected or left
    {"type": "commands"}                                     commands changed: read them again
    {"type": "modal", "interaction_id": ID, "modal": {"custom_id", "title", "components"}}
    {"type": "interaction", "interaction_id": ID, "state": "acknowledged" | "failed",
     "message_id": ID|null, "error": null | "The application did not respond"}
           `message_id` is the message whose component was pressed. `acknowledged`: stop its
           spinner; `failed`: show the error beside it, to that user only.
Ephemeral messages come as `message_create` with `ephemeral: true`. A page that lost its WebSocket
opens a new one and reads the world and the open channel's messages again.

## The shelf
`sandbox/samples/shelf.py` gives the samples: `load_samples(folder: Path | None) -> list[Sample]`,
the drawn ones first, then the picture files of `folder`; a `Sample` has the attributes `id`
(letters, digits, `-`), `title`, `group`, `filename`, and the method `read() -> bytes` (called off
the event loop; it may draw).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.page.events import PageEvents
from sandbox.page.interactions import PageInteractions
from sandbox.page.shelf import Shelf
from sandbox.page.views import Views
from sandbox.rest.routing import JSON_TYPE, Call, body_of, read_body
from sandbox.state.commands import CHAT_INPUT, MESSAGE_MENU, USER_MENU, UsageError
from sandbox.state.errors import ApiError
from sandbox.state.files import Upload, media_type

if TYPE_CHECKING:
    from sandbox.rest.server import Sandbox
    from sandbox.state.world import Json, Message, User
    from sandbox.testing.driver import Member

PAGE = Path(__file__).resolve().parent / "static"

_CHANNEL = "/sandbox/channels/{channel}"
_MESSAGE = _CHANNEL + "/messages/{message}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
_KINDS = {"slash": CHAT_INPUT, "message": MESSAGE_MENU, "user": USER_MENU}


class PageApi:
    """Serves the page and its protocol."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._views = Views(sandbox)
        self.shelf = Shelf(sandbox)
        self._interactions = PageInteractions(sandbox, self._views, self.shelf)
        self._open_pages: set[web.WebSocketResponse] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        router.add_get("/", self.index)
        router.add_get("/page/{path:.+}", self.static)
        router.add_get("/sandbox/humans", self.humans)
        router.add_get("/sandbox/samples/{sample}", self.sample)
        router.add_get("/sandbox/events", self.events)
        for method, path, handler in (
            ("GET", "/sandbox/world", self.world),
            ("GET", "/sandbox/commands", self.commands),
            ("GET", "/sandbox/samples", self.samples),
            ("POST", "/sandbox/samples/{sample}/post", self.post_sample),
            ("GET", _CHANNEL + "/messages", self.messages),
            ("POST", _CHANNEL + "/messages", self.post),
            ("PATCH", _MESSAGE, self.edit),
            ("DELETE", _MESSAGE, self.delete),
            ("GET", _REACTION, self.reactors),
            ("PUT", _REACTION, self.react),
            ("DELETE", _REACTION, self.unreact),
            ("POST", _CHANNEL + "/forward", self.forward),
            ("POST", _CHANNEL + "/typing", self.type),
            ("POST", _CHANNEL + "/threads", self.open_thread),
            ("POST", "/sandbox/dms", self.open_dm),
            ("POST", "/sandbox/interactions", self._interactions.start),
            ("POST", "/sandbox/autocomplete", self._interactions.autocomplete),
        ):
            router.add_route(method, path, self._serve(handler))

    # --- the page itself ------------------------------------------------------------------------

    async def index(self, request: web.Request) -> web.StreamResponse:
        """`GET /`."""
        return self._page_file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """`GET /page/{path}`: a file of the page's folder, never one outside it."""
        return self._page_file(request.match_info["path"])

    def _page_file(self, name: str) -> web.StreamResponse:
        path = (PAGE / name).resolve()
        if not path.is_relative_to(PAGE) or not path.is_file():
            raise web.HTTPNotFound(text="The page has no such file.")
        return web.FileResponse(path, headers={"Cache-Control": "no-store"})

    # --- the protocol ---------------------------------------------------------------------------

    def _serve(
        self, handler: Callable[[Call, Member], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Make a handler of the page's protocol into one of the web server."""

        async def serve(request: web.Request) -> web.Response:
            call = Call(request)
            try:
                member = self._member(request)
                await read_body(call)
                return _answer(await handler(call, member))
            except ApiError as error:
                return _answer(error.body(), error.status)
            except (UsageError, ValueError, KeyError) as error:
                text = str(error) if isinstance(error, UsageError) else f"Bad request: {error}"
                return _answer({"message": text, "code": 0}, 400)

        return serve

    def _member(self, request: web.Request) -> Member:
        """Return the human in whose name a request is; in a server channel, as its member."""
        wanted = request.query.get("user", "")
        channel_id = request.match_info.get("channel", "")
        channel = self._world.channels.get(int(channel_id)) if channel_id.isdecimal() else None
        mine = [item for item in self._sandbox.members() if str(item.id) == wanted]
        if not mine:
            raise ApiError(404, 10013, "Choose who you are first: there is no such user.")
        if channel is not None and channel.server is not None:
            return next((item for item in mine if item.server is channel.server), mine[0])
        return mine[0]

    def _target(self, call: Call, user: User) -> Message:
        channel = self._views.channel_for(call.id("channel"), user)
        return self._world.message(channel, call.id("message"), user)

    async def humans(self, request: web.Request) -> web.Response:
        """`GET /sandbox/humans`."""
        humans = [item.user for item in self._sandbox.members() if not item.user.bot]
        users = {item.id: item for item in humans}
        return _answer({"users": [self._views.user(item) for item in users.values()]})

    async def world(self, call: Call, member: Member) -> Json:
        """`GET /sandbox/world`."""
        return self._views.world(member.user)

    async def messages(self, call: Call, member: Member) -> Json:
        """`GET /sandbox/channels/{}/messages`."""
        channel = self._views.channel_for(call.id("channel"), member.user)
        seen = member.sees(channel)
        limit = min(max(int(call.query("limit", "50")), 1), 200)
        if before := call.query("before"):
            seen = [item for item in seen if item.id < int(before)]
        if after := call.query("after"):
            seen = [item for item in seen if item.id > int(after)][:limit]
        return {"messages": [self._views.message(item, member.user) for item in seen[-limit:]]}

    async def reactors(self, call: Call, member: Member) -> Json:
        """`GET .../reactions/{emoji}`."""
        emoji = call.text("emoji").replace("\ufe0f", "")
        reaction = self._target(call, member.user).reactions.get(emoji)
        ids = reaction.user_ids if reaction else []
        return {"users": [self._views.user(self._world.users[item]) for item in ids]}

    async def commands(self, call: Call, member: Member) -> Json:
        """`GET /sandbox/commands`."""
        channel = self._views.channel_for(call.query("channel"), member.user)
        visible = self._sandbox.commands.visible(member.user, channel)
        return {
            name: [item for item in visible if item["type"] == kind]
            for name, kind in _KINDS.items()
        }

    # --- doing ----------------------------------------------------------------------------------

    async def post(self, call: Call, member: Member) -> Json:
        """`POST /sandbox/channels/{}/messages`."""
        channel = self._views.channel_for(call.id("channel"), member.user)
        body = body_of(call)
        descriptions = body.get("descriptions") or []
        uploads = [upload for _, upload in sorted(call.uploads.items())]
        uploads += [await self.shelf.upload(item) for item in body.get("samples") or ()]
        described = [
            Upload(item.filename, item.data, descriptions[at] or None)
            if at < len(descriptions)
            else item
            for at, item in enumerate(uploads)
        ]
        reply_to = None
        if body.get("reply_to"):
            reply_to = self._world.message(channel, int(body["reply_to"]), member.user)
        message = await member.post(
            channel,
            str(body.get("content") or ""),
            described,
            reply_to=reply_to,
            ping=bool(body.get("ping", True)),
            spoiler=bool(body.get("spoiler")),
        )
        return self._views.message(message, member.user)

    async def edit(self, call: Call, member: Member) -> Json:
        """`PATCH .../messages/{}`."""
        message = self._target(call, member.user)
        await member.edit(message, str(body_of(call).get("content") or ""))
        return self._views.message(message, member.user)

    async def delete(self, call: Call, member: Member) -> Json:
        """`DELETE .../messages/{}`."""
        await member.delete(self._target(call, member.user))
        return {}

    async def react(self, call: Call, member: Member) -> Json:
        """`PUT .../reactions/{emoji}`."""
        await member.react(self._target(call, member.user), call.text("emoji"))
        return {}

    async def unreact(self, call: Call, member: Member) -> Json:
        """`DELETE .../reactions/{emoji}`."""
        await member.unreact(self._target(call, member.user), call.text("emoji"))
        return {}

    async def forward(self, call: Call, member: Member) -> Json:
        """`POST .../forward`."""
        body = body_of(call)
        source = self._views.channel_for(body["channel_id"], member.user)
        message = self._world.message(source, int(body["message_id"]), member.user)
        target = self._views.channel_for(call.id("channel"), member.user)
        return self._views.message(await member.forward(message, target), member.user)

    async def type(self, call: Call, member: Member) -> Json:
        """`POST .../typing`."""
        await member.type(self._views.channel_for(call.id("channel"), member.user))
        return {}

    async def open_thread(self, call: Call, member: Member) -> Json:
        """`POST .../threads`."""
        body = body_of(call)
        channel = self._views.channel_for(call.id("channel"), member.user)
        message = None
        if body.get("message_id"):
            message = self._world.message(channel, int(body["message_id"]), member.user)
        name = str(body.get("name") or "").strip()[:100]
        if not name:
            raise UsageError("A thread needs a name.")
        thread = await member.open_thread(channel, name, message)
        return self._views.channel(thread, member.user)

    async def open_dm(self, call: Call, member: Member) -> Json:
        """`POST /sandbox/dms`."""
        other = self._world.users.get(int(body_of(call)["user_id"]))
        if other is None or other is member.user:
            raise UsageError("There is nobody of that id to write to.")
        return self._views.channel(await member.dm(other), member.user)

    # --- the shelf ------------------------------------------------------------------------------

    async def samples(self, call: Call, member: Member) -> Json:
        """`GET /sandbox/samples`."""
        shelf = await self.shelf.all()
        return {
            "samples": [
                {
                    "id": item.id,
                    "title": item.title,
                    "group": item.group,
                    "filename": item.filename,
                    "url": f"/sandbox/samples/{item.id}",
                }
                for item in shelf.values()
            ]
        }

    async def sample(self, request: web.Request) -> web.Response:
        """`GET /sandbox/samples/{}`."""
        try:
            upload = await self.shelf.upload(request.match_info["sample"])
        except ApiError as error:
            return _answer(error.body(), error.status)
        kind = media_type(upload.filename) or "application/octet-stream"
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}
        return web.Response(body=upload.data, content_type=kind, headers=headers)

    async def post_sample(self, call: Call, member: Member) -> Json:
        """`POST /sandbox/samples/{}/post`."""
        body = body_of(call)
        channel = self._views.channel_for(body["channel_id"], member.user)
        message = await member.post(
            channel,
            str(body.get("content") or ""),
            [await self.shelf.upload(call.text("sample"))],
            spoiler=bool(body.get("spoiler")),
        )
        return self._views.message(message, member.user)

    # --- events ---------------------------------------------------------------------------------

    async def events(self, request: web.Request) -> web.StreamResponse:
        """`GET /sandbox/events`: everything that the user sees happen, until the page leaves."""
        try:
            viewer = self._member(request).user
        except ApiError as error:
            return _answer(error.body(), error.status)
        # `timeout`: seconds that the page has to confirm a goodbye
        socket = web.WebSocketResponse(heartbeat=30, timeout=1.0)
        await socket.prepare(request)
        self._open_pages.add(socket)
        outbox: asyncio.Queue[Json] = asyncio.Queue()
        translator = PageEvents(self._sandbox, self._views, viewer, outbox.put_nowait)
        outbox.put_nowait({"type": "hello", "world": self._views.world(viewer)})
        self._sandbox.stream.listen(translator.tell)
        writer = asyncio.create_task(_write(socket, outbox))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            self._sandbox.stream.unlisten(translator.tell)
            self._open_pages.discard(socket)
            writer.cancel()
        return socket

    async def leave(self, _: web.Application) -> None:
        """Tell the open pages that the server stops, so that it need not wait for them."""
        farewells = [page.close(code=WSCloseCode.GOING_AWAY) for page in self._open_pages]
        await asyncio.gather(*farewells)


async def _write(socket: web.WebSocketResponse, outbox: asyncio.Queue[Json]) -> None:
    while True:
        event = await outbox.get()
        try:
            await socket.send_str(json.dumps(event))
        except ConnectionError:
            return


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), status=status, headers=JSON_TYPE)
