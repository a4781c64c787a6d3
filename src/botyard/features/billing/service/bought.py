"""What a row of the ledger was for, where the row itself does not say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Direction, Kind, Payment, Source
from botyard.features.billing.service.entitling import key_of

_SOURCES = {each.value: each for each in Source}


async def plans_of(session: AsyncSession, rows: Sequence[Payment]) -> dict[int, str]:
    """The plans of rows, by their numbers; a row that was for none is not in it.

    A row without a plan has that of the payment that it takes back, or puts back. Money that paid nothing
    when it came has the plan whose time was added for it later (`owing.use`), and so has its refund.
    """
    unclear = {row.id: row.refers_to or key_of(row.source, row.external_id) for row in rows if not row.plan}
    found = await _of_payments(session, set(unclear.values()))
    members = {row.user_id for row in rows if unclear.get(row.id, "") not in {"", *found}}
    if members:
        found |= await _of_time_added(session, members, set(unclear.values()) - found.keys())
    named = {row.id: row.plan or found.get(unclear[row.id]) for row in rows}
    return {number: plan for number, plan in named.items() if plan}


def is_time_added(row: Payment) -> bool:
    """Whether a row adds the time that another one's money buys."""
    mine = row.source is Source.ADMIN and row.direction is Direction.IN and row.kind is Kind.ADJUSTMENT
    return mine and row.refers_to is not None


async def _of_payments(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    wanted: defaultdict[Source, set[str]] = defaultdict(set)
    for key in keys:
        source, _, external_id = key.partition(":")
        if source in _SOURCES:
            wanted[_SOURCES[source]].add(external_id)
    found: dict[str, str] = {}
    for source, ids in wanted.items():
        named = await session.execute(
            select(Payment.external_id, Payment.plan).where(
                Payment.source == source,
                Payment.direction == Direction.IN,
                Payment.external_id.in_(ids),
                Payment.plan.is_not(None),
            )
        )
        found |= {key_of(source, row.external_id): row.plan for row in named}
    return found


async def _of_time_added(
    session: AsyncSession, members: Collection[int], keys: Collection[str]
) -> dict[str, str]:
    added = await session.execute(
        select(Payment.refers_to, Payment.plan).where(
            Payment.user_id.in_(members),
            Payment.refers_to.in_(keys),
            Payment.source == Source.ADMIN,
            Payment.direction == Direction.IN,
            Payment.kind == Kind.ADJUSTMENT,
            Payment.plan.is_not(None),
        )
    )
    return {row.refers_to: row.plan for row in added}
