"""The faces that were answered, for as long as their answers are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.storage.learning_records import Sighting, pack_vector, unpack_vector
from bot.storage.learning_tables import LabelRow, ShownClusterRow, ShownFaceRow, SightingRow
from bot.storage.repository import Repository
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.storage.learning_records import NewSighting


class SightingRepository(Repository):
    """Sightings. They go with their answer; crops are files and go by `Learning.sweep`."""

    async def add(self, sightings: Sequence[NewSighting]) -> list[Sighting]:
        """Keep sightings and return them; a face that is already kept is left as it is."""
        kept: list[Sighting] = []
        async with self._storage.write() as session:
            for new in sightings:
                values = {
                    name: getattr(new, name) for name in _PLAIN if name != "guesses"
                } | {
                    "x0": new.box.x0, "y0": new.box.y0, "x1": new.box.x1, "y1": new.box.y1,
                    "guesses": list(new.guesses),
                    "vector": None if new.vector is None else pack_vector(new.vector),
                    "group_id": new.group_id or 0,
                }  # fmt: skip
                done = await session.execute(
                    insert(SightingRow).values(**values).on_conflict_do_nothing()
                    .returning(SightingRow.id)
                )  # fmt: skip
                number = done.scalar_one_or_none()
                if number is None:
                    continue
                if new.group_id is None:
                    await session.execute(
                        update(SightingRow).where(SightingRow.id == number).values(group_id=number)
                    )
                row = await session.get_one(SightingRow, number, populate_existing=True)
                kept.append(to_sighting(row))
        return kept

    async def get(self, sighting_id: int) -> Sighting | None:
        """Return a sighting by its number."""
        async with self._storage.read() as session:
            row = await session.get(SightingRow, sighting_id)
        return None if row is None else to_sighting(row)

    async def by_reply(self, reply_id: int) -> list[Sighting]:
        """Return the faces of an answer in their order."""
        return await self._select(SightingRow.reply_id == reply_id)

    async def by_author(self, user_id: int) -> list[Sighting]:
        """Return the faces in pictures that a member posted."""
        return await self._select(SightingRow.author_id == user_id)

    async def in_group(self, group_id: int) -> list[Sighting]:
        """Return the faces in all copies of a picture."""
        return await self._select(SightingRow.group_id == group_id)

    async def in_server(self, server_id: int, since: datetime | None = None) -> list[Sighting]:
        """Return a server's sightings, oldest first."""
        conditions = [SightingRow.server_id == server_id]
        if since is not None:
            conditions.append(SightingRow.at >= since)
        return await self._select(*conditions)

    async def unknown(self, server_id: int, since: datetime) -> list[Sighting]:
        """Return faces unknown when seen, with vectors, undecided, and never shown in a cluster."""
        labelled = select(LabelRow.sighting_id).where(LabelRow.state != "open")
        shown = select(ShownFaceRow.sighting_id)
        return await self._select(
            SightingRow.server_id == server_id,
            SightingRow.at >= since,
            SightingRow.unknown.is_(True),
            SightingRow.vector.is_not(None),
            SightingRow.id.not_in(labelled),
            SightingRow.id.not_in(shown),
        )

    async def hashes(self, server_id: int) -> list[tuple[int, str]]:
        """Return (group, perceptual hash) of every sighting of a server."""
        async with self._storage.read() as session:
            rows = await session.execute(
                select(SightingRow.group_id, SightingRow.phash)
                .where(SightingRow.server_id == server_id)
                .distinct()
            )
            return [(group, phash) for group, phash in rows]

    async def crop_names(self) -> set[str]:
        """Return the file names of all crops in use."""
        async with self._storage.read() as session:
            names = await session.scalars(select(SightingRow.crop).where(SightingRow.crop != ""))
            return {name for name in names if name}

    async def channels(self) -> dict[int, set[int]]:
        """Return, by server, the channels that have sightings."""
        async with self._storage.read() as session:
            rows = await session.execute(
                select(SightingRow.server_id, SightingRow.channel_id).distinct()
            )
            found: dict[int, set[int]] = {}
            for server_id, channel_id in rows:
                found.setdefault(server_id, set()).add(channel_id)
            return found

    async def strip(self, server_id: int, before: datetime | None = None) -> int:
        """Take crops and vectors from a server's sightings; return how many had some."""
        return await self._strip(
            SightingRow.server_id == server_id, *([SightingRow.at < before] if before else [])
        )

    async def strip_author(self, user_id: int) -> int:
        """Take crops and vectors from a member's pictures; return how many had some."""
        return await self._strip(SightingRow.author_id == user_id)

    async def strip_answer(self, reply_id: int) -> int:
        """Take crops and vectors from the faces of an answer; return how many had some."""
        return await self._strip(SightingRow.reply_id == reply_id)

    async def strip_before(self, before: datetime) -> int:
        """Take crops and vectors from sightings older than `before`; return how many had some."""
        return await self._strip(SightingRow.at < before)

    async def erase(self, sighting_ids: Iterable[int]) -> int:
        """Erase sightings with their labels; return how many there were."""
        async with self._storage.write() as session:
            gone = await session.scalars(
                delete(SightingRow)
                .where(SightingRow.id.in_(list(sighting_ids)))
                .returning(SightingRow.id)
            )
            return len(gone.all())

    async def show_cluster(self, server_id: int, members: Iterable[int], at: datetime) -> int:
        """Remember that a cluster was shown; return its number."""
        async with self._storage.write() as session:
            cluster = ShownClusterRow(server_id=server_id, at=at)
            session.add(cluster)
            await session.flush()
            session.add_all(ShownFaceRow(cluster_id=cluster.id, sighting_id=m) for m in members)
            return cluster.id

    async def forget_cluster(self, cluster_id: int, server_id: int) -> None:
        """Forget that a cluster of a server was shown; its faces stay."""
        async with self._storage.write() as session:
            await session.execute(
                delete(ShownClusterRow).where(
                    ShownClusterRow.id == cluster_id, ShownClusterRow.server_id == server_id
                )
            )

    async def cluster(self, cluster_id: int, server_id: int) -> list[Sighting]:
        """Return what is left of a shown cluster of a server."""
        members = select(ShownFaceRow.sighting_id).where(ShownFaceRow.cluster_id == cluster_id)
        return await self._select(SightingRow.id.in_(members), SightingRow.server_id == server_id)

    async def dismissed(self, server_id: int) -> dict[int, list[Sighting]]:
        """Return, by number, the shown clusters whose faces nobody named, where vectors are kept.

        Left unanswered, ignored, or called no faces.
        """
        query = (
            select(ShownFaceRow.cluster_id, SightingRow, LabelRow.label)
            .join(SightingRow, SightingRow.id == ShownFaceRow.sighting_id)
            .outerjoin(
                LabelRow,
                (LabelRow.sighting_id == SightingRow.id) & (LabelRow.state == "settled"),
            )
            .where(SightingRow.server_id == server_id, SightingRow.vector.is_not(None))
            .order_by(ShownFaceRow.cluster_id, SightingRow.id)
        )
        found: dict[int, list[Sighting]] = {}
        named: set[int] = set()
        async with self._storage.read() as session:
            for cluster_id, row, label in await session.execute(query):
                found.setdefault(cluster_id, []).append(to_sighting(row))
                if label is not None and not label.startswith("!"):
                    named.add(cluster_id)
        return {key: faces for key, faces in found.items() if key not in named}

    async def count(self, server_id: int) -> int:
        """Return how many sightings a server has."""
        async with self._storage.read() as session:
            return await session.scalar(
                select(func.count()).select_from(SightingRow).where(
                    SightingRow.server_id == server_id
                )
            ) or 0  # fmt: skip

    async def _select(self, *conditions: ColumnElement[bool]) -> list[Sighting]:
        async with self._storage.read() as session:
            rows = await session.scalars(
                select(SightingRow).where(*conditions).order_by(SightingRow.id)
            )
            return [to_sighting(row) for row in rows]

    async def _strip(self, *conditions: ColumnElement[bool]) -> int:
        async with self._storage.write() as session:
            gone = await session.scalars(
                update(SightingRow)
                .where(*conditions, SightingRow.vector.is_not(None))
                .values(crop=None, vector=None, backbone=None, next_vector=None, next_backbone=None)
                .returning(SightingRow.id)
            )
            return len(gone.all())


_PLAIN = (
    "server_id", "channel_id", "message_id", "reply_id", "face_index", "author_id", "phash",
    "guesses", "unknown", "model_version", "hidden", "at", "crop", "backbone",
)  # fmt: skip


def to_sighting(row: SightingRow) -> Sighting:
    """Return the record of a row."""
    values = {name: getattr(row, name) for name in _PLAIN}
    values["guesses"] = tuple(row.guesses)
    return Sighting(
        **values,
        id=row.id,
        group_id=row.group_id,
        box=Box(row.x0, row.y0, row.x1, row.y1),
        vector=None if row.vector is None else unpack_vector(row.vector),
    )
