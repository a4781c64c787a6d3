"""Guides, and what each member has seen, saved and done.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "guides",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("title", sa.String(128), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("difficulty", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("searchable", sa.Text, nullable=False),
        sa.Column("last_posted_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guides"),
        sa.UniqueConstraint("key", name="uq_guides_key"),
        sa.CheckConstraint("(url IS NULL) <> (body IS NULL)", name="ck_guides_url_or_body"),
    )
    op.create_table(
        "guide_marks",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guide_id", NUMBER, nullable=False),
        sa.Column("saved_at", MOMENT),
        sa.Column("done_at", MOMENT),
        sa.Column("views", sa.Integer, nullable=False),
        sa.Column("reads", sa.Integer, nullable=False),
        sa.Column("last_viewed_at", MOMENT),
        sa.PrimaryKeyConstraint("user_id", "guide_id", name="pk_guide_marks"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_guide_marks_user_id"),
        sa.ForeignKeyConstraint(["guide_id"], ["guides.id"], name="fk_guide_marks_guide_id"),
    )


def downgrade() -> None:
    op.drop_table("guide_marks")
    op.drop_table("guides")
