"""How Alembic runs here: one transaction, one migrator at a time, never waiting long for a lock."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, text

MIGRATION_LOCK = 0x626F7479  # "boty": any number, the same for every replica


def include_object(_object: Any, _name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Indexes are the migrations' alone: models know none, so there is nothing to compare."""
    return kind != "index"


def run(connection: Connection) -> None:
    """Runs what was asked for on `connection`, which is in a transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
        connection.execute(text("SET LOCAL client_min_messages = warning"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        include_object=include_object,
        render_as_batch=True,
        compare_type=True,
    )
    context.run_migrations()


run(context.config.attributes["connection"])
