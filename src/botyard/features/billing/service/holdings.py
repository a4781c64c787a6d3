"""What a member has now, what follows it, and whether it renews by itself: for his eyes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Plan, SubscriptionState, Way
from botyard.features.billing.service import subscriptions
from botyard.features.billing.service.subscriptions import OVERDUE
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.entitlements import Entitlement
from botyard.money import Money


@dataclass(frozen=True, slots=True)
class Part:
    """A plan that a member has without a break until `until`."""

    plan: str
    title: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A pack that a member has now: the plan that runs, and those that follow it."""

    pack: str
    now: Part
    then: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """A subscription of a member, whose period ends at `ends_at` if that is known."""

    id: int
    title: str
    money: Money
    way: Way
    state: SubscriptionState
    ends_at: datetime | None


async def holdings(session: AsyncSession, user_id: UserId, now: datetime) -> list[Holding]:
    """What a member has at this moment, by pack."""
    packs: dict[str, list[Entitlement]] = {}
    for each in await entitlements.of_member(session, user_id):
        if each.ends_at > now:
            packs.setdefault(each.pack, []).append(each)
    running = {pack: given for pack, given in packs.items() if any(each.holds(now) for each in given)}
    titles = await _titles(session, {each.plan for given in running.values() for each in given})
    found = []
    for pack in sorted(running):
        parts = _parts(running[pack], titles)
        found.append(Holding(pack, parts[0], tuple(parts[1:])))
    return found


async def renewals(session: AsyncSession, user_id: UserId, now: datetime) -> list[Renewal]:
    """A member's subscriptions that still matter to him, the newest first."""
    found = []
    for subscription, order in await subscriptions.of_member(session, user_id):
        ends_at = subscription.period_ends_at
        if subscription.state is SubscriptionState.CANCELLED and (ends_at is None or ends_at <= now):
            continue
        state, way = subscription.state, subscription.way
        if state is SubscriptionState.ACTIVE and ends_at is not None and ends_at <= now - OVERDUE:
            state = SubscriptionState.PAST_DUE  # nobody has told, and no money has come
        money = Money(order.amount, order.currency)
        found.append(Renewal(subscription.id, order.title, money, way, state, ends_at))
    return found


def _parts(given: list[Entitlement], titles: dict[str, str]) -> list[Part]:
    """Stretches of one plan that follow each other are one part. A gap ends what is told."""
    parts: list[Part] = []
    for each in given:
        if parts and each.starts_at > parts[-1].until:
            break
        part = Part(each.plan, titles.get(each.plan, each.plan or each.pack), each.ends_at)
        if parts and parts[-1].plan == each.plan:
            parts[-1] = part
        else:
            parts.append(part)
    return parts


async def _titles(session: AsyncSession, plans: Collection[str]) -> dict[str, str]:
    rows = await session.execute(select(Plan.code, Plan.title).where(Plan.code.in_(plans)))
    return {row.code: row.title for row in rows}
