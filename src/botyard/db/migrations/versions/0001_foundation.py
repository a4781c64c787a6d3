"""The foundation: bots, members, chats, inbox, outbox, commands, dialogs, jobs, leases, audit log.

Revision: 0001, the first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _inbox_and_outbox()
    _routing_and_jobs()
    _indexes()


def downgrade() -> None:
    for table in (
        "console_sessions", "leases", "jobs", "dialogs", "commands", "outbox", "updates",
        "audit_log", "one_time_links", "bot_chats", "chats", "role_raises", "users", "bots",
    ):  # fmt: skip
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "bots",
        sa.Column("id", sa.BigInteger, autoincrement=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("username", sa.String(64)),
        sa.Column("webhook_secret", sa.String(256), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bots"),
        sa.UniqueConstraint("name", name="uq_bots_name"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, autoincrement=False),
        sa.Column("first_name", sa.String(256), nullable=False),
        sa.Column("last_name", sa.String(256)),
        sa.Column("username", sa.String(64)),
        sa.Column("language_code", sa.String(35)),
        sa.Column("is_premium", sa.Boolean, nullable=False),
        sa.Column("role", sa.SmallInteger, nullable=False),
        sa.Column("banned_at", MOMENT),
        sa.Column("ban_reason", sa.Text),
        sa.Column("registered_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "role_raises",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger),
        sa.Column("role", sa.SmallInteger, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("granted_by", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_raises"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_role_raises_user_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_role_raises_bot_id"),
    )
    op.create_table(
        "chats",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("telegram_id", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("title", sa.String(256)),
        sa.Column("username", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
        sa.UniqueConstraint("telegram_id", name="uq_chats_telegram_id"),
    )
    op.create_table(
        "bot_chats",
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reachable", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_key", name="pk_bot_chats"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_bot_chats_bot_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_bot_chats_chat_key"),
    )
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_one_time_links"),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.BigInteger),
        sa.Column("bot_id", sa.BigInteger),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )


def _inbox_and_outbox() -> None:
    op.create_table(
        "updates",
        sa.Column("seq", NUMBER, autoincrement=True),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("update_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("slot", sa.SmallInteger, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("outcome", sa.String(64)),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_updates"),
        sa.UniqueConstraint("bot_id", "update_id", name="uq_updates_bot_id_update_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_updates_bot_id"),
        # a number is never handed out twice, even after old rows have gone: it is the order of a lane
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("chat_key", sa.BigInteger),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("params", sa.LargeBinary, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("on_unknown", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("update_seq", sa.BigInteger),
        sa.Column("fence", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("error_kind", sa.String(32)),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_outbox_bot_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_outbox_chat_key"),
        sqlite_autoincrement=True,
    )


def _routing_and_jobs() -> None:
    op.create_table(
        "commands",
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("feature", sa.String(32), nullable=False),
        sa.Column("role", sa.SmallInteger, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "name", name="pk_commands"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_commands_bot_id"),
    )
    op.create_table(
        "dialogs",
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_key", "user_id", name="pk_dialogs"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_dialogs_bot_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_dialogs_chat_key"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128)),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("key", name="uq_jobs_key"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "console_sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_console_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_console_sessions_user_id"),
    )


def _indexes() -> None:
    """Each with the query that it serves in `botyard.db.inventory`."""
    _partial("ix_updates_pending", "updates", ["urgent", "seq", "slot"], where="state = 'pending'")
    _partial("ix_updates_dead", "updates", ["bot_id", "seq"], where="state = 'dead'")
    _partial("ix_outbox_pending", "outbox", ["bot_id", "priority", "id"], where="state = 'pending'")
    _partial("ix_outbox_sending", "outbox", ["bot_id", "id"], where="state = 'sending'")
    _partial("ix_jobs_due", "jobs", ["run_at", "id"], where="state = 'pending'")
    _partial("ix_users_staff", "users", ["role"], where="role >= 2")
    op.create_index("ix_users_username", "users", [sa.text("lower(username)")])
    op.create_index("ix_role_raises_user_id", "role_raises", ["user_id"])


def _partial(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
