"""Looking at what an event is about: the job that asks Stripe how it is now, and writes that down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.models import DoubtKind, Source, SubscriptionState, Way
from botyard.features.billing.service import doubts, ledger
from botyard.features.billing.service.crediting import Outcome
from botyard.features.billing.stripe import reading, settling
from botyard.features.billing.stripe.client import StripeRefused, connected
from botyard.features.billing.stripe.reading import Come, Return, SubscriptionSeen, Unpaid
from botyard.features.billing.stripe.settling import Overtaken
from botyard.jobs.queue import ANSWER, enqueue
from botyard.routing.context import House

if TYPE_CHECKING:
    from stripe import StripeClient

JOB = "billing.stripe.look"


class About(StrEnum):
    """What is to be looked at."""

    SESSION = "session"
    SLOW_SESSION = "slow_session"
    """A session whose payment has come after days."""
    FAILED_SESSION = "failed_session"
    INVOICE = "invoice"
    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"
    RETURNS = "returns"
    """All refunds of a PaymentIntent."""
    REFUND = "refund"
    DISPUTE = "dispute"


EVENTS = {
    "checkout.session.completed": About.SESSION,
    "checkout.session.async_payment_succeeded": About.SLOW_SESSION,
    "checkout.session.async_payment_failed": About.FAILED_SESSION,
    "invoice.paid": About.INVOICE,
    "invoice.payment_failed": About.INVOICE,
    "customer.subscription.created": About.SUBSCRIPTION,
    "customer.subscription.updated": About.SUBSCRIPTION,
    "customer.subscription.deleted": About.SUBSCRIPTION,
    "customer.subscription.paused": About.SUBSCRIPTION,
    "customer.subscription.resumed": About.SUBSCRIPTION,
    "charge.refunded": About.RETURNS,
    "charge.refund.updated": About.REFUND,
    "refund.created": About.REFUND,
    "refund.updated": About.REFUND,
    "refund.failed": About.REFUND,
    "charge.dispute.created": About.DISPUTE,
    "charge.dispute.updated": About.DISPUTE,
    "charge.dispute.closed": About.DISPUTE,
    "charge.dispute.funds_withdrawn": About.DISPUTE,
    "charge.dispute.funds_reinstated": About.DISPUTE,
}
"""The types of events that matter, and what each is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What Stripe showed."""

    come: Come | Unpaid | None = None
    subscription: SubscriptionSeen | None = None
    known_at: datetime | None = None
    returns: list[Return] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    """The ledger's key of each PaymentIntent that money went back of."""


async def look(
    session: AsyncSession,
    about: About,
    name: str,
    now: datetime,
    *,
    at: datetime | None = None,
    missed: bool = False,
    key: str | None = None,
) -> None:
    """Has an object looked at. `at`: when its event happened; `missed`: only the books have shown it."""
    payload = {
        "about": about.value,
        "id": name,
        "at": int(at.timestamp()) if at else None,
        "missed": missed,
    }
    await enqueue(session, JOB, payload, now, key=key)


async def _ask(house: House, payload: Mapping[str, Any]) -> Seen:
    """The errand: how the object is now. What Stripe does not know is none of ours."""
    async with connected(house.settings) as api:
        try:
            return await _seen(house, api, About(payload["about"]), payload["id"], payload["at"])
        except StripeRefused as refused:
            if refused.is_unknown:
                return Seen()
            raise


async def _seen(house: House, api: StripeClient, about: About, name: str, at: int | None) -> Seen:
    bots = house.bots.keys()
    match about:
        case About.SESSION | About.FAILED_SESSION:
            return Seen(come=await reading.read_session(api, name, bots, None))
        case About.SLOW_SESSION:
            settled_at = reading.moment(at) if at else None
            return Seen(come=await reading.read_session(api, name, bots, settled_at))
        case About.INVOICE:
            return Seen(come=await reading.read_invoice(api, name, bots))
        case About.PAYMENT:
            return Seen(come=await reading.read_payment(api, name, bots))
        case About.SUBSCRIPTION:
            async with house.database.reading() as session:
                known_at = await settling.known_at(session, name)
            seen = await reading.read_subscription(api, name, bots)
            return Seen(subscription=seen, known_at=known_at)
        case About.RETURNS:
            return await _with_payment(house, api, await reading.read_refunds_of(api, name))
        case About.REFUND:
            return await _with_payment(house, api, [await reading.read_refund(api, name)])
        case About.DISPUTE:
            return await _with_payment(house, api, [await reading.read_dispute(api, name)])


async def _with_payment(house: House, api: StripeClient, found: Sequence[Return | None]) -> Seen:
    """What went back, with the payment that it went back of: events of a payment come in any order."""
    returns = [each for each in found if each is not None]
    if not returns:
        return Seen()
    intent = returns[0].intent
    async with house.database.reading() as session:
        known = await ledger.find(session, Source.STRIPE, intent)
    come = None if known else await reading.read_payment(api, intent, house.bots.keys())
    key = come.key if isinstance(come, Come) else intent
    return Seen(come=come, returns=returns, keys={each.intent: key for each in returns})


async def _write(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    seen: Seen = payload[ANSWER]
    about = About(payload["about"])
    if isinstance(seen.come, Come):
        credited = await settling.settle(house, session, seen.come, now, missed=payload["missed"])
        if credited.outcome is not Outcome.KNOWN and seen.come.subscription:
            # the payment made it active; how it is by now is asked once this is durable
            await look(session, About.SUBSCRIPTION, seen.come.subscription, now)
    elif seen.come is not None:
        await _write_unpaid(house, session, seen.come, about, now)
    for gone in seen.returns:
        await settling.settle_return(house, session, gone, seen.keys[gone.intent], now)
    if seen.subscription is not None:
        await _write_subscription(session, seen.subscription, seen.known_at, now)


async def _write_unpaid(
    house: House, session: AsyncSession, unpaid: Unpaid, about: About, now: datetime
) -> None:
    """Only of a failure the member is told: what was not paid yet may still be."""
    if about is About.FAILED_SESSION or (about is About.INVOICE and unpaid.is_due):
        await settling.tell_unpaid(house, session, unpaid, now)
    if unpaid.subscription:
        await look(session, About.SUBSCRIPTION, unpaid.subscription, now)


async def _write_subscription(
    session: AsyncSession, seen: SubscriptionSeen, known_at: datetime | None, now: datetime
) -> SubscriptionState | None:
    try:
        return await settling.settle_subscription(session, seen, known_at, now)
    except Overtaken:
        await look(session, About.SUBSCRIPTION, seen.id, now)
        return None


async def _gave_up(session: AsyncSession, payload: Mapping[str, Any], problem: str, now: datetime) -> None:
    reason = f"Stripe told of {payload['about']} {payload['id']}, and it could not be looked at: {problem}"
    await doubts.note(session, DoubtKind.DIFFERENCE, Way.STRIPE, reason[:500], now)


JOBS = (HouseJob(JOB, _write, gave_up=_gave_up, errand=_ask),)
