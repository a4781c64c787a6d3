"""What billing counts for Prometheus. The client library adds `_total` to each name."""

from __future__ import annotations

from botyard.observability.metrics import CounterName

CHECKOUTS_STARTED = CounterName(
    "billing_checkout_started", "Orders that members began to pay, by the plan that is bought.", ("plan",)
)
BILLING_PAYMENTS = CounterName(
    "billing_payments",
    "What came of money, whichever way it was paid: credited, unknown_order, paid_twice, wrong_amount, "
    "failed, refunded, disputed, reinstated.",
    ("status",),
)
TELEGRAM_PAYMENTS = CounterName(
    "telegram_payments", "What came of payments in Telegram, by the way they went.", ("result",)
)
TELEGRAM_PAYMENT_VALUE = CounterName(
    "telegram_payment_value", "Money paid in Telegram, in the currency's smallest unit.", ("currency",)
)
