"""Posts that were distributed, and their copies.

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
    op.create_table(
        "distribution_posts",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("source_key", sa.BigInteger, nullable=False),
        sa.Column("media_group_id", sa.String(64)),
        sa.Column("message_ids", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("card_id", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_distribution_posts"),
        sa.UniqueConstraint(
            "bot_id",
            "source_key",
            "media_group_id",
            name="uq_distribution_posts_bot_id_source_key_media_group_id",
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_distribution_posts_bot_id"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_distribution_posts_author_id"),
        sa.ForeignKeyConstraint(["source_key"], ["chats.id"], name="fk_distribution_posts_source_key"),
        # a number is never handed out twice: old buttons and receipts name posts by it
        sqlite_autoincrement=True,
    )
    op.create_table(
        "distribution_copies",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("rule_id", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_ids", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("post_id", "chat_key", name="pk_distribution_copies"),
        sa.ForeignKeyConstraint(
            ["post_id"], ["distribution_posts.id"], name="fk_distribution_copies_post_id"
        ),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_distribution_copies_chat_key"),
    )


def downgrade() -> None:
    op.drop_table("distribution_copies")
    op.drop_table("distribution_posts")
