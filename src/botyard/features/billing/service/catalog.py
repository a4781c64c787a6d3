"""The catalog as others read it: what is sold now, at which price, and what it opens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import Plan, PlanChat, PlanId, PlanPrice
from botyard.features.billing.service.entitling import later
from botyard.ids import ChatKey
from botyard.money import Money

STARS = "XTR"
STARS_PERIOD = timedelta(days=30)
"""The only length that Stars renew (Bot API, createInvoiceLink, subscription_period)."""


class NoSuchPlan(BotyardError):
    """No plan of this code is sold."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan with its prices, by currency."""

    id: PlanId
    code: str
    pack: str
    title: str
    description: str
    days: int | None
    months: int | None
    stars_subscription: bool
    stripe_subscription: bool
    trial_days: int | None
    features: tuple[str, ...]
    prices: Mapping[str, Money]

    def end(self, start: datetime) -> datetime:
        """When a first period that begins at `start` ends."""
        return later(start, days=self.days, months=self.months)


async def offers(session: AsyncSession, now: datetime) -> list[Offer]:
    """All that is sold now, in the order of the catalog."""
    plans = await session.scalars(select(Plan).where(is_sold(now)).order_by(Plan.position, Plan.id))
    found = plans.all()
    prices = await _prices(session, [PlanId(plan.id) for plan in found])
    return [_offer(plan, prices.get(PlanId(plan.id), {})) for plan in found]


async def find_offer(session: AsyncSession, code: str, now: datetime) -> Offer:
    """The plan of this code, in any case of letters. Raises `NoSuchPlan` where it is not sold now."""
    plan = await session.scalar(select(Plan).where(Plan.code == code.strip().lower(), is_sold(now)))
    if plan is None:
        raise NoSuchPlan(f"There is no plan {code[:32]}.", remedy="/plans lists those that there are.")
    plan_id = PlanId(plan.id)
    return _offer(plan, (await _prices(session, [plan_id])).get(plan_id, {}))


async def chats_of(session: AsyncSession, plans: Collection[str]) -> dict[str, set[ChatKey]]:
    """The chats that plans let into, by the codes of these plans, whether still sold or not."""
    rows = await session.execute(
        select(Plan.code, PlanChat.chat_key)
        .join(PlanChat, PlanChat.plan_id == Plan.id)
        .where(Plan.code.in_(plans))
    )
    found: dict[str, set[ChatKey]] = {}
    for code, chat_key in rows:
        found.setdefault(code, set()).add(ChatKey(chat_key))
    return found


async def plans_into(session: AsyncSession, chat_key: ChatKey) -> list[str]:
    """The codes of the plans that let into a chat, whether still sold or not."""
    rows = await session.scalars(
        select(Plan.code)
        .join(PlanChat, PlanChat.plan_id == Plan.id)
        .where(PlanChat.chat_key == chat_key)
        .order_by(Plan.position)
    )
    return list(rows)


async def sold_chats(session: AsyncSession) -> dict[ChatKey, list[str]]:
    """Every chat that some plan lets into, with the codes of these plans, whether still sold or not."""
    rows = await session.execute(
        select(PlanChat.chat_key, Plan.code).join(Plan, Plan.id == PlanChat.plan_id).order_by(Plan.position)
    )
    found: dict[ChatKey, list[str]] = {}
    for chat_key, code in rows:
        found.setdefault(ChatKey(chat_key), []).append(code)
    return found


def is_sold(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `Plan` that it can be bought now."""
    return and_(
        Plan.archived_at.is_(None),
        or_(Plan.sold_from.is_(None), Plan.sold_from <= now),
        or_(Plan.sold_until.is_(None), Plan.sold_until > now),
    )


async def _prices(session: AsyncSession, ids: Collection[PlanId]) -> dict[PlanId, dict[str, Money]]:
    rows = await session.execute(
        select(PlanPrice.plan_id, PlanPrice.currency, PlanPrice.amount)
        .where(PlanPrice.plan_id.in_(ids))
        .order_by(PlanPrice.plan_id, PlanPrice.currency)
    )
    found: dict[PlanId, dict[str, Money]] = {}
    for plan_id, currency, amount in rows:
        found.setdefault(PlanId(plan_id), {})[currency] = Money(amount, currency)
    return found


def _offer(plan: Plan, prices: Mapping[str, Money]) -> Offer:
    return Offer(
        id=PlanId(plan.id),
        code=plan.code,
        pack=plan.pack,
        title=plan.title,
        description=plan.description,
        days=plan.days,
        months=plan.months,
        stars_subscription=plan.stars_subscription,
        stripe_subscription=plan.stripe_subscription,
        trial_days=plan.trial_days,
        features=tuple(plan.features),
        prices=prices,
    )
