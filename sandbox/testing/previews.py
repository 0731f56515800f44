"""What Discord shows of a link: the embed that it makes of another site's picture or video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from sandbox.state import files

if TYPE_CHECKING:
    from sandbox.state.entities import Attachment, Json
    from sandbox.state.world import World

PreviewKind = Literal["image", "article", "rich", "video", "gifv"]
"""A picture's own address; a page with a small or a large picture; a video; a GIF of a GIF site."""


class LinkPreview(NamedTuple):
    """A link and what Discord shows of it.

    Attributes:
        link: The address as it stands in the message.
        data: The picture; of a video its frame.
        kind: What is behind the link.
        picture: The picture's own address where it is another than the link, often of another host.

    """

    link: str
    data: bytes
    kind: PreviewKind = "image"
    picture: str = ""


async def link_embed(world: World, preview: LinkPreview | tuple[str, bytes]) -> Json:
    """Return the embed that Discord makes of a link, with its proxied copy of the picture.

    A mere pair is the address of a picture, and the picture.
    """
    if not isinstance(preview, LinkPreview):
        preview = LinkPreview(*preview)
    picture = await files.put_online(world, preview.picture or preview.link, preview.data)
    media = _media(picture)
    embed: Json = {"type": preview.kind, "url": preview.link}
    if preview.kind == "image":
        return embed | {"thumbnail": media}
    embed["title"] = "A page"
    if preview.kind == "rich":
        return embed | {"image": media}
    if preview.kind in ("video", "gifv"):
        embed["video"] = {**media, "url": f"{preview.link}.mp4"}
        del embed["video"]["proxy_url"]
    return embed | {"thumbnail": media}


def _media(picture: Attachment) -> Json:
    media: Json = {"url": picture.url, "proxy_url": picture.proxy_url}
    if picture.width is not None:
        media |= {"width": picture.width, "height": picture.height}
    if picture.content_type is not None:
        media["content_type"] = picture.content_type
    return media
