"""Brings one file to a place of its own: over none, never half of it, and never the last copy."""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

PART: Final = ".moedex.part"
"""What a copy is called until it is whole; short, as the name it gets may be as long as can be."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class How(StrEnum):
    """What becomes of the picture where it was."""

    COPY = "copy"
    LINK = "link"
    MOVE = "move"


def place(source: Path, target: Path, how: How) -> None:
    """Bring `source` to `target`, where nothing is. Raises OSError; `source` is there then."""
    if how is How.MOVE and _renamed(source, target):
        return
    if how is How.LINK:
        target.hardlink_to(os.path.realpath(source))
    else:
        _copy(source, target)
    if how is How.MOVE:
        try:
            source.unlink()
        except OSError:  # a folder that nothing may be taken out of: it was no move
            target.unlink()
            raise


def same_bytes(first: Path, second: Path) -> bool:
    """Whether two files hold the same. Raises OSError."""
    return filecmp.cmp(first, second, shallow=False)


def digest(file: Path) -> str:
    """The SHA-256 of a file's bytes. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_full(error: OSError) -> bool:
    """Whether the disk has no room: no next file would fare better."""
    return error.errno in _FULL


def _renamed(source: Path, target: Path) -> bool:
    """Whether that is enough to move it: to another disk it isn't, and a link may be relative."""
    if source.is_symlink():
        return False
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(PART)
    try:
        _copy_all(source, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _copy_all(source: Path, part: Path) -> None:
    try:
        shutil.copy2(source, part)
    except PermissionError:  # of the target's disk, which may know no permissions to set
        shutil.copyfile(source, part)
        status = source.stat()
        with suppress(OSError):
            os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
