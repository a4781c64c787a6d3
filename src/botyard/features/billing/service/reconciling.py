"""Comparing Telegram's book of Stars with the ledger: what is missing here is added, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import (
    Direction,
    DoubtKind,
    Kind,
    OrderId,
    Payment,
    Source,
    Way,
)
from botyard.features.billing.service import crediting, cursors, doubts, ledger, orders, refunding
from botyard.features.billing.service.catalog import STARS
from botyard.features.billing.service.crediting import Charge, Credited, Outcome
from botyard.features.billing.service.orders import NotPayable, Paid
from botyard.features.billing.service.refunding import Returned
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members.entitlements import PaymentId

IN_BOOK = "found in Telegram's book"
LEEWAY = timedelta(seconds=60)
"""A message and its transaction may differ by a moment in their dates."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction of a member's in Telegram's book: Stars that came for an invoice, or went back for it."""

    id: str
    direction: Direction
    amount: int
    at: datetime
    user_id: UserId
    payload: str
    period: timedelta | None = None
    """The length of a subscription's period."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a bot's book: what is in it for invoices, of all that happened between two moments."""

    bot_id: BotId
    booked: Sequence[Booked]
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found: payments that were missed, refunds that were missed, other differences."""

    credited: list[Credited] = field(default_factory=list)
    returned: list[Payment] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


async def compare(session: AsyncSession, facts: Facts, page: Page, now: datetime) -> Compared:
    """Compares a page of Telegram's book with the ledger, and adds what is missing here.

    The key is the id and the direction: a refund has its charge's id (Bot API, StarTransaction).
    """
    found, bot_id = Compared(), page.bot_id
    for booked in page.booked:
        ours = await ledger.find(session, Source.STARS, booked.id, booked.direction)
        if ours is not None:
            await _compare_amounts(session, ours, booked, found, now)
        elif booked.direction is Direction.IN:
            await _credit(session, facts, bot_id, booked, found, now)
        else:
            back = Returned(Source.STARS, booked.id, booked.amount, STARS, booked.at, reason=IN_BOOK)
            row = await refunding.take_back(session, facts, back, booked.user_id, bot_id, now)
            found.returned.extend([row] if row else [])
    await _find_strangers(session, page, found, now)
    return found


async def position(session: AsyncSession, bot_id: BotId) -> int:
    """How many transactions of the bot's book were read to the end."""
    return int(await cursors.position(session, _name(bot_id)) or 0)


async def move(session: AsyncSession, bot_id: BotId, read: int, now: datetime) -> None:
    """Notes how many transactions of the bot's book were read."""
    await cursors.move(session, _name(bot_id), str(read), now)


async def _credit(
    session: AsyncSession, facts: Facts, bot_id: BotId, booked: Booked, found: Compared, now: datetime
) -> None:
    paid = Paid(booked.payload, booked.user_id, bot_id, STARS, booked.amount)
    charge = Charge(
        paid=paid,
        way=Way.STARS,
        charge_id=booked.id,
        at=booked.at,
        paid_until=booked.at + booked.period if booked.period else None,
        repeats=booked.period is not None,
        is_renewal=booked.period is not None and await _was_paid_before(session, paid, now),
    )
    credited = await crediting.credit(session, facts, charge, now)
    if credited.payment is None or credited.outcome is Outcome.KNOWN:
        return
    found.credited.append(credited)
    if credited.outcome is Outcome.CREDITED:  # the other outcomes have a doubt of their own
        await doubts.note(
            session,
            DoubtKind.MISSED,
            Way.STARS,
            "Telegram's message about it never came; it was found in Telegram's book",
            now,
            user_id=booked.user_id,
            order_id=OrderId(credited.order.id) if credited.order else None,
            payment_id=PaymentId(credited.payment.id),
            amount=booked.amount,
            currency=STARS,
        )


async def _was_paid_before(session: AsyncSession, paid: Paid, now: datetime) -> bool:
    try:
        order = await orders.find_genuine(session, paid, now)
    except NotPayable:
        return False
    return await crediting.is_paid(session, order)


async def _compare_amounts(
    session: AsyncSession, ours: Payment, booked: Booked, found: Compared, now: datetime
) -> None:
    if ours.amount == booked.amount and (ours.user_id == booked.user_id or ours.kind is Kind.REFUND):
        return
    text = f"payment no. {ours.id}: {ours.amount} here, {booked.amount} in Telegram's book"
    await _note_difference(session, ours, text, found, now)


async def _find_strangers(session: AsyncSession, page: Page, found: Compared, now: datetime) -> None:
    """What the ledger has, and Telegram's book has not. At the page's edges it may be on the next one."""
    rows = await session.scalars(
        select(Payment).where(
            Payment.at > page.begins_at + LEEWAY,
            Payment.at < page.ends_at - LEEWAY,
            Payment.bot_id == page.bot_id,
            Payment.source == Source.STARS,
        )
    )
    known = {(each.id, each.direction) for each in page.booked}
    for row in rows:
        if (row.external_id, row.direction) not in known:
            text = f"payment no. {row.id} is not in Telegram's book"
            await _note_difference(session, row, text, found, now)


async def _note_difference(
    session: AsyncSession, ours: Payment, text: str, found: Compared, now: datetime
) -> None:
    """Writes a difference down, once: the book is read again and again."""
    if await doubts.is_noted(session, DoubtKind.DIFFERENCE, PaymentId(ours.id)):
        return
    found.differences.append(text)
    await doubts.note(
        session,
        DoubtKind.DIFFERENCE,
        Way.STARS,
        text,
        now,
        user_id=UserId(ours.user_id),
        payment_id=PaymentId(ours.id),
        amount=ours.amount,
        currency=ours.currency,
    )


def _name(bot_id: BotId) -> str:
    return f"stars:{bot_id}"
