"""Reading Stripe's objects: what they say of money and subscriptions now, in our own terms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from botyard.features.billing.models import SubscriptionState
from botyard.features.billing.stripe.amounts import from_stripe
from botyard.features.billing.stripe.client import ask
from botyard.features.billing.stripe.marks import Mark, mark_of
from botyard.ids import BotId
from botyard.money import Money

if TYPE_CHECKING:
    import stripe
    from stripe import StripeClient

Bots = Collection[BotId]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


class Part(StrEnum):
    """What a payment is of its order."""

    FIRST = "first"
    RENEWAL = "renewal"
    OTHER = "other"
    """An invoice that somebody made at Stripe for the same subscription: it buys no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Come:
    """Money that has come. `key`: see `botyard.features.billing.stripe`."""

    key: str
    mark: Mark
    money: Money
    at: datetime
    part: Part = Part.FIRST
    paid_until: datetime | None = None
    subscription: str = ""
    customer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """A payment of ours that did not come; `url` is where the member can still pay it."""

    mark: Mark
    url: str | None = None
    subscription: str = ""
    is_due: bool = False
    """Whether it is a renewal that Stripe tried to take, and goes on trying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSeen:
    """How a subscription is at Stripe; `state` None while its first payment is under way."""

    id: str
    mark: Mark
    state: SubscriptionState | None
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Money that goes back: a refund or a dispute. `stands` is False once it was undone."""

    id: str
    is_dispute: bool
    intent: str
    money: Money
    at: datetime
    moved: bool
    """Whether money has moved at all: not with a mere inquiry."""
    stands: bool
    reason: str


_STATES = {
    "active": SubscriptionState.ACTIVE,
    "trialing": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.PAST_DUE,
    "paused": SubscriptionState.PAST_DUE,
    "canceled": SubscriptionState.ENDED,
    "incomplete_expired": SubscriptionState.ENDED,
}
_PARTS = {"subscription_create": Part.FIRST, "subscription_cycle": Part.RENEWAL}


async def read_session(
    api: StripeClient, session_id: str, bots: Bots, settled_at: datetime | None
) -> Come | Unpaid | None:
    """What a Checkout Session has brought; None if it is not ours, or nothing is known yet.

    `settled_at`: when Stripe said that a slow payment had come; its time begins then.
    """
    session = await ask(api.v1.checkout.sessions.retrieve_async(session_id))
    mark = mark_of(_words(session.metadata), bots)
    if mark is None:
        return None
    if session.payment_status != "paid":
        return Unpaid(mark=mark)
    invoice, intent = id_of(session.invoice), id_of(session.payment_intent)
    if invoice:
        return await read_invoice(api, invoice, bots)
    return await read_payment(api, intent, bots, settled_at) if intent else None


async def read_payment(
    api: StripeClient, intent_id: str, bots: Bots, settled_at: datetime | None = None
) -> Come | Unpaid | None:
    """The money of a PaymentIntent, one of an invoice's included; None if it is not ours."""
    params: stripe.params.PaymentIntentRetrieveParams = {"expand": ["latest_charge"]}
    intent = await ask(api.v1.payment_intents.retrieve_async(intent_id, params))
    mark = mark_of(_words(intent.metadata), bots)
    if mark is None:
        return await _read_invoice_of(api, intent_id, bots)
    if intent.status != "succeeded":
        return Unpaid(mark=mark)
    charge = intent.latest_charge
    if charge is not None and not isinstance(charge, str):
        amount, paid_at = charge.amount, moment(charge.created)
    else:
        amount, paid_at = intent.amount_received, moment(intent.created)
    return Come(
        key=intent.id,
        mark=mark,
        money=from_stripe(amount, intent.currency),
        at=max(paid_at, settled_at or paid_at),
        customer=id_of(intent.customer) or None,
    )


async def read_invoice(api: StripeClient, invoice_id: str, bots: Bots) -> Come | Unpaid | None:
    """What a subscription's invoice has brought; None if it is not ours."""
    params: stripe.params.InvoiceRetrieveParams = {"expand": ["payments"]}
    invoice = await ask(api.v1.invoices.retrieve_async(invoice_id, params))
    details = invoice.parent.subscription_details if invoice.parent else None
    if details is None:
        return None
    subscription = id_of(details.subscription)
    mark = mark_of(_words(details.metadata), bots)
    if mark is None:
        seen = await read_subscription(api, subscription, bots)
        mark = seen.mark if seen else None
    if mark is None:
        return None
    if invoice.status != "paid":
        is_due = invoice.status == "open" and invoice.billing_reason == "subscription_cycle"
        url = invoice.hosted_invoice_url if is_due else None
        return Unpaid(mark=mark, url=url, subscription=subscription, is_due=is_due)
    ends = [line.period.end for line in invoice.lines.data]
    return Come(
        key=_key_of(invoice),
        mark=mark,
        money=from_stripe(invoice.amount_paid, invoice.currency),
        at=moment(invoice.status_transitions.paid_at or invoice.created),
        part=_PARTS.get(str(invoice.billing_reason), Part.OTHER),
        paid_until=moment(max(ends)) if ends else None,
        subscription=subscription,
        customer=id_of(invoice.customer) or None,
    )


