"""Keeping discount codes: making, listing and ending them. Whether one is valid says `discounts.take`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import Discount, DiscountId, Order, Plan
from botyard.features.billing.service.discounts import is_use
from botyard.features.billing.service.editing import Editor
from botyard.features.billing.service.plan_drafts import CURRENCIES, MOST_MONEY, span_of
from botyard.features.billing.service.turns import one_at_a_time
from botyard.ids import UserId

MOST_USES = 1_000_000
MOST_FOR = 50
HIGHEST_USER = 2**52
"""Ids of people have at most 52 bits (Bot API, User)."""
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,31}", re.ASCII)


class BadCode(BotyardError):
    """A discount code cannot be kept as it is; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[str], *, remedy: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems), remedy=remedy)


class NoSuchCode(BotyardError):
    """There is no discount code of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDraft:
    """A discount code as it is to be: it takes off a `percent`, or an `amount` of `currency`.

    The amount is in the smallest unit. `plans` are codes of plans or packs; empty means all. `member` is the
    only one who may use it.
    """

    code: str
    percent: int | None = None
    amount: int | None = None
    currency: str | None = None
    uses: int | None = None
    once_per_member: bool = False
    member: UserId | None = None
    plans: tuple[str, ...] = ()
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A discount code, and how often it was used (open orders count as long as they can be paid)."""

    id: DiscountId
    draft: CodeDraft
    used: int
    active: bool

    @property
    def code(self) -> str:
        """What members type."""
        return self.draft.code

    def works(self, now: datetime) -> bool:
        """Whether somebody may still use it."""
        draft = self.draft
        in_time = draft.expires is None or draft.expires > now
        return self.active and in_time and (draft.uses is None or self.used < draft.uses)


def problems_of(draft: CodeDraft, known: Collection[str]) -> list[str]:
    """All that is wrong with a code, a sentence each; `known` are the codes and packs of all plans."""
    return [*_problems_of_worth(draft), *_problems_of_use(draft, known)]


def _problems_of_worth(draft: CodeDraft) -> Iterator[str]:
    if not _CODE.fullmatch(draft.code):
        yield "A code must be 2 to 32 of A-Z, 0-9, - and _, like SPRING-20."
    if (draft.percent is None) == (draft.amount is None):
        yield "It takes off either a percent or an amount."
    if draft.percent is not None and not 1 <= draft.percent <= 99:
        yield "The percent must be 1 to 99: free time is a grant."
    if draft.amount is not None and draft.currency in CURRENCIES:
        if not 1 <= draft.amount <= MOST_MONEY:
            yield f"The amount in {span_of(draft.currency, MOST_MONEY)}."
    elif draft.amount is not None:
        yield "An amount needs a currency, like GBP, EUR or XTR (Stars)."
    if draft.amount is None and draft.currency is not None:
        yield "A percent has no currency."


def _problems_of_use(draft: CodeDraft, known: Collection[str]) -> Iterator[str]:
    if draft.uses is not None and not 1 <= draft.uses <= MOST_USES:
        yield f"The number of uses must be 1 to {MOST_USES:,}."
    if draft.member is not None and not 1 <= draft.member < HIGHEST_USER:
        yield "The member is named by @username or a Telegram id, such as 123456789."
    if len(draft.plans) > MOST_FOR:
        yield f"It may name {MOST_FOR} plans and packs."
    for each in draft.plans:
        if each not in known:
            yield f"There is no plan and no pack {each[:32]}."


async def make(session: AsyncSession, draft: CodeDraft, by: Editor) -> KeptCode:
    """Keeps a new code. Raises `BadCode`."""
    await one_at_a_time(session)
    problems = problems_of(draft, await plans_and_packs(session))
    if draft.expires is not None and draft.expires <= by.now:
        problems.append(f"It would have ended already: {draft.expires:%Y-%m-%d %H:%M} UTC is past.")
    if problems:
        raise BadCode(problems)
    if await session.scalar(select(Discount.id).where(Discount.code == draft.code)) is not None:
        raise BadCode([f"There is a code {draft.code} already."], remedy="Take another one.")
    return KeptCode(await put_new(session, draft, by), draft, 0, active=True)


