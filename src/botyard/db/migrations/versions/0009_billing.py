"""Billing: the catalog, orders, the append-only ledger, and the time that follows from it.

Revision: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "billing_cursors",
    "signing_keys",
    "stripe_events",
    "payment_doubts",
    "subscriptions",
    "payments",
    "orders",
    "discounts",
    "plan_chats",
    "plan_prices",
    "plans",
    "entitlements",
)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("result", sa.LargeBinary))
    # who has paid time is a subscriber: nobody is made one any more
    op.execute("DELETE FROM role_raises WHERE role = 1")
    op.execute("UPDATE users SET role = 0 WHERE role = 1")
    _entitlements()
    _catalog()
    _orders()
    _ledger()
    _subscriptions()
    _doubts()
    op.create_table(
        "stripe_events",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stripe_events"),
    )
    op.create_table(
        "billing_cursors",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", sa.String(255), nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_billing_cursors"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_signing_keys"),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER payments_only_grow ON payments")
        op.execute("DROP FUNCTION refuse_change()")
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("outbox", "result")


def _entitlements() -> None:
    op.create_table(
        "entitlements",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("payment_id", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.String(32), nullable=False),
        sa.Column("pack", sa.String(32), nullable=False),
        sa.Column("features", sa.LargeBinary, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entitlements"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_entitlements_user_id"),
    )
    op.create_index("ix_entitlements_user_id", "entitlements", ["user_id"])
    op.create_index("ix_entitlements_ends_at", "entitlements", ["ends_at"])


def _catalog() -> None:
    op.create_table(
        "plans",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("pack", sa.String(32), nullable=False),
        sa.Column("title", sa.String(64), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("days", sa.Integer),
        sa.Column("months", sa.Integer),
        sa.Column("stars_subscription", sa.Boolean, nullable=False),
        sa.Column("stripe_subscription", sa.Boolean, nullable=False),
        sa.Column("trial_days", sa.Integer),
        sa.Column("features", sa.LargeBinary, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sold_from", MOMENT),
        sa.Column("sold_until", MOMENT),
        sa.Column("archived_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
        sa.UniqueConstraint("code", name="uq_plans_code"),
    )
    op.create_table(
        "plan_prices",
        sa.Column("plan_id", NUMBER, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "currency", name="pk_plan_prices"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_plan_prices_plan_id"),
    )
    op.create_table(
        "plan_chats",
        sa.Column("plan_id", NUMBER, nullable=False),
        sa.Column("chat_key", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "chat_key", name="pk_plan_chats"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_plan_chats_plan_id"),
        sa.ForeignKeyConstraint(["chat_key"], ["chats.id"], name="fk_plan_chats_chat_key"),
    )
    op.create_table(
        "discounts",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("percent", sa.SmallInteger),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("most_uses", sa.Integer),
        sa.Column("once_per_member", sa.Boolean, nullable=False),
        sa.Column("only_user_id", sa.BigInteger),
        sa.Column("plans", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_discounts"),
        sa.UniqueConstraint("code", name="uq_discounts_code"),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("plan_id", NUMBER, nullable=False),
        sa.Column("plan", sa.String(32), nullable=False),
        sa.Column("pack", sa.String(32), nullable=False),
        sa.Column("title", sa.String(64), nullable=False),
        sa.Column("days", sa.Integer),
        sa.Column("months", sa.Integer),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("renews", sa.Boolean, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("discount_id", NUMBER),
        sa.Column("discount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(255)),
        sa.Column("url", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_orders_user_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_orders_bot_id"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_orders_plan_id"),
        sa.ForeignKeyConstraint(["discount_id"], ["discounts.id"], name="fk_orders_discount_id"),
        # invoices carry the id: it must never be another order's
        sqlite_autoincrement=True,
    )
    discounted, referred = sa.text("discount_id IS NOT NULL"), sa.text("reference IS NOT NULL")
    op.create_index(
        "ix_orders_discount_id",
        "orders",
        ["discount_id"],
        postgresql_where=discounted,
        sqlite_where=discounted,
    )
    op.create_index(
        "ix_orders_reference", "orders", ["reference"], postgresql_where=referred, sqlite_where=referred
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id"])


def _ledger() -> None:
    op.create_table(
        "payments",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("direction", sa.SmallInteger, nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger),
        sa.Column("order_id", NUMBER),
        sa.Column("refers_to", sa.String(300)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("plan", sa.String(32)),
        sa.Column("pack", sa.String(32)),
        sa.Column("days", sa.Integer),
        sa.Column("months", sa.Integer),
        sa.Column("paid_until", MOMENT),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("by_id", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint(
            "source", "direction", "external_id", name="uq_payments_source_direction_external_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_payments_user_id"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_payments_bot_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_payments_order_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payments_user_id", "payments", ["user_id"])
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_index("ix_payments_at", "payments", ["at"])
    _only_grows()


def _only_grows() -> None:
    """The database itself refuses to change or to remove a row of the ledger."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER payments_no_{deed.lower()} BEFORE {deed} ON payments "
                "BEGIN SELECT RAISE(ABORT, 'rows of the ledger are only ever added'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'rows of the ledger are only ever added'; END $$"
    )
    op.execute(
        "CREATE TRIGGER payments_only_grow BEFORE UPDATE OR DELETE ON payments "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("customer", sa.String(255)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("period_ends_at", MOMENT),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.UniqueConstraint("order_id", name="uq_subscriptions_order_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_subscriptions_order_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_subscriptions_user_id"),
    )
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"])
    op.create_index("ix_subscriptions_reference", "subscriptions", ["reference"])


def _doubts() -> None:
    op.create_table(
        "payment_doubts",
        sa.Column("id", NUMBER, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("order_id", sa.BigInteger),
        sa.Column("payment_id", sa.BigInteger),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("settled_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_payment_doubts"),
        sqlite_autoincrement=True,
    )
    paid = sa.text("payment_id IS NOT NULL")
    op.create_index(
        "ix_payment_doubts_payment_id",
        "payment_doubts",
        ["payment_id"],
        postgresql_where=paid,
        sqlite_where=paid,
    )
    opened = sa.text("settled_at IS NULL AND kind != 'refused'")
    op.create_index(
        "ix_payment_doubts_unsettled",
        "payment_doubts",
        ["id"],
        postgresql_where=opened,
        sqlite_where=opened,
    )
