"""Whose time runs out, and who has to be reminded of it now: each member once per reminder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from botyard.db.statements import insert_new
from botyard.features.billing.models import (
    Direction,
    Order,
    Payment,
    Reminder,
    Subscription,
    SubscriptionState,
)
from botyard.features.billing.service.subscriptions import OVERDUE
from botyard.ids import BotId, UserId
from botyard.members import entitlements
from botyard.members.entitlements import EntitlementRow, PaymentId

LATE = timedelta(days=2)
"""So long after the end its last message still makes sense."""
AT_ONCE = 100
"""So many members in one step."""
_Ending = Select[int, int, str, str, datetime, int | None, datetime]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A member's time with a pack runs out at `ends_at`, and the reminder `before` that is due.

    `bot_id` is the bot that sold it, if one did; `since` is when he got it.
    """

    user_id: UserId
    payment_id: PaymentId
    plan: str
    pack: str
    ends_at: datetime
    before: timedelta
    bot_id: BotId | None
    since: datetime


async def due(
    session: AsyncSession, reminders: Sequence[timedelta], now: datetime, most: int = AT_ONCE
) -> list[Due]:
    """Who has to be reminded now, of each end at most once: of those that are late only the last one fits.

    What follows without a gap counts as one time. Who has a subscription that renews is not reminded.
    """
    found: list[Due] = []
    nearer = timedelta(0)
    for before in sorted(reminders):
        if not before:
            nearer = -LATE
        rows = await session.execute(_ending(nearer, before, now).limit(most - len(found)))
        found += [
            Due(
                UserId(row.user_id),
                PaymentId(row.payment_id),
                row.plan,
                row.pack,
                row.ends_at,
                before,
                None if row.bot_id is None else BotId(row.bot_id),
                row.recorded_at,
            )
            for row in rows
        ]
        nearer = before
        if len(found) >= most:
            break
    return found


async def is_still_so(session: AsyncSession, each: Due, now: datetime) -> bool:
    """Whether it is as it was when somebody looked: nothing was paid or taken back since."""
    rows = [row for row in await entitlements.of_member(session, each.user_id) if row.pack == each.pack]
    latest = max(each.ends_at, now)
    goes_on = any(row.ends_at > each.ends_at and row.starts_at <= latest for row in rows)
    return not goes_on and any(row.ends_at == each.ends_at for row in rows)


async def is_news(session: AsyncSession, each: Due) -> bool:
    """Whether he does not know it anyway: he got this time just now, or was told that it ended by hand."""
    if each.since >= each.ends_at - each.before:
        return False
    by_hand = select(Payment.id).where(
        Payment.user_id == each.user_id,
        Payment.pack == each.pack,
        Payment.direction == Direction.OUT,
        Payment.refers_to.is_(None),
        Payment.at == each.ends_at,
    )
    return await session.scalar(by_hand.limit(1)) is None


async def note(session: AsyncSession, each: Due, bot_id: BotId | None, now: datetime) -> bool:
    """Writes down that this reminder is done with; False if it was before."""
    values = {
        "user_id": each.user_id,
        "pack": each.pack,
        "ends_at": each.ends_at,
        "before": each.before // MINUTE,
        "bot_id": bot_id,
        "at": now,
    }
    statement = insert_new(session.get_bind().dialect, Reminder).values(values).returning(Reminder.user_id)
    return await session.scalar(statement) is not None


def _ending(
    nearer: timedelta, before: timedelta, now: datetime
) -> Select[int, int, str, str, datetime, int | None, datetime]:
    """Times that run out so soon and not sooner, nothing behind them, and their reminder not done yet."""
    later = aliased(EntitlementRow)
    goes_on = exists().where(
        later.user_id == EntitlementRow.user_id,
        later.pack == EntitlementRow.pack,
        later.ends_at > EntitlementRow.ends_at,
        or_(later.starts_at <= EntitlementRow.ends_at, later.starts_at <= now),
    )
    is_done = exists().where(
        Reminder.user_id == EntitlementRow.user_id,
        Reminder.pack == EntitlementRow.pack,
        Reminder.ends_at == EntitlementRow.ends_at,
        Reminder.before <= before // MINUTE,
    )
    return (
        select(
            EntitlementRow.user_id,
            EntitlementRow.payment_id,
            EntitlementRow.plan,
            EntitlementRow.pack,
            EntitlementRow.ends_at,
            Payment.bot_id,
            Payment.recorded_at,
        )
        .join(Payment, Payment.id == EntitlementRow.payment_id)
        .where(
            EntitlementRow.ends_at > now + nearer,
            EntitlementRow.ends_at <= now + before,
            ~goes_on,
            ~is_done,
            ~_renews(now),
        )
        .order_by(EntitlementRow.ends_at, EntitlementRow.id)
    )


def _renews(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `EntitlementRow` that a subscription goes on paying for its pack.

    One whose next payment is long due does not: it may have ended without a word.
    """
    return exists().where(
        and_(
            Subscription.user_id == EntitlementRow.user_id,
            Subscription.state == SubscriptionState.ACTIVE,
            or_(Subscription.period_ends_at.is_(None), Subscription.period_ends_at > now - OVERDUE),
            Order.id == Subscription.order_id,
            Order.pack == EntitlementRow.pack,
        )
    )
