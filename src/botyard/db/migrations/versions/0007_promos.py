"""Promos with call-to-action buttons.

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "promos",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("photo", sa.String(256)),
        sa.Column("photo_bot_id", sa.BigInteger),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_promos"),
        sa.UniqueConstraint("code", name="uq_promos_code"),
        sa.ForeignKeyConstraint(["photo_bot_id"], ["bots.id"], name="fk_promos_photo_bot_id"),
        # old keyboards carry the id: it must never be another promo's
        sqlite_autoincrement=True,
    )
    op.create_table(
        "promo_buttons",
        sa.Column("promo_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("text", sa.String(64), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("answer", sa.String(200)),
        sa.PrimaryKeyConstraint("promo_id", "number", name="pk_promo_buttons"),
        sa.ForeignKeyConstraint(["promo_id"], ["promos.id"], name="fk_promo_buttons_promo_id"),
    )


def downgrade() -> None:
    op.drop_table("promo_buttons")
    op.drop_table("promos")
