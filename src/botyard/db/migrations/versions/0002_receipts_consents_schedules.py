"""Receipts and albums in the outbox, consents of members, schedules.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("message_ids", sa.Text))
    op.add_column("outbox", sa.Column("messages", sa.SmallInteger, nullable=False, server_default="1"))
    op.add_column("outbox", sa.Column("receipt", sa.String(64)))
    receipted = sa.text("receipt IS NOT NULL")
    op.create_index(
        "ix_outbox_receipt", "outbox", ["receipt"], postgresql_where=receipted, sqlite_where=receipted
    )
    _consents()
    _schedules()


def downgrade() -> None:
    for table in ("schedule_runs", "schedule_chats", "schedules", "consents"):
        op.drop_table(table)
    op.drop_index("ix_outbox_receipt", "outbox")
    for column in ("receipt", "messages", "message_ids"):
        op.drop_column("outbox", column)


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("granted", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "topic", name="pk_consents"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_consents_user_id"),
    )


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("cron", sa.String(128)),
        sa.Column("every_seconds", sa.Integer),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("starts_at", MOMENT),
        sa.Column("ends_at", MOMENT),
        sa.Column("jitter_seconds", sa.Integer, nullable=False),
        sa.Column("quiet_begins", sa.String(5)),
        sa.Column("quiet_ends", sa.String(5)),
        sa.Column("catch_up", sa.Boolean, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("occurrence", MOMENT),
        sa.Column("next_at", MOMENT),
        sa.Column("created_by", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("name", name="uq_schedules_name"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_schedules_bot_id"),
        # an id is never handed out twice: jobs of a deleted schedule must not be taken for another's
        sqlite_autoincrement=True,
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])
    op.create_table(
        "schedule_chats",
        sa.Column("schedule_id", NUMBER, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "chat_key", name="pk_schedule_chats"),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name="fk_schedule_chats_schedule_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_schedule_chats_chat_key"),
    )
    op.create_table(
        "schedule_runs",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("schedule_id", NUMBER, nullable=False),
        sa.Column("occurrence", MOMENT, nullable=False),
        sa.Column("fired_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_runs"),
        sa.UniqueConstraint("schedule_id", "occurrence", name="uq_schedule_runs_schedule_id_occurrence"),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name="fk_schedule_runs_schedule_id"),
        sqlite_autoincrement=True,
    )
