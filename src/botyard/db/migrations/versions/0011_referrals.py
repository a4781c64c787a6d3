"""Referrals: members' codes, who came by whose, and what it brought; what plans are called.

Revision: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("entitlements", sa.Column("title", sa.String(64)))
    op.create_table(
        "referral_codes",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_referral_codes"),
        sa.UniqueConstraint("code", name="uq_referral_codes_code"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_referral_codes_user_id"),
    )
    op.create_table(
        "referrals",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("referrer_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("payment_id", sa.BigInteger),
        sa.Column("paid_at", MOMENT),
        sa.Column("reward_days", sa.Integer),
        sa.Column("reward_code", sa.String(32)),
        sa.Column("taken_back_at", MOMENT),
        sa.PrimaryKeyConstraint("user_id", name="pk_referrals"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_referrals_user_id"),
        sa.ForeignKeyConstraint(["referrer_id"], ["users.id"], name="fk_referrals_referrer_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_referrals_bot_id"),
    )
    op.create_index("ix_referrals_referrer_id", "referrals", ["referrer_id"])


def downgrade() -> None:
    op.drop_table("referrals")
    op.drop_table("referral_codes")
    op.drop_column("entitlements", "title")
