"""Every secondary index and the query that it is there for: no other index may exist, none may be idle.

`botyard db check` compares the names with the live database; a test proves by EXPLAIN, on SQLite and on
PostgreSQL, that each query uses its index.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SAWarning

INDEXES: dict[str, str] = {
    "ix_updates_pending": (
        "SELECT seq FROM updates WHERE state = 'pending' AND slot IN (1, 2, 3) "
        "ORDER BY urgent DESC, seq LIMIT 100"
    ),
    "ix_updates_dead": "SELECT seq FROM updates WHERE state = 'dead' AND bot_id = 1 ORDER BY seq LIMIT 50",
    "ix_outbox_pending": (
        "SELECT id FROM outbox WHERE state = 'pending' AND bot_id = 1 ORDER BY priority, id LIMIT 100"
    ),
    "ix_outbox_sending": "SELECT id FROM outbox WHERE state = 'sending' AND bot_id = 1",
    "ix_outbox_receipt": "SELECT id FROM outbox WHERE receipt = 'distribution:1' ORDER BY id",
    "ix_distribution_posts_album": "SELECT id FROM distribution_posts WHERE album = '1' ORDER BY id",
    "ix_distribution_parts_source": (
        "SELECT post_id FROM distribution_parts WHERE chat_key = 1 AND message_id = 1 AND bot_id = 1"
    ),
    "ix_schedules_next_at": (
        "SELECT id FROM schedules WHERE next_at <= '2030-01-01' ORDER BY next_at LIMIT 50"
    ),
    "ix_broadcast_visits_user_id": (
        "SELECT broadcast_id FROM broadcast_visits WHERE user_id = 1 AND at >= '2030-01-01' ORDER BY at DESC"
    ),
    "ix_entitlements_user_id": "SELECT ends_at FROM entitlements WHERE user_id = 1",
    "ix_entitlements_ends_at": (
        "SELECT user_id FROM entitlements WHERE ends_at > '2030-01-01' AND ends_at <= '2030-01-02' "
        "ORDER BY ends_at"
    ),
    "ix_orders_discount_id": "SELECT count(*) FROM orders WHERE discount_id = 1",
    "ix_orders_reference": "SELECT id FROM orders WHERE reference = 'cs_1'",
    "ix_orders_user_id": "SELECT id FROM orders WHERE user_id = 1",
    "ix_payments_user_id": "SELECT id FROM payments WHERE user_id = 1",
    "ix_payments_order_id": "SELECT id FROM payments WHERE order_id = 1",
    "ix_payments_at": ("SELECT id FROM payments WHERE at >= '2030-01-01' AND at < '2030-02-01' ORDER BY at"),
    "ix_subscriptions_user_id": "SELECT id FROM subscriptions WHERE user_id = 1",
    "ix_subscriptions_reference": "SELECT id FROM subscriptions WHERE reference = 'sub_1'",
    "ix_payment_doubts_payment_id": "SELECT id FROM payment_doubts WHERE payment_id = 1",
    "ix_payment_doubts_unsettled": (
        "SELECT id FROM payment_doubts WHERE settled_at IS NULL AND kind != 'refused' "
        "ORDER BY id DESC LIMIT 100"
    ),
    "ix_refund_requests_under_way": (
        "SELECT id FROM refund_requests WHERE payment_id = 1 AND state = 'asked'"
    ),
    "ix_broadcast_sales_broadcast_id": (
        "SELECT count(*) FROM broadcast_sales WHERE broadcast_id = 1 GROUP BY variant"
    ),
    "ix_broadcast_sales_user_id": "SELECT broadcast_id FROM broadcast_sales WHERE user_id = 1",
    "ix_referrals_referrer_id": "SELECT count(*) FROM referrals WHERE referrer_id = 1",
    "ix_entitlements_plan": "SELECT user_id FROM entitlements WHERE plan = 'gold-1m' AND user_id > 7",
    "ix_access_members_user_id": "SELECT chat_key FROM access_members WHERE user_id = 1",
    "ix_access_members_due": (
        "SELECT user_id FROM access_members WHERE chat_key = 1 "
        "AND due_at <= '2030-01-01' ORDER BY due_at LIMIT 50"
    ),
    "ix_access_members_standing": (
        "SELECT count(*) FROM access_members WHERE chat_key = 1 AND standing = 'in'"
    ),
    "ix_access_members_unlisted": (
        "SELECT user_id FROM access_members WHERE chat_key = 1 AND unlisted_at IS NOT NULL "
        "ORDER BY user_id LIMIT 20"
    ),
    "ix_access_links_chat": "SELECT url FROM access_links WHERE chat_key = 1 AND user_id = 1",
    "ix_access_links_url": "SELECT id FROM access_links WHERE url = 'https://t.me/+x'",
    "ix_jobs_due": (
        "SELECT id FROM jobs WHERE state = 'pending' AND run_at <= '2030-01-01' ORDER BY run_at, id LIMIT 1"
    ),
    "ix_users_staff": "SELECT id FROM users WHERE role >= 2",
    "ix_users_username": "SELECT id FROM users WHERE lower(username) = 'ana'",
    "ix_role_raises_user_id": "SELECT role FROM role_raises WHERE user_id = 1",
}


CATALOGUE = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": (
        "SELECT i.relname, t.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
        "WHERE n.nspname = current_schema() "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)"
    ),
}


@contextmanager
def quiet_reflection() -> Iterator[None]:
    """Without the warning that SQLite's reflection shows no expression indexes: the catalogue has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def index_differences(connection: Connection) -> list[str]:
    """What is wrong with the live database's indexes, a line each: missing, unknown, or a repeated prefix."""
    rows = connection.exec_driver_sql(CATALOGUE[connection.dialect.name])
    found: dict[str, str] = {name: table for name, table in rows}  # noqa: C416 - rows are no pairs to dict()
    missing = [f"index {name} is missing: run 'botyard db upgrade'" for name in INDEXES if name not in found]
    unknown = [
        f"index {name} on {table} is in no migration" for name, table in found.items() if name not in INDEXES
    ]
    return missing + unknown + _repeated_prefixes(connection, set(found.values()))


def _repeated_prefixes(connection: Connection, tables: set[str]) -> list[str]:
    inspector = inspect(connection)
    repeated = []
    for table in sorted(tables):
        with quiet_reflection():
            keys = [tuple(inspector.get_pk_constraint(table)["constrained_columns"])]
            keys += [tuple(unique["column_names"]) for unique in inspector.get_unique_constraints(table)]
            indexes = inspector.get_indexes(table)
        for index in indexes:
            columns = tuple(index["column_names"])
            whole = not any(option.endswith("_where") for option in index.get("dialect_options", {}))
            if whole and index["name"] in INDEXES and any(key[: len(columns)] == columns for key in keys):
                repeated.append(f"index {index['name']} repeats the beginning of a key of {table}")
    return repeated
