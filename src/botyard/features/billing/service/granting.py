"""Time as a gift, and packs ended by hand: what an admin does to a member's time, with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import (
    Direction,
    Kind,
    Payment,
    Plan,
    Source,
    Subscription,
    SubscriptionState,
    Way,
)
from botyard.features.billing.service import ledger, subscriptions
from botyard.features.billing.service.catalog import STARS, NoSuchPlan
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.jobs.queue import enqueue
from botyard.members import audit, entitlements
from botyard.money import Money

ActId = NewType("ActId", str)
"""What tells one act of an admin's from all others: who repeats it with the same one has done it once."""

TELL = "billing.tell"
"""The job that tells a member what was done to his time (`billing.letters`)."""
MOST_DAYS = 3660
MOST_MONTHS = 120
MOST_REASON = 500
NOTHING = Money(0, STARS)

_LENGTH = re.compile(r"([1-9][0-9]{0,4})([dwm])", re.ASCII)
_LIKE_A_LENGTH = re.compile(r"[-+\u2212]?[0-9][0-9.,]*(?!st|nd|rd|th)-?[a-z]*", re.ASCII)
"""A number, with a unit or without, but not `1st`."""


class BadGrant(BotyardError):
    """What was asked for cannot be given, or taken away: its text says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: so many days, or so many months."""

    days: int | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What an admin does, and why; `by` is None on the command line."""

    id: ActId
    reason: str
    by: UserId | None = None
    bot_id: BotId | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """What is given: a plan, and how much of it."""

    plan: str
    pack: str
    title: str
    span: Span


@dataclass(frozen=True, slots=True)
class Held:
    """A pack that a member has, or will have: by which plan he got it, and until when."""

    pack: str
    plan: str
    title: str
    ends_at: datetime


def read_span(word: str) -> Span | None:
    """The length that a word such as `30d`, `2w` or `3m` means; None for a word that is not like a length.

    Raises `BadGrant` for what looks like a length and is none (`-5d`, `30`, `3months`), and for more than ten
    years.
    """
    found = _LENGTH.fullmatch(word.lower())
    if found is None and _LIKE_A_LENGTH.fullmatch(word.lower()):
        raise BadGrant(
            f"“{word[:20]}” is no length.",
            remedy="Write it like 30d, 2w or 3m; a reason begins with a word.",
        )
    if found is None:
        return None
    count, unit = int(found[1]), found[2]
    span = Span(months=count) if unit == "m" else Span(days=count * (7 if unit == "w" else 1))
    return _checked(span)


def checked_reason(reason: str) -> str:
    """The reason in one line. Raises `BadGrant` where there is none, or it is a whole story."""
    reason = " ".join(reason.split())
    if not reason:
        raise BadGrant("A reason is missing.", remedy="Say why: it is kept with the payment for good.")
    if len(reason) > MOST_REASON:
        raise BadGrant(f"A reason has at most {MOST_REASON} characters.", remedy="Say it in fewer words.")
    return reason


async def choose(session: AsyncSession, code: str, span: Span | None) -> Gift:
    """The plan of this code, on sale or not, and how much of it; by default its own length.

    Raises `NoSuchPlan`, and `BadGrant` for a length that is none.
    """
    plan = await session.scalar(select(Plan).where(Plan.code == code.strip().lower()))
    if plan is None:
        raise NoSuchPlan(f"There is no plan {code[:32]}.", remedy="/plans lists those that there are.")
    own = Span(plan.days, plan.months) if plan.days or plan.months else Span(days=30)
    return Gift(plan.code, plan.pack, plan.title, _checked(span or own))


async def give(
    session: AsyncSession, facts: Facts, user_id: UserId, gift: Gift, act: Act, now: datetime
) -> datetime | None:
    """Gives a member free time after what he has of the pack; until when he has it then, or None if this
    act has been done before. He is told. Raises `BadGrant`.
    """
    reason, span = checked_reason(act.reason), _checked(gift.span)
    entry = Entry(
        kind=Kind.GRANT,
        source=Source.ADMIN,
        direction=Direction.IN,
        external_id=f"grant:{act.id}",
        money=NOTHING,
        at=now,
        plan=gift.plan,
        pack=gift.pack,
        days=span.days,
        months=span.months,
    )
    if not await _record(session, facts, entry, user_id, act, reason, now):
        return None
    end = await entitlements.last_end(session, user_id, gift.pack, now)
    length = {"days": span.days, "months": span.months}
    audit.record(
        session,
        at=now,
        action="billing.grant",
        subject=f"user:{user_id}",
        actor_id=act.by,
        bot_id=act.bot_id,
        plan=gift.plan,
        reason=reason,
        **length,
    )
    until = end.isoformat() if end else None
    told = {"what": "gift", "title": gift.title, "until": until, **length}
    await _tell(session, user_id, act, told, now)
    return end


async def held(session: AsyncSession, user_id: UserId, now: datetime) -> list[Held]:
    """The packs that a member has now or will have, with their last day, the next to end first."""
    found: dict[str, entitlements.Entitlement] = {}
    for each in await entitlements.of_member(session, user_id):
        if each.ends_at > now and (each.pack not in found or each.ends_at > found[each.pack].ends_at):
            found[each.pack] = each
    titles = await titles_of(session, {each.plan for each in found.values()})
    packs = [
        Held(each.pack, each.plan, titles.get(each.plan, each.pack), each.ends_at) for each in found.values()
    ]
    return sorted(packs, key=lambda each: (each.ends_at, each.pack))


async def find_held(session: AsyncSession, user_id: UserId, word: str, now: datetime) -> Held:
    """The pack that a member has, by its own name or that of one of its plans. Raises `BadGrant`."""
    wanted = word.strip().lower()
    pack = await session.scalar(select(Plan.pack).where(Plan.code == wanted))
    packs = await held(session, user_id, now)
    for each in packs:
        if each.pack in (pack, wanted):
            return each
    has = ", ".join(each.pack for each in packs)
    raise BadGrant(
        f"This member does not have {word[:32]} now.",
        remedy=f"There is: {has}." if has else "There is nothing.",
    )


async def revoke(
    session: AsyncSession, facts: Facts, user_id: UserId, pack: Held, act: Act, now: datetime
) -> bool:
    """Ends a member's pack at this moment; False if this act has been done before. He is told.

    What he pays for later begins anew. Raises `BadGrant`.
    """
    reason = checked_reason(act.reason)
    entry = Entry(
        kind=Kind.ADJUSTMENT,
        source=Source.ADMIN,
        direction=Direction.OUT,
        external_id=f"revoke:{act.id}",
        money=NOTHING,
        at=now,
        plan=pack.plan,
        pack=pack.pack,
    )
    if not await _record(session, facts, entry, user_id, act, reason, now):
        return False
    audit.record(
        session,
        at=now,
        action="billing.revoke",
        subject=f"user:{user_id}",
        actor_id=act.by,
        bot_id=act.bot_id,
        pack=pack.pack,
        reason=reason,
    )
    await _tell(session, user_id, act, {"what": "end", "title": pack.title}, now)
    return True


async def repeating(session: AsyncSession, user_id: UserId, pack: str) -> Way | None:
    """By which way a subscription of the member's goes on paying for this pack; None where none does."""
    of_member = await subscriptions.of_member(session, user_id)
    return next((each.way for each, order in of_member if order.pack == pack and _goes_on(each)), None)


