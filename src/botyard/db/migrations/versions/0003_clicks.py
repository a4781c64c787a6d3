"""Click counting.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "click_targets",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_click_targets"),
        sa.UniqueConstraint("token", name="uq_click_targets_token"),
        sa.UniqueConstraint("label", "url", name="uq_click_targets_label_url"),
    )
    op.create_table(
        "clicks",
        sa.Column("target_id", NUMBER, nullable=False),
        sa.Column("clicker", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("clicks", sa.Integer, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("target_id", "clicker", name="pk_clicks"),
        sa.ForeignKeyConstraint(["target_id"], ["click_targets.id"], name="fk_clicks_target_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_clicks_user_id"),
    )


def downgrade() -> None:
    op.drop_table("clicks")
    op.drop_table("click_targets")
