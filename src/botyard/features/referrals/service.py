"""What referrals do: who came by whose link, and what the one who sent it gets for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.service import discounts, rewards
from botyard.features.billing.service.rewards import Bought, DaysGift
from botyard.features.referrals.models import Referral
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members import entitlements, referral_codes
from botyard.members.models import User
from botyard.settings import ReferralReward

MOST_CODES = 20
"""So many of a member's unused codes are shown."""

LONGEST_LINE = 100_000
"""So far up it is looked for a loop: a line of friends that long was made by a machine."""


class Verdict(StrEnum):
    """What became of somebody who came by a link."""

    COUNTED = "counted"
    UNKNOWN = "unknown"
    """Nobody has this code."""
    OWN = "own"
    LOOP = "loop"
    """It is the link of somebody whom he has brought himself, at first or at second hand."""
    MEMBER = "member"
    """He was here before."""
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Told:
    """What the referrer is to be told: `days` or a `code` that he was given, or that was taken back."""

    referrer: UserId
    bot_id: BotId
    days: int
    code: str
    percent: int = 0
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """What a member's link has brought: who `came`, who of them `bought`; days and unused codes for it."""

    came: int
    bought: int
    days: int
    codes: Sequence[str]


async def follow(session: AsyncSession, user_id: UserId, code: str, bot_id: BotId, now: datetime) -> Verdict:
    """Writes down that a member has come by a link, if it counts. He has sent /start in this transaction.

    Only who was not here before counts, so the order of links and payments is of no matter later.
    """
    referrer = await referral_codes.owner_of(session, code)
    if referrer is None:
        return Verdict.UNKNOWN
    if referrer == user_id:
        return Verdict.OWN
    line = await _locked_line(session, user_id, referrer)
    await session.flush()
    users = await session.scalars(
        select(User).where(User.id.in_([user_id, referrer])).execution_options(populate_existing=True)
    )
    known = {user.id: user for user in users}
    if any(user.banned_at is not None for user in known.values()):
        return Verdict.BANNED
    if user_id in line:
        return Verdict.LOOP
    registered_at = known[user_id].registered_at
    was_here = registered_at is not None and registered_at < now
    has_come = await session.get(Referral, user_id) is not None
    if was_here or has_come or await rewards.has_paid(session, user_id):
        return Verdict.MEMBER
    session.add(Referral(user_id=user_id, referrer_id=referrer, bot_id=bot_id, at=now))
    await session.flush()
    return Verdict.COUNTED


async def paid(
    session: AsyncSession,
    facts: Facts,
    user_id: UserId,
    payment_id: int,
    reward: ReferralReward | None,
    now: datetime,
) -> Told | None:
    """Rewards who has brought a member for his first payment, once; None if there is nothing to tell.

    Without a `reward` the payment counts all the same: it is not made up for later.
    """
    referral = await _locked(session, user_id)
    if referral is None or referral.payment_id is not None:
        return None
    bought = await rewards.bought(session, user_id, payment_id)
    if bought is None:
        return None
    referral.payment_id, referral.paid_at = payment_id, bought.at
    referrer = await session.get_one(User, referral.referrer_id, populate_existing=True)
    if bought.is_returned:
        referral.taken_back_at = now
        return None
    if reward is None or referrer.banned_at is not None:
        return None
    if reward.percent:
        to = UserId(referral.referrer_id)
        referral.reward_code = await discounts.give(session, to, reward.percent, now)
    else:
        referral.reward_days = reward.days
        gift = await _days(session, referral, reward.days, bought, now)
        await rewards.give_days(session, facts, gift, now)
    await session.flush()
    return _told(referral, percent=reward.percent)


async def returned(session: AsyncSession, facts: Facts, user_id: UserId, now: datetime) -> Told | None:
    """Takes the reward back, once, if all of the member's first payment was returned."""
    referral = await _locked(session, user_id)
    if referral is None or referral.payment_id is None or referral.taken_back_at is not None:
        return None
    bought = await rewards.bought(session, user_id, referral.payment_id)
    if bought is None or not bought.is_returned:
        return None
    referral.taken_back_at = now
    if referral.reward_days:
        await rewards.take_days_back(session, facts, UserId(referral.referrer_id), user_id, now)
    elif referral.reward_code:
        await discounts.withdraw(session, referral.reward_code)
    else:
        return None
    await session.flush()
    return _told(referral, is_back=True)


async def results(session: AsyncSession, referrer: UserId, now: datetime) -> Results:
    """What the member's link has brought him so far. What was returned does not count as bought."""
    mine, kept = Referral.referrer_id == referrer, Referral.taken_back_at.is_(None)
    counted = select(
        func.count().label("came"),
        func.count(Referral.payment_id).filter(kept).label("bought"),
        func.coalesce(func.sum(Referral.reward_days).filter(kept), 0).label("days"),
    )
    row = (await session.execute(counted.where(mine))).one()
    newest = (
        select(Referral.reward_code)
        .where(mine, kept, Referral.reward_code.is_not(None))
        .order_by(Referral.paid_at.desc())
        .limit(MOST_CODES)
    )
    codes = [code for code in await session.scalars(newest) if code]
    return Results(row.came, row.bought, int(row.days), await discounts.unused(session, codes, now))


async def _locked(session: AsyncSession, user_id: UserId) -> Referral | None:
    return await session.get(Referral, user_id, with_for_update=True, populate_existing=True)


async def _locked_line(session: AsyncSession, user_id: UserId, referrer: UserId) -> list[UserId]:
    """The referrer, who brought him, and so on to the first; both their trees cannot grow together meanwhile.

    Two who come by each other's links at once lock the same two roots: the second sees the first.
    """
    while True:
        line = await _line(session, referrer)
        roots = select(User.id).where(User.id.in_([user_id, line[-1]]))
        await session.execute(roots.order_by(User.id).with_for_update())
        if await _line(session, referrer) == line:
            return line


async def _line(session: AsyncSession, referrer: UserId) -> list[UserId]:
    begin = select(User.id.label("user_id"), cast(0, Integer).label("step")).where(User.id == referrer)
    line = begin.cte("line", recursive=True)
    above = select(Referral.referrer_id, line.c.step + 1).join(line, Referral.user_id == line.c.user_id)
    line = line.union_all(above.where(line.c.step < LONGEST_LINE))
    return [UserId(each) for each in await session.scalars(select(line.c.user_id).order_by(line.c.step))]


async def _days(
    session: AsyncSession, referral: Referral, days: int, bought: Bought, now: datetime
) -> DaysGift:
    """More of the plan that the referrer has, of several the one that runs longest; else of the friend's."""
    had = await entitlements.of_member(session, UserId(referral.referrer_id))
    running = [each for each in had if each.ends_at > now]
    longest = max(running, key=lambda each: each.ends_at, default=None)
    return DaysGift(
        to=UserId(referral.referrer_id),
        friend=UserId(referral.user_id),
        bot_id=BotId(referral.bot_id),
        days=days,
        plan=longest.plan if longest else bought.plan,
        pack=longest.pack if longest else bought.pack,
    )


def _told(referral: Referral, *, percent: int = 0, is_back: bool = False) -> Told:
    return Told(
        UserId(referral.referrer_id),
        BotId(referral.bot_id),
        referral.reward_days or 0,
        referral.reward_code or "",
        percent,
        is_back,
    )