async def renews(session: AsyncSession, user_id: UserId, pack: str) -> bool:
    """Whether a subscription of the member's renews this pack by itself."""
    of_member = await subscriptions.of_member(session, user_id)
    return any(order.pack == pack and each.state is SubscriptionState.ACTIVE for each, order in of_member)


async def titles_of(session: AsyncSession, codes: set[str]) -> dict[str, str]:
    """The titles of plans, sold or not, by their codes."""
    rows = await session.execute(select(Plan.code, Plan.title).where(Plan.code.in_(codes)))
    return {row.code: row.title for row in rows}


async def all_titles(session: AsyncSession) -> dict[str, str]:
    """The titles of all plans that there are or were, by their codes."""
    rows = await session.execute(select(Plan.code, Plan.title))
    return {row.code: row.title for row in rows}


def _goes_on(subscription: Subscription) -> bool:
    return subscription.state in subscriptions.GOING_ON


def _checked(span: Span) -> Span:
    if not (span.days or 0) + (span.months or 0) > 0:
        raise BadGrant("A length has at least one day.", remedy="Write it like 30d, 2w or 3m.")
    if (span.days or 0) > MOST_DAYS or (span.months or 0) > MOST_MONTHS:
        raise BadGrant("That is more than ten years.", remedy="Give less, such as 12m.")
    return span


async def _record(
    session: AsyncSession, facts: Facts, entry: Entry, user_id: UserId, act: Act, reason: str, now: datetime
) -> Payment | None:
    about = About(user_id=user_id, bot_id=act.bot_id, by=act.by, reason=reason)
    return await ledger.record(session, facts, entry, about, now)


async def _tell(
    session: AsyncSession, user_id: UserId, act: Act, told: dict[str, str | int | None], now: datetime
) -> None:
    await enqueue(session, TELL, {"user_id": user_id, "bot_id": act.bot_id, **told}, now)
