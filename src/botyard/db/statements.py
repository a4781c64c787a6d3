"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps in two places."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(dialect: Dialect, target: Table | type[Any]) -> Insert:
    """An INSERT that passes over rows whose key is there already."""
    if dialect.name == "sqlite":
        return sqlite.insert(target).on_conflict_do_nothing()
    return postgresql.insert(target).on_conflict_do_nothing()


def upsert(dialect: Dialect, target: Table | type[Any], *, key: list[str], values: dict[str, Any]) -> Insert:
    """An INSERT of `values` that overwrites the row with the same `key`."""
    rest = {name: value for name, value in values.items() if name not in key}
    if dialect.name == "sqlite":
        return sqlite.insert(target).values(values).on_conflict_do_update(index_elements=key, set_=rest)
    return postgresql.insert(target).values(values).on_conflict_do_update(index_elements=key, set_=rest)