async def end(session: AsyncSession, code: str, by: Editor) -> bool:
    """Ends a code: nobody can use it any more. False if it had ended. Raises `NoSuchCode`."""
    row = await session.scalar(select(Discount).where(Discount.code == folded(code)).with_for_update())
    if row is None:
        raise _missing(code)
    if not row.active:
        return False
    row.active = False
    by.note(session, "code.end", f"code:{row.code}")
    return True


async def get(session: AsyncSession, code: str, now: datetime) -> KeptCode:
    """The code of this name, in any case of letters. Raises `NoSuchCode`."""
    row = await session.scalar(select(Discount).where(Discount.code == folded(code)))
    if row is None:
        raise _missing(code)
    return _as_kept(row, (await _used(session, [row.id], now)).get(row.id, 0))


async def listed(session: AsyncSession, now: datetime, *, skip: int = 0, most: int = 1000) -> list[KeptCode]:
    """The codes, those that were not ended first, the newest first."""
    rows = (
        await session.scalars(
            select(Discount).order_by(Discount.active.desc(), Discount.id.desc()).offset(skip).limit(most)
        )
    ).all()
    used = await _used(session, [row.id for row in rows], now)
    return [_as_kept(row, used.get(row.id, 0)) for row in rows]


async def put_new(session: AsyncSession, draft: CodeDraft, by: Editor) -> DiscountId:
    """Writes a code that is known to be good and new."""
    row = Discount(code=draft.code, active=True, created_by=by.user_id, created_at=by.now)
    _fill(row, draft)
    session.add(row)
    await session.flush()
    by.note(session, "code.add", f"code:{draft.code}")
    return DiscountId(row.id)


async def put(session: AsyncSession, kept: KeptCode, draft: CodeDraft, by: Editor) -> bool:
    """Writes a draft that is known to be good over a code, and revives it; False if that changes nothing."""
    if kept.draft == draft and kept.active:
        return False
    row = await session.get_one(Discount, kept.id, with_for_update=True)
    _fill(row, draft)
    row.active = True
    by.note(session, "code.change", f"code:{draft.code}")
    return True


async def plans_and_packs(session: AsyncSession) -> set[str]:
    """What a code can be for."""
    rows = await session.execute(select(Plan.code, Plan.pack))
    return {word for row in rows for word in (row.code, row.pack)}


def folded(code: str) -> str:
    """A code as it is kept, whatever the case of its letters."""
    return code.strip().upper()[:33]


def _fill(row: Discount, draft: CodeDraft) -> None:
    row.percent, row.amount, row.currency = draft.percent, draft.amount, draft.currency
    row.most_uses, row.once_per_member = draft.uses, draft.once_per_member
    row.only_user_id, row.plans, row.expires_at = draft.member, list(draft.plans), draft.expires


async def _used(session: AsyncSession, ids: Collection[int], now: datetime) -> dict[int, int]:
    rows = await session.execute(
        select(Order.discount_id, func.count().label("used"))
        .where(Order.discount_id.in_(ids), is_use(now))
        .group_by(Order.discount_id)
    )
    return {row.discount_id: row.used for row in rows}


def _as_kept(row: Discount, used: int) -> KeptCode:
    draft = CodeDraft(
        code=row.code,
        percent=row.percent,
        amount=row.amount,
        currency=row.currency,
        uses=row.most_uses,
        once_per_member=row.once_per_member,
        member=None if row.only_user_id is None else UserId(row.only_user_id),
        plans=tuple(row.plans),
        expires=row.expires_at,
    )
    return KeptCode(DiscountId(row.id), draft, used, row.active)


def _missing(code: str) -> NoSuchCode:
    return NoSuchCode(f"There is no code {code.strip()[:32]}.", remedy="/code lists those that there are.")
