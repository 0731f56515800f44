"""A server's characters and aliases, and every change of a gallery with its way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, select, update

from bot.storage.exemplars import add_exemplars
from bot.storage.records import GalleryAction, ServerCharacter
from bot.storage.repository import Repository
from bot.storage.revisions import bump
from bot.storage.tables import AliasRow, CharacterRow, ExemplarRow, GalleryActionRow, RevisionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.records import ActionKind, CharacterState, NewExemplar


class LaterActionError(Exception):
    """An action can't be undone before a later one on the same character is; `later` is that."""

    def __init__(self, later: GalleryAction) -> None:
        super().__init__(f"Undo the later change first: {later.summary}.")
        self.later = later


class GalleryRepository(Repository):
    """What servers added to the shipped roster. No server sees another's."""

    async def characters(self, server_id: int) -> list[ServerCharacter]:
        """Return a server's characters, those forgotten and merged included."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(CharacterRow)
                .where(CharacterRow.server_id == server_id)
                .order_by(CharacterRow.id)
            )
            return [_to_character(row) for row in rows]

    async def aliases(self, server_id: int) -> dict[str, tuple[str, ...]]:
        """Return the names that a server added, by character."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AliasRow).where(AliasRow.server_id == server_id).order_by(AliasRow.alias)
            )
            found: dict[str, tuple[str, ...]] = {}
            for row in rows:
                found[row.character_id] = (*found.get(row.character_id, ()), row.alias)
            return found

    async def change(
        self,
        server_id: int,
        kind: ActionKind,
        user_id: int,
        summary: str,
        at: datetime,
        *,
        characters: Sequence[ServerCharacter] = (),
        aliases: Mapping[str, Iterable[str]] | None = None,
        exemplars: Sequence[NewExemplar] = (),
        accept: tuple[int, str] | None = None,
    ) -> GalleryAction:
        """Change a gallery, all or nothing, and remember how to undo it.

        `characters` replace those of the same id, `aliases` all aliases of a character; `accept`
        is a proposal whose waiting exemplars come into use, and the character they show.
        """
        aliases = {key: tuple(names) for key, names in (aliases or {}).items()}
        async with self._database.write() as session:
            undo: dict[str, Any] = {
                "characters": {
                    c.id: await _character(session, server_id, c.id) for c in characters
                },
                "aliases": {key: await _names(session, server_id, key) for key in aliases},
                "exemplars": [],
            }
            for character in characters:
                await session.merge(CharacterRow(server_id=server_id, **asdict(character)))
            for key, names in aliases.items():
                await _set_names(session, server_id, key, names)
            undo["exemplars"] = await add_exemplars(session, server_id, exemplars, None)
            if accept is not None:
                taken = await session.scalars(
                    update(ExemplarRow)
                    .where(ExemplarRow.proposal_id == accept[0])
                    .values(proposal_id=None, character_id=accept[1])
                    .returning(ExemplarRow.id)
                )
                undo["exemplars"] += list(taken)
            row = GalleryActionRow(
                server_id=server_id, kind=kind, user_id=user_id, summary=summary[:300],
                undo=undo, undone_by=None, at=at,
            )  # fmt: skip
            session.add(row)
            await bump(session, server_id)
            await session.flush()
            return _to_action(row)

    async def undo(self, server_id: int, action_id: int, user_id: int) -> GalleryAction | None:
        """Take an action back; None where there is none, or it is undone already.

        Raises LaterActionError where a later action that stands touched the same characters.
        """
        async with self._database.write() as session:
            row = await session.get(GalleryActionRow, action_id)
            if row is None or row.server_id != server_id or row.undone_by is not None:
                return None
            touched = _touched(row)
            later = await session.scalars(
                select(GalleryActionRow)
                .where(
                    GalleryActionRow.server_id == server_id,
                    GalleryActionRow.id > action_id,
                    GalleryActionRow.undone_by.is_(None),
                )
                .order_by(GalleryActionRow.id.desc())
            )
            for other in later:
                if touched & _touched(other):
                    raise LaterActionError(_to_action(other))
            for key, before in row.undo["characters"].items():
                if before is None:
                    await session.execute(
                        delete(CharacterRow).where(
                            CharacterRow.server_id == server_id, CharacterRow.id == key
                        )
                    )
                else:
                    await session.merge(CharacterRow(server_id=server_id, **before))
            for key, names in row.undo["aliases"].items():
                await _set_names(session, server_id, key, names)
            await session.execute(
                delete(ExemplarRow).where(ExemplarRow.id.in_(row.undo["exemplars"]))
            )
            row.undone_by = user_id
            await bump(session, server_id)
            return _to_action(row)

    async def actions(self, server_id: int, limit: int = 25) -> list[GalleryAction]:
        """Return the last changes of a gallery, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(GalleryActionRow)
                .where(GalleryActionRow.server_id == server_id)
                .order_by(GalleryActionRow.id.desc())
                .limit(limit)
            )
            return [_to_action(row) for row in rows]

    async def forget_user(self, user_id: int) -> None:
        """Take a member's name out of what was done to galleries; the acts stand."""
        async with self._database.write() as session:
            for column in (GalleryActionRow.user_id, GalleryActionRow.undone_by):
                await session.execute(
                    update(GalleryActionRow).where(column == user_id).values({column: 0})
                )

    async def revisions(self) -> dict[int, int]:
        """Return how often each server's gallery or model changed."""
        async with self._database.read() as session:
            rows = await session.execute(select(RevisionRow.server_id, RevisionRow.revision))
            return {server_id: number for server_id, number in rows.all()}  # noqa: C416 - rows, not pairs

    async def touch(self, server_id: int) -> None:
        """Count a change, so that a running bot reads the server's gallery anew."""
        async with self._database.write() as session:
            await bump(session, server_id)


async def _character(session: AsyncSession, server_id: int, key: str) -> dict[str, Any] | None:
    row = await session.get(CharacterRow, (server_id, key))
    return None if row is None else asdict(_to_character(row))


async def _names(session: AsyncSession, server_id: int, key: str) -> list[str]:
    names = await session.scalars(
        select(AliasRow.alias).where(AliasRow.server_id == server_id, AliasRow.character_id == key)
    )
    return list(names)


async def _set_names(session: AsyncSession, server_id: int, key: str, names: Iterable[str]) -> None:
    await session.execute(
        delete(AliasRow).where(AliasRow.server_id == server_id, AliasRow.character_id == key)
    )
    session.add_all(
        AliasRow(server_id=server_id, character_id=key, alias=name) for name in dict.fromkeys(names)
    )


def _touched(row: GalleryActionRow) -> set[str]:
    return {*row.undo["characters"], *row.undo["aliases"]}


def _to_character(row: CharacterRow) -> ServerCharacter:
    return ServerCharacter(
        id=row.id,
        name=row.name,
        series=row.series,
        native_name=row.native_name,
        own=row.own,
        state=cast("CharacterState", row.state),
        merged_into=row.merged_into,
    )


def _to_action(row: GalleryActionRow) -> GalleryAction:
    return GalleryAction(
        id=row.id,
        server_id=row.server_id,
        kind=cast("ActionKind", row.kind),
        user_id=row.user_id,
        summary=row.summary,
        undone_by=row.undone_by,
        at=row.at,
    )
