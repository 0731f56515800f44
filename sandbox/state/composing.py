"""How a message is put together: what it refers to, its files, its text, embeds and components."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from sandbox.state import component_tree, components, content, errors, files
from sandbox.state.entities import (
    Attachment,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Sticker,
    User,
)
from sandbox.state.payloads.messages import reference_json, snapshot_json
from sandbox.state.permissions import Permission
from sandbox.state.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.state.files import Upload


MAX_STICKERS = 3


def refer(world: World, message: Message, author: User, reference: Json | None) -> None:
    """Make a message a reply to, or a forward of, another."""
    if not reference:
        return
    channel_id = int(reference.get("channel_id") or message.channel.id)
    source = world.channel(channel_id)
    target = source.messages.get(int(reference["message_id"]))
    readable = target is not None and target.visible_to in (None, author.id)
    forward = reference.get("type") == 1
    if target is None or not readable or (source is not message.channel and not forward):
        if reference.get("fail_if_not_exists", True):
            raise errors.invalid_form(
                "message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"
            )
        return
    if not world.may(author, source, Permission.READ_MESSAGE_HISTORY):
        raise errors.ApiError(
            403, 160002, "You cannot reply without permission to read message history"
        )
    message.reference = reference_json(target, forward=forward)
    if forward:
        message.snapshots = target.snapshots or [snapshot_json(target)]
        message.flags |= MessageFlag.HAS_SNAPSHOT
    else:
        message.referenced = target
        message.type = MessageType.REPLY


async def update_files(
    world: World, message: Message, body: Json, uploads: Mapping[int, Upload]
) -> list[Attachment] | None:
    """Return the files that a message has afterwards; None where they stay as they are."""
    listed = body.get("attachments")
    if listed is None and not uploads:
        return None
    details = {int(item["id"]): item for item in listed or ()}
    for upload in uploads.values():
        files.check_size(message.channel, upload)
    kept = [
        attachment for attachment in message.files if listed is None or attachment.id in details
    ]
    if len(kept) + len(uploads) > content.MAX_FILES:
        raise errors.invalid_form("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer.")
    for attachment in kept:
        detail = details.get(attachment.id, {})
        if "description" in detail:
            attachment.description = detail["description"]
    for number, upload in uploads.items():
        detail = details.get(number, {})
        description = detail.get("description") or upload.description
        if len(description or "") > content.MAX_DESCRIPTION:
            raise errors.invalid_form(
                f"attachments.{number}.description",
                "BASE_TYPE_MAX_LENGTH",
                "Must be 1024 or fewer in length.",
            )
        name = detail.get("filename") or upload.filename
        if detail.get("is_spoiler"):
            name = files.clean_name(name, spoiler=True)
        kept.append(
            await files.store(
                world,
                message.channel.id,
                replace(upload, filename=name, description=description),
            )
        )
    return kept


def fill(world: World, message: Message, body: Json, new_files: list[Attachment] | None) -> None:
    """Set a message's text, files, embeds and components from a request."""
    before = message.files
    every = before if new_files is None else new_files
    if "content" in body:
        text = body["content"] or ""
        content.check_content(text)
        message.content = text.strip()
    if "embeds" in body:
        message.embeds = content.complete_embeds(
            body["embeds"] or [], lambda url, path: _media(world, url, path, every, every)
        )
    if "components" in body:
        named = _named(body, before, every)
        message.components = components.complete(
            body["components"] or [],
            lambda url, path: _media(world, url, path, every, named),
            layout=message.layout,
        )
    if body.get("sticker_ids"):
        message.stickers = _stickers(world, body["sticker_ids"])
    if message.layout:
        _check_layout(message, body)
    shown = {_path(media["url"]) for embed in message.embeds for media in _embed_media(embed)}
    shown |= {_path(media["url"]) for media in component_tree.media(message.components)}
    message.embedded_files = [item for item in every if _path(item.url) in shown]
    message.attachments = [item for item in every if _path(item.url) not in shown]
    if {"content", "components"} & body.keys():
        _mention(world, message, body.get("allowed_mentions"))


def _check_layout(message: Message, body: Json) -> None:
    """Refuse what may not stand beside layout components, be it new or from before an edit."""
    legacy = {
        "content": message.content,
        "embeds": message.embeds,
        "poll": body.get("poll"),
        "sticker_ids": message.stickers,
    }
    for name, value in legacy.items():
        if value:
            raise errors.invalid_form(
                name,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _stickers(world: World, ids: list[str]) -> list[Sticker]:
    found = [world.stickers.get(int(item)) for item in ids]
    if len(found) > MAX_STICKERS or None in found:
        raise errors.ApiError(400, 50081, "Invalid sticker sent")
    return [item for item in found if item is not None]


def _named(body: Json, before: list[Attachment], every: list[Attachment]) -> list[Attachment]:
    """Return the files that a request names: those it brings, and those kept by their file name.

    Only these can layout components call `attachment://name`; others they call by their address.
    """
    listed = {int(item["id"]) for item in body.get("attachments") or () if item.get("filename")}
    return [item for item in every if item not in before or item.id in listed]


def _mention(world: World, message: Message, allowed: Json | None) -> None:
    replied = message.referenced.author if message.referenced else None
    found = content.find_mentions(
        world,
        message.channel,
        f"{message.content}\n{component_tree.texts(message.components)}",
        allowed,
        replied,
    )
    message.mentions = found.users
    message.mention_role_ids = found.role_ids
    message.mention_everyone = found.everyone and world.may(
        message.author, message.channel, Permission.MENTION_EVERYONE
    )
    if message.edits == 0:
        message.pinged = {user.id for user in found.users} - {message.author.id}


def _media(
    world: World, url: str, path: str, every: list[Attachment], named: list[Attachment]
) -> Json:
    """Return the media item of an address: one of the message's files, or another site's.

    Args:
        world: Makes an id for the media of another site.
        url: The address.
        path: Where it stands in the request.
        every: The message's files.
        named: Those of them that `attachment://name` can mean.

    """
    if url.startswith("attachment://"):
        name = url.removeprefix("attachment://")
        match = next(
            (item for item in named if name in (item.filename, quote(item.filename))), None
        )
        if match is None:
            raise errors.invalid_form(
                path,
                "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                "The referenced attachment was not found",
            )
    else:
        match = next((item for item in every if _path(url) in _addresses(item)), None)
    found = match or world.web.get(url)
    if found is None:
        return {"id": str(world.mint.make()), "url": url, "proxy_url": url}
    media: Json = {"id": str(found.id), "url": found.url, "proxy_url": found.proxy_url}
    if match is not None:
        media |= {"attachment_id": str(match.id), "size": len(match.data)}
    if found.width is not None:
        media |= {"width": found.width, "height": found.height}
    if found.content_type is not None:
        media["content_type"] = found.content_type
    return media


def _addresses(attachment: Attachment) -> tuple[str, str]:
    return _path(attachment.url), _path(attachment.proxy_url)


def _path(url: str) -> str:
    return url.partition("?")[0]


def _embed_media(embed: Json) -> list[Json]:
    icons = [(embed.get(key) or {}).get("icon_url") for key in ("footer", "author")]
    media = [embed[key] for key in ("image", "thumbnail") if key in embed]
    return media + [{"url": icon} for icon in icons if icon]
