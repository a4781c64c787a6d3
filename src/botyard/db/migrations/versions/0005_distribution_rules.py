"""Rules of distribution.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "distribution_rules",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("is_regex", sa.Boolean, nullable=False),
        sa.Column("whole_words", sa.Boolean, nullable=False),
        sa.Column("excluded", sa.LargeBinary, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("first_only", sa.Boolean, nullable=False),
        sa.Column("caption_template", sa.Text),
        sa.Column("buttons", sa.LargeBinary, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_distribution_rules"),
        sqlite_autoincrement=True,  # audit entries name rules by number: none is given out again
    )
    op.create_table(
        "distribution_rule_chats",
        sa.Column("rule_id", NUMBER, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "chat_key", name="pk_distribution_rule_chats"),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["distribution_rules.id"], name="fk_distribution_rule_chats_rule_id"
        ),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_distribution_rule_chats_chat_key"),
    )
    book = op.create_table(
        "distribution_rule_book",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("seeded_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_distribution_rule_book"),
    )
    op.bulk_insert(book, [{"id": 1, "version": "empty"}])


def downgrade() -> None:
    op.drop_table("distribution_rule_book")
    op.drop_table("distribution_rule_chats")
    op.drop_table("distribution_rules")