async def read_subscription(api: StripeClient, subscription_id: str, bots: Bots) -> SubscriptionSeen | None:
    """How a subscription is; None if it is not ours."""
    found = await ask(api.v1.subscriptions.retrieve_async(subscription_id))
    mark = mark_of(_words(found.metadata), bots)
    if mark is None:
        return None
    state = _STATES.get(found.status)
    if state is SubscriptionState.ACTIVE and (found.cancel_at_period_end or found.cancel_at):
        state = SubscriptionState.CANCELLED
    return SubscriptionSeen(id=found.id, mark=mark, state=state, customer=id_of(found.customer))


async def read_refund(api: StripeClient, refund_id: str) -> Return | None:
    """A refund; None for one of a payment that no Checkout of ours can have made."""
    return return_of(await ask(api.v1.refunds.retrieve_async(refund_id)))


async def read_refunds_of(api: StripeClient, intent_id: str) -> list[Return]:
    """All refunds of a payment: Stripe keeps at most a hundred."""
    found = await ask(api.v1.refunds.list_async({"payment_intent": intent_id, "limit": 100}))
    return [each for each in map(return_of, found.data) if each]


async def read_dispute(api: StripeClient, dispute_id: str) -> Return | None:
    """A dispute; None for one of a payment that no Checkout of ours can have made."""
    return dispute_of(await ask(api.v1.disputes.retrieve_async(dispute_id)))


def return_of(refund: stripe.Refund) -> Return | None:
    """A refund in our own terms. It counts from its beginning, and no more once it failed."""
    intent = id_of(refund.payment_intent)
    if not intent:
        return None
    return Return(
        id=refund.id,
        is_dispute=False,
        intent=intent,
        money=from_stripe(refund.amount, refund.currency),
        at=moment(refund.created),
        moved=refund.status != "requires_action",
        stands=refund.status not in ("failed", "canceled"),
        reason=str(refund.reason or ""),
    )


def dispute_of(dispute: stripe.Dispute) -> Return | None:
    """A dispute in our own terms. An inquiry (`warning_...`) moves no money, nor one that was prevented."""
    intent = id_of(dispute.payment_intent)
    if not intent:
        return None
    return Return(
        id=dispute.id,
        is_dispute=True,
        intent=intent,
        money=from_stripe(dispute.amount, dispute.currency),
        at=moment(dispute.created),
        moved=not dispute.status.startswith("warning_") and dispute.status != "prevented",
        stands=dispute.status != "won",
        reason=str(dispute.reason or ""),
    )


def id_of(field: str | _Named | None) -> str:
    """The id of what a field refers to, expanded or not; empty if it refers to nothing."""
    return "" if field is None else field if isinstance(field, str) else field.id


def moment(seconds: int) -> datetime:
    """Stripe's time as ours."""
    return datetime.fromtimestamp(seconds, UTC)


async def _read_invoice_of(api: StripeClient, intent_id: str, bots: Bots) -> Come | Unpaid | None:
    """The invoice that a PaymentIntent pays: it carries no mark itself."""
    params: stripe.params.InvoicePaymentListParams = {
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "limit": 1,
    }
    found = await ask(api.v1.invoice_payments.list_async(params))
    return await read_invoice(api, id_of(found.data[0].invoice), bots) if found.data else None


def _key_of(invoice: stripe.Invoice) -> str:
    """The PaymentIntent that paid it: of several the first, so that it is always the same."""
    paid = [each for each in (invoice.payments.data if invoice.payments else []) if each.status == "paid"]
    intents = [(each.created, id_of(each.payment.payment_intent)) for each in paid]
    return min((each for each in intents if each[1]), default=(0, invoice.id))[1]


def _words(metadata: Any) -> dict[str, Any]:
    """Metadata as a plain dict: the SDK has a type of its own for it."""
    return {} if metadata is None else dict(metadata.to_dict() if hasattr(metadata, "to_dict") else metadata)
