"""What all tables share: the base class, the types of moments and of counted keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase

COUNTER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only

_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")


def kept(text: str) -> str:
    """Return a text as every database keeps it.

    PostgreSQL takes no NUL, and no database takes half of a surrogate pair; nobody sees either.
    """
    return _UNKEPT.sub("", text)


class PlainText(TypeDecorator[str]):
    """A text of at most so many characters, whichever way it came: see `kept`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Leave out what can't be kept, in what is written and in what is looked for."""
        return None if value is None else kept(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is taken off on the way in and put back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into a naive one in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a stored moment its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables; constraints get names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, datetime: UtcDateTime}  # noqa: RUF012
