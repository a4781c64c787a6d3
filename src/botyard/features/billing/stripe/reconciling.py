"""Comparing Stripe's books with ours: what no event has told of is found, and written down once.

First the events since the last time: those that never came are handled as if they had. Then the balance
transactions, which are Stripe's own book: each charge, refund and dispute has to be in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.models import (
    Direction,
    DoubtKind,
    Payment,
    Source,
    StripeEvent,
    Way,
)
from botyard.features.billing.service import cursors, doubts
from botyard.features.billing.stripe.amounts import from_stripe
from botyard.features.billing.stripe.client import ask, connected, is_on
from botyard.features.billing.stripe.looking import EVENTS, About, look
from botyard.features.billing.stripe.reading import Return, dispute_of, id_of, moment, return_of
from botyard.features.billing.stripe.webhook import DataOf, Event, ObjectOf, store
from botyard.features.billing.words import price
from botyard.ids import UserId
from botyard.jobs.queue import ANSWER, enqueue
from botyard.members.entitlements import PaymentId
from botyard.money import Money
from botyard.routing.context import House

if TYPE_CHECKING:
    import stripe
    from stripe import StripeClient

START_JOB = "billing.stripe.reconcile"
PAGE_JOB = "billing.stripe.reconcile-page"
CURSOR = "stripe"
EVERY = timedelta(hours=3)
FIRST = timedelta(days=3)
"""So far back the first comparison goes: Stripe itself repeats an event for so long."""
FURTHEST = timedelta(days=29)
"""Stripe shows events for 30 days."""
OVERLAP = timedelta(hours=1)
GRACE = timedelta(minutes=10)
"""What is younger is not missed yet: its event may be on its way."""
KEEP_EVENTS = timedelta(days=45)
PAGE = 100
MOVES = ("charge", "payment", "refund", "payment_refund", "payment_failure_refund", "adjustment")


class Book(StrEnum):
    """What is gone through, in this order."""

    EVENTS = "events"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A charge of Stripe's book."""

    intent: str
    money: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a book. `last`: what the next one begins after; empty at the end."""

    events: list[Event] = field(default_factory=list)
    charges: list[Charged] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    last: str = ""


async def start(house: House, session: AsyncSession, _payload: Mapping[str, Any], now: datetime) -> None:
    """Begins a comparison from where the last one ended."""
    if not is_on(house.settings):
        return
    await session.execute(delete(StripeEvent).where(StripeEvent.received_at < now - KEEP_EVENTS))
    noted = await cursors.position(session, CURSOR)
    since = datetime.fromisoformat(noted) if noted else now - FIRST
    span = {
        "since": int(max(since - OVERLAP, now - FURTHEST).timestamp()),
        "until": int((now - GRACE).timestamp()),
    }
    await enqueue(session, PAGE_JOB, {**span, "book": Book.EVENTS.value, "after": ""}, now)


async def _read_page(house: House, payload: Mapping[str, Any]) -> Page:
    """The errand: one page, newest first."""
    span = {"gte": payload["since"], "lte": payload["until"]}
    async with connected(house.settings) as api:
        if Book(payload["book"]) is Book.EVENTS:
            return await _read_events(api, span, payload["after"])
        return await _read_balance(api, span, payload["after"])


async def _read_events(api: StripeClient, span: Mapping[str, int], after: str) -> Page:
    params: stripe.params.EventListParams = {
        "created": {"gte": span["gte"], "lte": span["lte"]},
        "types": list(EVENTS),
        "limit": PAGE,
    }
    if after:
        params["starting_after"] = after
    found = await ask(api.v1.events.list_async(params))
    return Page(
        events=[_event(each) for each in found.data],
        last=found.data[-1].id if found.has_more and found.data else "",
    )


async def _read_balance(api: StripeClient, span: Mapping[str, int], after: str) -> Page:
    import stripe  # noqa: PLC0415 - see `client.connected`

    params: stripe.params.BalanceTransactionListParams = {
        "created": {"gte": span["gte"], "lte": span["lte"]},
        "limit": PAGE,
        "expand": ["data.source"],
    }
    if after:
        params["starting_after"] = after
    found = await ask(api.v1.balance_transactions.list_async(params))
    charges, returns = [], []
    for each in found.data:
        source = each.source
        if each.type not in MOVES:
            continue
        if isinstance(source, stripe.Charge):
            if (intent := id_of(source.payment_intent)) and source.paid:
                money = from_stripe(source.amount, source.currency)
                charges.append(Charged(intent=intent, money=money, at=moment(each.created)))
        elif isinstance(source, stripe.Refund):
            returns.append(return_of(source))
        elif isinstance(source, stripe.Dispute):
            returns.append(dispute_of(source))
    last = found.data[-1].id if found.has_more and found.data else ""
    return Page(charges=charges, returns=[each for each in returns if each], last=last)


def _event(event: stripe.Event) -> Event:
    shown = event.data.object.to_dict()
    return Event(
        event.id,
        event.type,
        event.created,
        DataOf(ObjectOf(shown.get("id"), shown.get("payment_status"), shown.get("payment_intent"))),
    )


async def _compare(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    page: Page = payload[ANSWER]
    for event in page.events:
        await store(session, event, now, missed=True)
    await _compare_charges(session, page.charges, now)
    await _compare_returns(session, page.returns, now)
    span = {"since": payload["since"], "until": payload["until"]}
    if page.last:
        await enqueue(session, PAGE_JOB, {**span, "book": payload["book"], "after": page.last}, now)
    elif Book(payload["book"]) is Book.EVENTS:
        # after what the events have started: it need not be looked at twice
        await enqueue(session, PAGE_JOB, {**span, "book": Book.BALANCE.value, "after": ""}, now)
    else:
        await cursors.move(session, CURSOR, moment(payload["until"]).isoformat(), now)


async def _compare_charges(session: AsyncSession, charges: Sequence[Charged], now: datetime) -> None:
    known = await _rows(session, [each.intent for each in charges], Direction.IN)
    for charge in charges:
        row = known.get(charge.intent)
        if row is None:
            await look(session, About.PAYMENT, charge.intent, now, at=charge.at, missed=True)
        elif Money(row.amount, row.currency) != charge.money and not await _is_noted(session, row):
            await doubts.note(
                session,
                DoubtKind.DIFFERENCE,
                Way.STRIPE,
                f"Stripe's book has {price(charge.money, None)} for {charge.intent}, "
                f"the ledger {price(Money(row.amount, row.currency), None)}.",
                now,
                user_id=UserId(row.user_id),
                payment_id=PaymentId(row.id),
                amount=charge.money.amount,
                currency=charge.money.currency,
            )


async def _compare_returns(session: AsyncSession, returns: Sequence[Return], now: datetime) -> None:
    names = [each.id for each in returns]
    out = await _rows(session, names, Direction.OUT)
    back = await _rows(session, names, Direction.IN)
    for gone in returns:
        if gone.moved and (gone.id not in out or (not gone.stands and gone.id not in back)):
            about = About.DISPUTE if gone.is_dispute else About.REFUND
            await look(session, about, gone.id, now, missed=True)


async def _rows(session: AsyncSession, names: Sequence[str], direction: Direction) -> dict[str, Payment]:
    found = await session.scalars(
        select(Payment).where(
            Payment.source == Source.STRIPE, Payment.direction == direction, Payment.external_id.in_(names)
        )
    )
    return {row.external_id: row for row in found}


async def _is_noted(session: AsyncSession, row: Payment) -> bool:
    """Whether the owner has this difference before him: comparisons overlap."""
    noted = await doubts.unsettled(session, most=1000)
    return any(each.payment_id == row.id and each.kind is DoubtKind.DIFFERENCE for each in noted)


JOBS = (
    HouseJob(START_JOB, start, every=EVERY),
    HouseJob(PAGE_JOB, _compare, errand=_read_page),
)
