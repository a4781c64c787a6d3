"""Payments that go back to broadcasts, and who has ever paid.

Revision: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "broadcast_sales",
        sa.Column("payment_id", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("broadcast_id", NUMBER, nullable=False),
        sa.Column("variant", sa.SmallInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("plan", sa.String(32)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("payment_id", name="pk_broadcast_sales"),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name="fk_broadcast_sales_broadcast_id"),
    )
    op.create_index("ix_broadcast_sales_broadcast_id", "broadcast_sales", ["broadcast_id", "user_id"])
    op.create_index("ix_broadcast_sales_user_id", "broadcast_sales", ["user_id"])
    op.create_table(
        "broadcast_payers",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_broadcast_payers"),
    )
    op.execute(  # what was paid before this version knew
        "INSERT INTO broadcast_payers (user_id, at) SELECT user_id, min(at) FROM payments "
        "WHERE direction = 1 AND kind IN ('charge', 'renewal') GROUP BY user_id"
    )


def downgrade() -> None:
    op.drop_table("broadcast_payers")
    op.drop_table("broadcast_sales")
