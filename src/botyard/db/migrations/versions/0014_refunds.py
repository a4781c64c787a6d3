"""Billing: refunds that were asked for.

Revision: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "refund_requests",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("payment_id", NUMBER, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_refund_requests"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_refund_requests_payment_id"),
        # the other side is told the number: it must never be another request's
        sqlite_autoincrement=True,
    )
    under_way = sa.text("state = 'asked'")
    op.create_index(
        "ix_refund_requests_under_way",
        "refund_requests",
        ["payment_id"],
        unique=True,
        postgresql_where=under_way,
        sqlite_where=under_way,
    )


def downgrade() -> None:
    op.drop_table("refund_requests")
