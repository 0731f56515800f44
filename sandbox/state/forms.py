"""Values on their way into an interaction: files, a select's choices, a form's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.state import components, errors, files
from sandbox.state.commands import Resolved, UsageError
from sandbox.state.files import Upload
from sandbox.state.world import DEFAULT_UPLOAD_LIMIT, Attachment, Channel, Json, Role, User, World

FileLike = Upload | tuple[str, bytes]
"""A file to post: its name and bytes, or an `Upload` with alt text."""


def as_upload(item: FileLike, *, spoiler: bool = False) -> Upload:
    """Turn a pair of name and bytes into an upload."""
    upload = item if isinstance(item, Upload) else Upload(*item)
    name = files.clean_name(upload.filename, spoiler=spoiler)
    return Upload(name, upload.data, upload.description)


async def preview(world: World, channel_id: int, url: str, data: bytes) -> Json:
    """Return the embed that Discord makes of a link to a picture, with its proxied copy."""
    name = url.partition("?")[0].rsplit("/", 1)[-1] or "picture.png"
    kept = await files.keep(world, channel_id, Upload(name, data))
    proxied = kept.url.replace("/attachments/", "/external/").partition("?")[0]
    media: Json = {"url": url, "proxy_url": proxied}
    if kept.width is not None:
        media |= {"width": kept.width, "height": kept.height}
    return {"type": "image", "url": url, "thumbnail": media}


class Filler:
    """Fills in what a user of one channel gives; `resolved` holds the objects behind the ids."""

    def __init__(self, world: World, where: Channel) -> None:
        self._world = world
        self._where = where
        self.resolved = Resolved()

    async def fill(self, rows: Sequence[Json], values: Mapping[str, Any]) -> list[Json]:
        """Fill in a form's rows; fields are named by their `custom_id` or label.

        Raises:
            UsageError: A value is missing, wrong, or of no field of the form.

        """
        given = dict(values)
        done = [await self._fill_row(row, given) for row in rows]
        if given:
            raise UsageError(f"The form has no field “{next(iter(given))}”.")
        return done

    async def upload(self, value: FileLike) -> Attachment:
        """Take a file in, as an option's or a form's; ApiError 40005 if it is too large."""
        upload = as_upload(value)
        limit = self._where.server.upload_limit if self._where.server else DEFAULT_UPLOAD_LIMIT
        if len(upload.data) > limit:
            raise errors.too_large()
        return await files.keep(self._world, self._world.bot.id, upload, ephemeral=True)

    def choose(self, select: Json, values: Iterable[Any]) -> list[str]:
        """Choose in a select: options by value or label, objects as they are."""
        chosen: list[str] = []
        for value in values:
            thing = getattr(value, "user", value)  # a member stands for its user
            if isinstance(thing, (User, Role, Channel)):
                chosen.append(self.resolved.add(self._world, self._where, thing))
                continue
            options = select.get("options", [])
            match = [item for item in options if value in (item["value"], item["label"])]
            if not match:
                raise UsageError(f"There is no choice “{value}”.")
            chosen.append(match[0]["value"])
        if not select.get("min_values", 1) <= len(chosen) <= select.get("max_values", 1):
            raise UsageError("Too few or too many choices.")
        return chosen

    async def _fill_row(self, row: Json, given: dict[str, Any]) -> Json:
        """Fill in one row of a form: a label with its field, an action row, or a mere text."""
        if row["type"] == components.LABEL:
            field = await self._fill_field(row["component"], row["label"], given)
            return {"type": row["type"], "id": row["id"], "component": field}
        if row["type"] == components.ACTION_ROW:
            fields = [
                await self._fill_field(item, item.get("label"), given) for item in row["components"]
            ]
            return {"type": row["type"], "id": row["id"], "components": fields}
        return {"type": row["type"], "id": row["id"]}

    async def _fill_field(
        self,
        field: Json,
        label: str | None,
        given: dict[str, Any],
    ) -> Json:
        kind, custom_id = field["type"], field["custom_id"]
        value = given.pop(custom_id, given.pop(label, None) if label else None)
        name = label or custom_id
        done: Json = {"type": kind, "id": field["id"], "custom_id": custom_id}
        needed = field.get("required", True)
        if kind == components.TEXT_INPUT:
            text = str(field.get("value") or "") if value is None else str(value)
            least = field.get("min_length", 1 if needed else 0)
            if (text or needed) and not max(least, needed) <= len(text):
                raise UsageError(f"“{name}” needs more text.")
            if len(text) > field.get("max_length", 4000):
                raise UsageError(f"“{name}” is too long.")
            return done | {"value": text}
        if kind == components.CHECKBOX:
            return done | {"value": bool(field.get("default") if value is None else value)}
        if value is None:
            if needed:
                raise UsageError(f"“{name}” is needed.")
            return done | ({"value": None} if kind == components.RADIO_GROUP else {"values": []})
        if kind == components.RADIO_GROUP:
            return done | {"value": self.choose(field, [value])[0]}
        if kind == components.FILE_UPLOAD:
            kept = [await self.upload(item) for item in value]
            ids = [self.resolved.add(self._world, self._where, item) for item in kept]
            return done | {"values": ids}
        many = {"min_values": 1, "max_values": len(field.get("options", ())) or 1} | field
        return done | {
            "values": self.choose(many if kind == components.CHECKBOX_GROUP else field, value)
        }
