"""Which time opens a paid chat: the catalog as it is, and as it was when the time was paid for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.access.models import AccessChat, AccessKeep
from botyard.features.access.rules import Bought, Opening, Span
from botyard.features.billing.service import catalog, ledger
from botyard.ids import ChatKey, UserId
from botyard.members.entitlements import EntitlementRow

FOREVER = datetime(9000, 1, 1, tzinfo=UTC)


async def notice(session: AsyncSession, chat: AccessChat, plans: Sequence[str], now: datetime) -> None:
    """Writes down that these plans let into a chat; where that is new, it is compared anew.

    What other plans had opened until now, they keep. Where a plan has come, those who have its time are told.
    """
    if sorted(chat.plans) == sorted(plans):
        return
    await session.refresh(chat, with_for_update=True)
    before = await _noticed(session, chat)
    for plan, until in before.edited(plans, now).kept.items():
        keep = await session.get(AccessKeep, {"chat_key": chat.chat_key, "plan": plan})
        if keep is None:
            session.add(AccessKeep(chat_key=chat.chat_key, plan=plan, kept_until=until))
        elif keep.kept_until != until:
            keep.kept_until = until
    if set(plans) - before.plans:
        chat.told_through = 0
    chat.plans, chat.compared_through = list(plans), 0
    await session.flush()


async def of_chat(session: AsyncSession, chat_key: ChatKey) -> Opening:
    """What opens a chat at this moment. A plan that was taken away, and nobody has noticed yet, keeps all."""
    plans = await catalog.plans_into(session, chat_key)
    chat = await session.get(AccessChat, chat_key)
    return (await _noticed(session, chat)).edited(plans, FOREVER) if chat else Opening(frozenset(plans))


async def _noticed(session: AsyncSession, chat: AccessChat) -> Opening:
    rows = await session.scalars(select(AccessKeep).where(AccessKeep.chat_key == chat.chat_key))
    return Opening(frozenset(chat.plans), {row.plan: row.kept_until for row in rows})


async def kept_by(session: AsyncSession, plans: Collection[str]) -> set[ChatKey]:
    """The chats that one of these plans named at some time, and names no more."""
    rows = await session.scalars(select(AccessKeep.chat_key).where(AccessKeep.plan.in_(plans)).distinct())
    return {ChatKey(each) for each in rows}


def lets_in(opening: Opening) -> ColumnElement[bool]:
    """The condition on a row of `EntitlementRow` that its time opens the chat (`Opening.opens`)."""
    kept = [
        and_(EntitlementRow.plan == plan, _paid_at() <= until) for plan, until in sorted(opening.kept.items())
    ]
    return or_(EntitlementRow.plan.in_(sorted(opening.plans)), *kept)


def _paid_at() -> ColumnElement[datetime]:
    return func.coalesce(ledger.moment_of(EntitlementRow.payment_id), EntitlementRow.starts_at)


async def spans_of(
    session: AsyncSession, chat_key: ChatKey, user_ids: Collection[UserId]
) -> Mapping[UserId, list[Span]]:
    """The time that these members have had, have and will have that opens a chat."""
    opening = await of_chat(session, chat_key)
    rows = await session.execute(
        select(
            EntitlementRow.user_id,
            EntitlementRow.plan,
            EntitlementRow.starts_at,
            EntitlementRow.ends_at,
            _paid_at(),
        )
        .where(
            EntitlementRow.user_id.in_(user_ids),
            EntitlementRow.plan.in_(sorted({*opening.plans, *opening.kept})),
        )
        .order_by(EntitlementRow.starts_at)
    )
    found: defaultdict[UserId, list[Span]] = defaultdict(list)
    for user_id, plan, starts_at, ends_at, paid_at in rows:
        bought = Bought(plan, paid_at, Span(starts_at, ends_at))
        if opening.opens(bought):
            found[UserId(user_id)].append(bought.span)
    return found
