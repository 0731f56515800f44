"""Vectors in a column: bytes on SQLite, pgvector's `halfvec` on PostgreSQL.

Both hold IEEE half precision, so a vector is the same in both to the bit.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any

from sqlalchemy import Dialect, LargeBinary, TypeDecorator
from sqlalchemy.types import TypeEngine

_HEADER = struct.Struct(">HH")
"""The number of dimensions, and zero."""


class PackedVector(TypeDecorator[bytes]):
    """A vector as `models.vectors.pack_vector` packs it: half precision, little-endian."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column's type in a kind of database."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(LargeBinary())
        return dialect.type_descriptor(half_vector())


def half_vector() -> TypeEngine[Any]:
    """Return pgvector's type, which sends and receives what `encoded` and `decoded` make of it.

    pgvector's own goes by text: a hundred times slower for vectors of 384 numbers.
    """
    from pgvector.sqlalchemy import HALFVEC

    class Packed(HALFVEC):
        cache_ok = True
        render_bind_cast = True

        def bind_processor(self, dialect: Dialect) -> None:
            return None

        def result_processor(self, dialect: Dialect, coltype: object) -> None:
            return None

    return Packed()


def encoded(packed: bytes) -> bytes:
    """Return a packed vector as PostgreSQL takes it: with a header, big-endian."""
    return _HEADER.pack(len(packed) // 2, 0) + _swapped(packed)


def decoded(sent: bytes) -> bytes:
    """Return a vector that PostgreSQL sent as it is packed."""
    return _swapped(bytes(sent)[_HEADER.size :])


def _swapped(data: bytes) -> bytes:
    halves = array("H", data)
    halves.byteswap()
    return halves.tobytes()
