"""Keeping plans: making, changing and archiving them. Every change is checked first, and in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Plan, PlanChat, PlanId, PlanPrice
from botyard.features.billing.service import reprojecting
from botyard.features.billing.service.catalog import STARS_PERIOD, NoSuchPlan
from botyard.features.billing.service.plan_drafts import BadPlan, PlanDraft, problems_of, usual_pack
from botyard.features.billing.service.turns import one_at_a_time
from botyard.ids import BotId, ChatId, UserId
from botyard.members import audit, chats
from botyard.members.models import Chat

Revise = Callable[[PlanDraft], PlanDraft]


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes the catalog, through which bot and when: what the audit log says of it."""

    user_id: UserId | None
    now: datetime
    bot_id: BotId | None = None

    def note(self, session: AsyncSession, action: str, subject: str, **detail: str | int) -> None:
        """Adds a change to the audit log."""
        audit.record(
            session,
            at=self.now,
            action=action,
            subject=subject,
            actor_id=self.user_id,
            bot_id=self.bot_id,
            **detail,
        )


class PlanState(StrEnum):
    """Whether a plan is sold."""

    SOLD = "sold"
    SOON = "soon"
    """Its window has not begun."""
    OVER = "over"
    """Its window has ended."""
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan of the catalog, whether it is sold or not."""

    id: PlanId
    draft: PlanDraft
    position: int
    archived_at: datetime | None

    @property
    def code(self) -> str:
        """Its code."""
        return self.draft.code

    def state(self, now: datetime) -> PlanState:
        """Whether it is sold at this moment."""
        if self.archived_at is not None:
            return PlanState.ARCHIVED
        if self.draft.sold_from is not None and now < self.draft.sold_from:
            return PlanState.SOON
        if self.draft.sold_until is not None and now >= self.draft.sold_until:
            return PlanState.OVER
        return PlanState.SOLD


async def listed(session: AsyncSession) -> list[KeptPlan]:
    """All plans, archived ones last, in the order of the catalog."""
    rows = (await session.scalars(select(Plan).order_by(Plan.position, Plan.id))).all()
    kept = await _kept(session, rows)
    return sorted(kept, key=lambda each: each.archived_at is not None)


async def get(session: AsyncSession, code: str) -> KeptPlan:
    """The plan of this code, in any case of letters, archived or not. Raises `NoSuchPlan`."""
    row = await session.scalar(select(Plan).where(Plan.code == code.strip().lower()))
    if row is None:
        raise _missing(code)
    return (await _kept(session, [row]))[0]


async def check_new_code(session: AsyncSession, code: str) -> None:
    """Raises `BadPlan` if a new plan cannot have this code."""
    problems = [each for each in problems_of(PlanDraft(code=code, title="-")) if "code" in each]
    if problems:
        raise BadPlan(problems)
    if await session.scalar(select(Plan.id).where(Plan.code == code)) is not None:
        raise BadPlan([f"There is a plan {code} already."], remedy="Change it, or take another code.")


async def add(session: AsyncSession, draft: PlanDraft, by: Editor) -> PlanId:
    """Keeps a new plan, the last of the catalog. Raises `BadPlan`."""
    await one_at_a_time(session)
    await check_new_code(session, draft.code)
    _require_good(draft)
    last = await session.scalar(select(func.max(Plan.position)))
    return await put_new(session, draft, (last or 0) + 1, by)


async def revise(session: AsyncSession, code: str, change: Revise, by: Editor) -> KeptPlan:
    """Changes a plan from now on: orders that are open keep the price and the length they were placed at.

    Members who have it get its new features and chats soon after. Raises `NoSuchPlan` and `BadPlan`.
    """
    await one_at_a_time(session)
    row = await _locked(session, code)
    before = (await _kept(session, [row]))[0]
    draft = replace(change(before.draft), code=before.code)
    _require_good(draft)
    await put(session, before, draft, by)
    return await get(session, draft.code)


async def archive(session: AsyncSession, code: str, by: Editor) -> bool:
    """Takes a plan out of the shop; who has it keeps it. False if it was out already. Raises `NoSuchPlan`."""
    row = await _locked(session, code)
    if row.archived_at is not None:
        return False
    row.archived_at = row.changed_at = by.now
    by.note(session, "plan.archive", f"plan:{row.code}")
    return True


async def restore(session: AsyncSession, code: str, by: Editor) -> bool:
    """Sells a plan again; False if it was not archived. Raises `NoSuchPlan`."""
    row = await _locked(session, code)
    if row.archived_at is None:
        return False
    row.archived_at, row.changed_at = None, by.now
    by.note(session, "plan.restore", f"plan:{row.code}")
    return True


async def chat_titles(session: AsyncSession, ids: Collection[ChatId]) -> dict[ChatId, str]:
    """The titles of these chats, of those that are known."""
    rows = await session.execute(
        select(Chat.telegram_id, Chat.title).where(Chat.telegram_id.in_(ids), Chat.title.is_not(None))
    )
    return {ChatId(row.telegram_id): row.title for row in rows}


async def put_new(session: AsyncSession, draft: PlanDraft, position: int, by: Editor) -> PlanId:
    """Writes a plan that is known to be good and new."""
    row = Plan(code=draft.code, position=position, created_at=by.now)
    _fill(row, draft, by.now)
    session.add(row)
    await session.flush()
    plan_id = PlanId(row.id)
    await _put_prices(session, plan_id, draft.prices)
    await _put_chats(session, plan_id, draft.chats, by.now)
    by.note(session, "plan.add", f"plan:{draft.code}", title=draft.title)
    return plan_id


async def put(session: AsyncSession, kept: KeptPlan, draft: PlanDraft, by: Editor) -> bool:
    """Writes a draft that is known to be good over a plan; False if it says nothing new."""
    draft = completed(draft)
    changed = _changed(kept.draft, draft)
    if not changed:
        return False
    row = await session.get_one(Plan, kept.id)
    _fill(row, draft, by.now)
    await session.flush()
    if "prices" in changed:
        await _put_prices(session, kept.id, draft.prices)
    if "chats" in changed:
        await _put_chats(session, kept.id, draft.chats, by.now)
    if {"features", "chats"} & set(changed):
        await reprojecting.begin(session, draft.code, by.now)
    by.note(session, "plan.change", f"plan:{draft.code}", fields=", ".join(changed))
    return True


def completed(draft: PlanDraft) -> PlanDraft:
    """The draft as it is kept: what follows from the rest is filled in."""
    return replace(
        draft,
        title=draft.title.strip(),
        description=draft.description.strip(),
        pack=draft.pack or usual_pack(draft.code),
        days=STARS_PERIOD.days if draft.stars_subscription else draft.days,
        chats=tuple(sorted(set(draft.chats))),
        prices=dict(sorted(draft.prices.items())),
    )


def _changed(before: PlanDraft, after: PlanDraft) -> list[str]:
    """The fields that differ."""
    return [
        each.name for each in fields(PlanDraft) if getattr(before, each.name) != getattr(after, each.name)
    ]


def _require_good(draft: PlanDraft) -> None:
    problems = problems_of(draft)
    if problems:
        raise BadPlan(problems)


def _fill(row: Plan, draft: PlanDraft, now: datetime) -> None:
    draft = completed(draft)
    row.pack, row.title, row.description = draft.pack, draft.title, draft.description
    row.days, row.months = draft.days, draft.months
    row.stars_subscription, row.stripe_subscription = draft.stars_subscription, draft.stripe_subscription
    row.trial_days, row.features = draft.trial_days, list(draft.features)
    row.sold_from, row.sold_until = draft.sold_from, draft.sold_until
    row.changed_at = now


async def _put_prices(session: AsyncSession, plan_id: PlanId, prices: Mapping[str, int]) -> None:
    await session.execute(delete(PlanPrice).where(PlanPrice.plan_id == plan_id))
    for currency, amount in sorted(prices.items()):
        session.add(PlanPrice(plan_id=plan_id, currency=currency, amount=amount))
    await session.flush()


async def _put_chats(session: AsyncSession, plan_id: PlanId, ids: Sequence[ChatId], now: datetime) -> None:
    await session.execute(delete(PlanChat).where(PlanChat.plan_id == plan_id))
    for chat_key in await chats.keys_of(session, ids, now):
        session.add(PlanChat(plan_id=plan_id, chat_key=chat_key))
    await session.flush()


async def _kept(session: AsyncSession, rows: Collection[Plan]) -> list[KeptPlan]:
    """These plans with their prices and chats."""
    ids = [row.id for row in rows]
    prices: dict[int, dict[str, int]] = {}
    found = await session.execute(
        select(PlanPrice.plan_id, PlanPrice.currency, PlanPrice.amount)
        .where(PlanPrice.plan_id.in_(ids))
        .order_by(PlanPrice.plan_id, PlanPrice.currency)
    )
    for plan_id, currency, amount in found:
        prices.setdefault(plan_id, {})[currency] = amount
    chat_ids: dict[int, list[ChatId]] = {}
    places = await session.execute(
        select(PlanChat.plan_id, Chat.telegram_id)
        .join(Chat, Chat.id == PlanChat.chat_key)
        .where(PlanChat.plan_id.in_(ids))
        .order_by(PlanChat.plan_id, Chat.telegram_id)
    )
    for plan_id, chat_id in places:
        chat_ids.setdefault(plan_id, []).append(ChatId(chat_id))
    return [_as_kept(row, prices.get(row.id, {}), chat_ids.get(row.id, [])) for row in rows]


def _as_kept(row: Plan, prices: Mapping[str, int], chat_ids: Sequence[ChatId]) -> KeptPlan:
    draft = PlanDraft(
        code=row.code,
        title=row.title,
        description=row.description,
        pack=row.pack,
        days=row.days,
        months=row.months,
        stars_subscription=row.stars_subscription,
        stripe_subscription=row.stripe_subscription,
        trial_days=row.trial_days,
        features=tuple(row.features),
        chats=tuple(chat_ids),
        prices=prices,
        sold_from=row.sold_from,
        sold_until=row.sold_until,
    )
    return KeptPlan(PlanId(row.id), draft, row.position, row.archived_at)


async def _locked(session: AsyncSession, code: str) -> Plan:
    row = await session.scalar(
        select(Plan)
        .where(Plan.code == code.strip().lower())
        .with_for_update(key_share=True)  # orders may be placed meanwhile
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise _missing(code)
    return row


def _missing(code: str) -> NoSuchPlan:
    return NoSuchPlan(f"There is no plan {code.strip()[:32]}.", remedy="/plan lists those that there are.")
