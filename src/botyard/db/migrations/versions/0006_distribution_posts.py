"""Posts that are distributed, and their copies.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _posts()
    _parts()
    _copies()
    op.create_table(
        "distribution_habits",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("sends_at_once", sa.Boolean, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_distribution_habits"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_distribution_habits_user_id"),
    )


def downgrade() -> None:
    for table in ("habits", "copies", "parts", "posts"):
        op.drop_table(f"distribution_{table}")


def _posts() -> None:
    op.create_table(
        "distribution_posts",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("album", sa.String(64)),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("is_typed", sa.Boolean, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("deletion", sa.Integer, nullable=False),
        sa.Column("follower", sa.Integer, nullable=False),
        sa.Column("card_id", sa.BigInteger),
        sa.Column("shown", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("sent_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_distribution_posts"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_distribution_posts_bot_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_distribution_posts_chat_key"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_distribution_posts_author_id"),
        sqlite_autoincrement=True,  # old buttons name posts by number: none is given out again
    )
    in_album = sa.text("album IS NOT NULL")
    op.create_index(
        "ix_distribution_posts_album",
        "distribution_posts",
        ["album"],
        postgresql_where=in_album,
        sqlite_where=in_album,
    )


def _parts() -> None:
    op.create_table(
        "distribution_parts",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("file_id", sa.Text),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("has_new_media", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("post_id", "message_id", name="pk_distribution_parts"),
        sa.ForeignKeyConstraint(["post_id"], ["distribution_posts.id"], name="fk_distribution_parts_post_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_distribution_parts_chat_key"),
    )
    op.create_index(
        "ix_distribution_parts_source", "distribution_parts", ["chat_key", "message_id", "bot_id"]
    )


def _copies() -> None:
    op.create_table(
        "distribution_copies",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("rule_id", sa.BigInteger, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("words", sa.LargeBinary, nullable=False),
        sa.Column("template", sa.Text),
        sa.Column("buttons", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger),
        sa.Column("message_ids", sa.LargeBinary, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("deletion", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("post_id", "chat_key", name="pk_distribution_copies"),
        sa.ForeignKeyConstraint(
            ["post_id"], ["distribution_posts.id"], name="fk_distribution_copies_post_id"
        ),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_distribution_copies_chat_key"),
    )
