"""Near-duplicates by their perceptual hashes, asked of PostgreSQL where bots share one.

The index (HNSW) gives the nearest hashes of a server, and goes on until it has enough of them or
has seen `hnsw.max_scan_tuples`; the number of differing bits is exact.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from bot.storage.repository import Repository

MOST: Final = 50
"""So many of the nearest are looked at; the copies of one picture have one group."""

_SCAN = text("SET LOCAL hnsw.iterative_scan = strict_order")
_NEAR = text(
    "SELECT DISTINCT apart::int, group_id FROM ("
    "  SELECT f.group_id, ('x' || f.phash)::bit(64) <~> ('x' || (:phash)::text)::bit(64) AS apart"
    "  FROM face_observations f JOIN answers a ON a.reply_id = f.reply_id"
    "  WHERE a.server_id = :server_id AND f.phash ~ '^[0-9a-f]{16}$'"
    "  ORDER BY apart LIMIT :most"
    ") nearest WHERE apart <= :distance AND group_id IS NOT NULL ORDER BY 1, 2"
)


class NearHashRepository(Repository):
    """Finds pictures of a server again. `answers` is false where who asks must look himself."""

    @property
    def answers(self) -> bool:
        """Whether the database can be asked: on SQLite the bot has all hashes in memory."""
        return self._database.backend.shared

    async def within(self, server_id: int, phash: str, distance: int) -> list[tuple[int, int]]:
        """Return (differing bits, group) of the hashes at most `distance` bits away, nearest first.

        `phash` are 16 hexadecimal digits. Only where `answers` is true.
        """
        asked = {"server_id": server_id, "phash": phash, "distance": distance, "most": MOST}
        async with self._database.read() as session:
            await session.execute(_SCAN)
            rows = await session.execute(_NEAR, asked)
            return [(apart, group) for apart, group in rows]
