"""A server's versions as its moderators and the operator see and change them.

A running bot answers with a change within a second: the server's revision moves with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError

if TYPE_CHECKING:
    from bot.storage.records import ModelVersion
    from bot.storage.versions import VersionRepository

SHIPPED = "the shipped names"
OTHER_BACKBONE = (
    "Version {number} belongs to another backbone ({theirs}; this is {ours}) and can't answer: "
    "{train} for a new one."
)


class VersionError(UserError):
    """There is no such version; the text says what there is."""


async def version_numbered(
    versions: VersionRepository, server_id: int, number: int
) -> ModelVersion:
    """Return a server's version by its number. Raises VersionError."""
    found = await versions.get(server_id, number)
    if found is not None:
        return found
    known = ", ".join(str(each.number) for each in await versions.list(server_id)) or "none"
    raise VersionError(f"There is no version {number} (there are: {known}).")


async def promote(
    versions: VersionRepository, server_id: int, number: int, backbone: str, *, train: str
) -> ModelVersion:
    """Let a kept version answer, whatever its report says. Raises VersionError.

    `train` says how a new version is trained, where this one is of another backbone.
    """
    version = await version_numbered(versions, server_id, number)
    if version.backbone != backbone:
        raise VersionError(
            OTHER_BACKBONE.format(
                number=number, theirs=version.backbone, ours=backbone, train=train
            )
        )
    await versions.promote(server_id, number)
    return version


async def roll_back(versions: VersionRepository, server_id: int) -> tuple[int, int | None]:
    """Go back to the version that answered before; return the numbers of both.

    The second is None where the shipped names answer from now on. Raises VersionError.
    """
    current = await versions.current(server_id)
    if current is None:
        raise VersionError(f"There is nothing to go back from: {SHIPPED} answer already.")
    earlier = [
        each.number
        for each in await versions.list(server_id)
        if each.state == "kept"
        and each.number < current.number
        and each.backbone == current.backbone
    ]
    target = max(earlier, default=None)
    await versions.promote(server_id, target)
    return current.number, target
