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
    GET /page/{path}         any file of sandbox/page/ (style, script), never outside it
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
  - `mention_names`: `{id: display name}` for users, channels and roles in the text.
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
`sandbox/samples.py` gives the samples: `load_samples(folder: Path | None) -> list[Sample]`, the
drawn ones first, then the picture files of `folder`; a `Sample` has the attributes `id` (letters,
digits, `-`), `title`, `group`, `filename`, and the method `read() -> bytes` (called off the event
loop; it may draw).
"""
