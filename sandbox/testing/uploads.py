"""Files as tests hand them over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.state import files
from sandbox.state.files import Upload

FileLike = Upload | tuple[str, bytes]
"""A file to post: its name and bytes, or an `Upload` with alt text, or with a video's frame."""


def as_upload(item: FileLike, *, spoiler: bool = False) -> Upload:
    """Turn a pair of name and bytes into an upload."""
    upload = item if isinstance(item, Upload) else Upload(*item)
    name = files.clean_name(upload.filename, spoiler=spoiler)
    return replace(upload, filename=name)


def as_uploads(items: Iterable[FileLike], *, spoiler: bool = False) -> dict[int, Upload]:
    """Number files as a request carries them."""
    return {number: as_upload(item, spoiler=spoiler) for number, item in enumerate(items)}
