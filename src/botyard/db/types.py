"""Column types with one meaning on SQLite and PostgreSQL, and the metadata that models hang on."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, MetaData, SmallInteger, String
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit number that the database hands out (SQLite counts only in INTEGER PRIMARY KEY)."""


class Base(DeclarativeBase):
    """The root of ORM models. Columns, keys and unique constraints only: indexes live in migrations."""

    metadata = metadata


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always UTC with zone. A naive `datetime` is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone: use clock.now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


TextEnum = TypeVar("TextEnum", bound=StrEnum)
NumberEnum = TypeVar("NumberEnum", bound=IntEnum)


class EnumText(TypeDecorator[TextEnum], Generic[TextEnum]):
    """A `StrEnum` kept as its text."""

    impl = String(16)
    cache_ok = True

    def __init__(self, kind: type[TextEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: TextEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> TextEnum | None:  # noqa: ARG002
        return None if value is None else self.kind(value)


class EnumNumber(TypeDecorator[NumberEnum], Generic[NumberEnum]):
    """An `IntEnum` kept as its number, so that the database can compare and sort it."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[NumberEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: NumberEnum | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: int | None, dialect: Dialect) -> NumberEnum | None:  # noqa: ARG002
        return None if value is None else self.kind(value)


class JsonBytes(TypeDecorator[Any]):
    """JSON as UTF-8 bytes, written and read by msgspec: the same on both databases, and NUL is no trouble."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else msgspec.json.encode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else msgspec.json.decode(value)


class DatabaseSeconds(FunctionElement[float]):
    """The database's own clock in seconds since 1970: replicas whose clocks differ still agree on it."""

    inherit_cache = True
    name = "database_seconds"


SQLITE_CLOCK = "((julianday('now') - 2440587.5) * 86400.0)"
POSTGRES_CLOCK = "extract(epoch from clock_timestamp())::double precision"


@compiles(DatabaseSeconds, "sqlite")
def _sqlite_seconds(*_: Any, **__: Any) -> str:
    return SQLITE_CLOCK


@compiles(DatabaseSeconds, "postgresql")
def _postgresql_seconds(*_: Any, **__: Any) -> str:
    return POSTGRES_CLOCK
