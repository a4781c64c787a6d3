"""Broadcasts: what is sent, to whom, and what became of it for each recipient.

Revision: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _members()
    op.create_table(
        "broadcasts",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("audience", sa.LargeBinary, nullable=False),
        sa.Column("paid", sa.Boolean, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("quiet_begins", sa.String(5)),
        sa.Column("quiet_ends", sa.String(5)),
        sa.Column("cap", sa.SmallInteger),
        sa.Column("cap_days", sa.SmallInteger),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("tested_at", MOMENT),
        sa.Column("trying_since", MOMENT),
        sa.Column("scheduled_at", MOMENT),
        sa.Column("started_by", sa.BigInteger),
        sa.Column("approved_by", sa.BigInteger),
        sa.Column("reworded_by", sa.BigInteger),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("driven_at", MOMENT),
        sa.Column("driver", sa.Integer, nullable=False),
        sa.Column("frozen_through", sa.BigInteger, nullable=False),
        sa.Column("frozen_at", MOMENT),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("fed_through", sa.Integer, nullable=False),
        sa.Column("deleted_through", sa.Integer),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_broadcasts"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_broadcasts_bot_id"),
        # old keyboards and links carry the id: it must never be another broadcast's
        sqlite_autoincrement=True,
    )
    op.create_table(
        "broadcast_variants",
        sa.Column("broadcast_id", NUMBER, nullable=False),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("share", sa.SmallInteger, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "number", name="pk_broadcast_variants"),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name="fk_broadcast_variants_broadcast_id"
        ),
    )
    op.create_table(
        "broadcast_recipients",
        sa.Column("broadcast_id", NUMBER, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("variant", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_ids", sa.Text),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "position", name="pk_broadcast_recipients"),
        # a person is in an audience once, whatever is repeated
        sa.UniqueConstraint("broadcast_id", "chat_key", name="uq_broadcast_recipients_broadcast_id_chat_key"),
        # none to broadcasts: a million checks of one row, which whoever writes recipients holds a lock on
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_broadcast_recipients_chat_key"),
    )
    op.create_table(
        "broadcast_tallies",
        sa.Column("broadcast_id", NUMBER, nullable=False),
        sa.Column("variant", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "variant", "state", name="pk_broadcast_tallies"),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name="fk_broadcast_tallies_broadcast_id"
        ),
    )
    op.create_table(
        "broadcast_visits",
        sa.Column("broadcast_id", NUMBER, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("variant", sa.SmallInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", "user_id", "kind", name="pk_broadcast_visits"),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name="fk_broadcast_visits_broadcast_id"),
    )
    op.create_index("ix_broadcast_visits_user_id", "broadcast_visits", ["user_id", "at"])


def _members() -> None:
    """What audiences are chosen by, besides what Telegram tells of people."""
    op.create_table(
        "member_tags",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("tag", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "tag", name="pk_member_tags"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_member_tags_user_id"),
    )
    op.create_table(
        "member_sources",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_member_sources"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_member_sources_user_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_member_sources_bot_id"),
    )
    op.create_table(
        "member_zones",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_member_zones"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_member_zones_user_id"),
    )
    op.create_table(
        "marketing_touches",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "at", "cause", name="pk_marketing_touches"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_marketing_touches_user_id"),
    )


def downgrade() -> None:
    for table in ("visits", "tallies", "recipients", "variants"):
        op.drop_table(f"broadcast_{table}")
    op.drop_table("broadcasts")
    for table in ("marketing_touches", "member_zones", "member_sources", "member_tags"):
        op.drop_table(table)
