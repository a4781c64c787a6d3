"""Paid chats: what was bought before a plan was edited, and whom the way in is still to be told.

Revision: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_keeps",
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.String(32), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat_key", "plan", name="pk_access_keeps"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_access_keeps_chat_key"),
    )
    op.add_column("access_chats", sa.Column("told_through", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("access_chats", "told_through")
    op.drop_table("access_keeps")
