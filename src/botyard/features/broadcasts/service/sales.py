"""What broadcasts have sold: each payment goes back to the message that last brought its member, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.features.broadcasts.models import Payer, Sale, SaleKind
from botyard.features.broadcasts.service import attribution
from botyard.jobs.facts import PaymentRecorded
from botyard.money import Money

WINDOW = timedelta(days=7)
"""A payment goes back to a message that brought its member within so long before."""
SLACK = timedelta(minutes=1)
"""By so much the clock of who takes the money may be behind: Telegram's has whole seconds only."""
RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class SalesResult:
    """What a message has sold: `sales` and `renewals` that were paid, and how many of either went back.

    `money` is what is left of it, a sum for each currency.
    """

    sales: int = 0
    renewals: int = 0
    refunds: int = 0
    money: tuple[Money, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was sold at all."""
        return bool(self.sales or self.renewals or self.refunds)

    @property
    def sums(self) -> str:
        """The money in words: `147.00 GBP and 9500 XTR`."""
        return " and ".join(map(str, self.money))


NO_SALES = SalesResult()


async def note(session: AsyncSession, fact: PaymentRecorded) -> SaleKind | None:
    """Writes down money that goes back to a broadcast; None for what does not, or is written down already.

    A payment within `WINDOW` of a start or a press is a sale of that message. One that is later, or renews by
    itself, is a renewal of the member's latest sale of the same plan. A return goes where the payment went.
    """
    if not fact.is_money or not fact.amount:
        return None
    if fact.incoming:
        payer = {"user_id": fact.user_id, "at": fact.at}
        await session.execute(insert_new(session.get_bind().dialect, Payer).values(payer))
    found = await (_origin(session, fact) if fact.incoming else _returned(session, fact))
    if found is None:
        return None
    broadcast_id, variant, kind = found
    values = {
        "payment_id": fact.payment_id,
        "key": fact.key,
        "broadcast_id": broadcast_id,
        "variant": variant,
        "user_id": fact.user_id,
        "kind": kind,
        "plan": fact.plan,
        "amount": fact.amount,
        "currency": fact.currency,
        "at": fact.at,
    }
    statement = insert_new(session.get_bind().dialect, Sale).values(values).returning(Sale.payment_id)
    return kind if await session.scalar(statement) is not None else None


async def by_variant(session: AsyncSession, broadcast_id: int) -> dict[int, SalesResult]:
    """What each message has sold, by its number; only those that have."""
    sums = (
        select(Sale.variant, Sale.kind, Sale.currency, func.count(), func.sum(Sale.amount))
        .where(Sale.broadcast_id == broadcast_id)
        .group_by(Sale.variant, Sale.kind, Sale.currency)
    )
    found: dict[int, list[_Sum]] = {}
    for variant, kind, currency, count, amount in await session.execute(sums):
        found.setdefault(variant, []).append((kind, currency, count, int(amount)))
    return {variant: _result(each) for variant, each in found.items()}


async def by_member(
    session: AsyncSession, broadcast_id: int, members: Collection[int]
) -> dict[int, SalesResult]:
    """What each of these members has bought because of a broadcast, by his id; only those who have."""
    bought = select(Sale.user_id, Sale.kind, Sale.currency, Sale.amount).where(
        Sale.broadcast_id == broadcast_id, Sale.user_id.in_(members)
    )
    found: dict[int, list[_Sum]] = {}
    for user_id, kind, currency, amount in await session.execute(bought):
        found.setdefault(user_id, []).append((kind, currency, 1, amount))
    return {user_id: _result(each) for user_id, each in found.items()}


_Sum = tuple[SaleKind, str, int, int]
"""How many movements of one kind and currency there are, and how much they come to."""


def _result(sums: Sequence[_Sum]) -> SalesResult:
    counts: Counter[SaleKind] = Counter()
    money: Counter[str] = Counter()
    for kind, currency, count, amount in sums:
        counts[kind] += count
        money[currency] += -amount if kind is SaleKind.REFUND else amount
    return SalesResult(
        sales=counts[SaleKind.SALE],
        renewals=counts[SaleKind.RENEWAL],
        refunds=counts[SaleKind.REFUND],
        money=tuple(Money(amount, currency) for currency, amount in sorted(money.items())),
    )


_Found = tuple[int, int, SaleKind]
"""A broadcast, the number of its message, and what the payment is to it."""


async def _origin(session: AsyncSession, fact: PaymentRecorded) -> _Found | None:
    if fact.kind != RENEWAL:
        touch = await attribution.last_touch(session, fact.user_id, fact.at - WINDOW, fact.at + SLACK)
        if touch is not None:
            return (*touch, SaleKind.SALE)
    latest = (
        select(Sale.broadcast_id, Sale.variant)
        .where(Sale.user_id == fact.user_id, Sale.kind == SaleKind.SALE, Sale.plan == fact.plan)
        .where(Sale.at <= fact.at)
        .order_by(Sale.at.desc(), Sale.payment_id.desc())
        .limit(1)
    )
    row = (await session.execute(latest)).first()
    return None if row is None else (row.broadcast_id, row.variant, SaleKind.RENEWAL)


async def _returned(session: AsyncSession, fact: PaymentRecorded) -> _Found | None:
    paid = select(Sale.broadcast_id, Sale.variant).where(
        Sale.user_id == fact.user_id, Sale.key == (fact.refers_to or fact.key), Sale.kind != SaleKind.REFUND
    )
    row = (await session.execute(paid.limit(1))).first()
    return None if row is None else (row.broadcast_id, row.variant, SaleKind.REFUND)
