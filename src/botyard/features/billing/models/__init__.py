"""The tables of billing: the catalog, the orders, the ledger, and what is known of subscriptions."""

from botyard.features.billing.models.catalog import Discount, DiscountId, Plan, PlanChat, PlanId, PlanPrice
from botyard.features.billing.models.cursors import Cursor
from botyard.features.billing.models.ledger import Direction, Kind, Payment, Source
from botyard.features.billing.models.orders import (
    Doubt,
    DoubtId,
    DoubtKind,
    Order,
    OrderId,
    OrderState,
    SigningKey,
    StripeEvent,
    Subscription,
    SubscriptionState,
    Way,
)
from botyard.features.billing.models.refunds import RefundId, RefundRequest, RefundState
from botyard.features.billing.models.reminders import Reminder

__all__ = [
    "Cursor",
    "Direction",
    "Discount",
    "DiscountId",
    "Doubt",
    "DoubtId",
    "DoubtKind",
    "Kind",
    "Order",
    "OrderId",
    "OrderState",
    "Payment",
    "Plan",
    "PlanChat",
    "PlanId",
    "PlanPrice",
    "RefundId",
    "RefundRequest",
    "RefundState",
    "Reminder",
    "SigningKey",
    "Source",
    "StripeEvent",
    "Subscription",
    "SubscriptionState",
    "Way",
]
