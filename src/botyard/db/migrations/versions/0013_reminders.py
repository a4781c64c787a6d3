"""Which members were reminded that their time runs out.

Revision: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "renewal_reminders",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("pack", sa.String(32), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("before", sa.Integer, nullable=False),
        sa.Column("bot_id", sa.BigInteger),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "pack", "ends_at", "before", name="pk_renewal_reminders"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_renewal_reminders_user_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_renewal_reminders_bot_id"),
    )


def downgrade() -> None:
    op.drop_table("renewal_reminders")
