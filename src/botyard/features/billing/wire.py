"""What Telegram says of payments (Bot API, Payments), as far as it is needed here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec


class Query(msgspec.Struct, frozen=True):
    """PreCheckoutQuery, and the part that ShippingQuery shares with it."""

    invoice_payload: str
    currency: str = ""
    total_amount: int = 0


class SuccessfulPayment(msgspec.Struct, frozen=True):
    """SuccessfulPayment."""

    currency: str
    total_amount: int
    invoice_payload: str
    telegram_payment_charge_id: str
    subscription_expiration_date: int | None = None
    is_recurring: bool = False
    is_first_recurring: bool = False

    @property
    def paid_until(self) -> datetime | None:
        """The end of the subscription's period that this pays."""
        until = self.subscription_expiration_date
        return None if until is None else datetime.fromtimestamp(until, UTC)


class RefundedPayment(msgspec.Struct, frozen=True):
    """RefundedPayment."""

    currency: str
    total_amount: int
    telegram_payment_charge_id: str


class PaymentMessage(msgspec.Struct, frozen=True):
    """Message, of those that tell of a payment."""

    date: int
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None

    @property
    def at(self) -> datetime:
        """When it happened, by Telegram's clock."""
        return datetime.fromtimestamp(self.date, UTC)


class SubscriptionChange(msgspec.Struct, frozen=True):
    """BotSubscriptionUpdated (Bot API 10.2): only the state, no charge."""

    invoice_payload: str
    state: Literal["canceled", "active", "failed"] | str


class PaymentUpdate(msgspec.Struct, frozen=True):
    """Update, of those that have to do with payments."""

    message: PaymentMessage | None = None
    pre_checkout_query: Query | None = None
    shipping_query: Query | None = None
    subscription: SubscriptionChange | None = None


class Partner(msgspec.Struct, frozen=True):
    """TransactionPartner: a user who paid an invoice, or somebody else."""

    class Person(msgspec.Struct, frozen=True):
        """User."""

        id: int

    type: str
    transaction_type: str = ""
    user: Person | None = None
    invoice_payload: str = ""
    subscription_period: int | None = None


class StarTransaction(msgspec.Struct, frozen=True):
    """StarTransaction: a refund has the id of its charge, and a receiver where that has a source."""

    id: str
    amount: int
    date: int
    source: Partner | None = None
    receiver: Partner | None = None

    @property
    def at(self) -> datetime:
        """When it happened, by Telegram's clock."""
        return datetime.fromtimestamp(self.date, UTC)


class StarTransactions(msgspec.Struct, frozen=True):
    """StarTransactions: at most a hundred, in the order of time."""

    transactions: list[StarTransaction]


_decoder = msgspec.json.Decoder(PaymentUpdate)


def read_update(body: bytes) -> PaymentUpdate:
    """The update. Raises `msgspec.DecodeError` where it is not as the Bot API 10.3 describes it."""
    return _decoder.decode(body)
