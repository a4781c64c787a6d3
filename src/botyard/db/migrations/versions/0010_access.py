"""Paid chats: who keeps them, who is in them, and the links that lead there.

Revision: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "access_chats",
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("plans", sa.LargeBinary, nullable=False),
        sa.Column("single_use", sa.Boolean, nullable=False),
        sa.Column("problem", sa.String(16)),
        sa.Column("told_problem", sa.String(16)),
        sa.Column("compared_at", MOMENT),
        sa.Column("compared_through", sa.BigInteger),
        sa.Column("swept_at", MOMENT),
        sa.Column("swept_through", sa.BigInteger),
        sa.Column("sweep", sa.Integer, nullable=False),
        sa.Column("people", sa.Integer),
        sa.Column("braked_at", MOMENT),
        sa.Column("braked_size", sa.Integer, nullable=False),
        sa.Column("allowed", sa.Integer, nullable=False),
        sa.Column("allowed_until", MOMENT),
        sa.Column("wanted", sa.String(16)),
        sa.Column("wanted_by", sa.BigInteger),
        sa.Column("wanted_size", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("chat_key", name="pk_access_chats"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_access_chats_chat_key"),
    )
    op.create_table(
        "access_keepers",
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("can_invite", sa.Boolean, nullable=False),
        sa.Column("can_restrict", sa.Boolean, nullable=False),
        sa.Column("seen_key", sa.String(64), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("chat_key", "bot_id", name="pk_access_keepers"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_access_keepers_chat_key"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_access_keepers_bot_id"),
    )
    _people()
    _links()
    op.create_index("ix_entitlements_plan", "entitlements", ["plan", "user_id"])


def _people() -> None:
    op.create_table(
        "access_members",
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("came", sa.String(16), nullable=False),
        sa.Column("seen_key", sa.String(64), nullable=False),
        sa.Column("came_key", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(16)),
        sa.Column("decided_by", sa.BigInteger),
        sa.Column("due_at", MOMENT),
        sa.Column("unlisted_at", MOMENT),
        sa.Column("removal", sa.String(64)),
        sa.Column("invited_at", MOMENT),
        sa.PrimaryKeyConstraint("chat_key", "user_id", name="pk_access_members"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_access_members_chat_key"),
    )
    op.create_index("ix_access_members_user_id", "access_members", ["user_id"])
    op.create_index(
        "ix_access_members_due",
        "access_members",
        ["chat_key", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_access_members_standing", "access_members", ["chat_key", "standing"])
    op.create_index(
        "ix_access_members_unlisted",
        "access_members",
        ["chat_key", "user_id"],
        sqlite_where=sa.text("unlisted_at IS NOT NULL"),
        postgresql_where=sa.text("unlisted_at IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "access_links",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("url", sa.String(128)),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_access_links"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_access_links_chat_key"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_access_links_bot_id"),
    )
    op.create_index("ix_access_links_chat", "access_links", ["chat_key", "user_id"])
    op.create_index("ix_access_links_url", "access_links", ["url"])


def downgrade() -> None:
    op.drop_index("ix_entitlements_plan", "entitlements")
    op.drop_table("access_links")
    op.drop_table("access_members")
    op.drop_table("access_keepers")
    op.drop_table("access_chats")
