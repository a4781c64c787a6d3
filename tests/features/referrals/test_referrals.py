"""Who counts as a friend, and the reward for his first payment: once, and gone with the money."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from tests.features.referrals.friends import (
    BOT,
    NOBODY_LISTENS,
    NOW,
    PRICE,
    came,
    charge,
    gather,
    record,
    refund,
    sold,
)

from botyard.db.session import Database
from botyard.features.billing.models import Kind, Way
from botyard.features.billing.service import catalog, discounts, orders
from botyard.features.billing.service.discounts import NotValid
from botyard.features.billing.service.orders import Buyer
from botyard.features.referrals import service
from botyard.features.referrals.models import Referral
from botyard.features.referrals.service import Results, Told, Verdict
from botyard.ids import UserId
from botyard.members import entitlements, referral_codes
from botyard.members.models import User
from botyard.settings import ReferralReward

ANNA, BEN, CARA, DAN = (UserId(each) for each in (1, 2, 3, 4))
WEEK, TENTH = ReferralReward(days=7), ReferralReward(percent=10)
LATER = NOW + timedelta(days=1)


async def paid(
    database: Database, user_id: int, payment: int, reward: ReferralReward | None = WEEK
) -> Told | None:
    async with database.session() as session:
        return await service.paid(session, NOBODY_LISTENS, UserId(user_id), payment, reward, LATER)


async def returned(database: Database, user_id: int) -> Told | None:
    async with database.session() as session:
        return await service.returned(session, NOBODY_LISTENS, UserId(user_id), LATER)


async def days_of(database: Database, user_id: UserId) -> dict[str, timedelta]:
    """How much time the member has of each pack."""
    found: dict[str, timedelta] = {}
    async with database.reading() as session:
        for each in await entitlements.of_member(session, user_id):
            found[each.pack] = found.get(each.pack, timedelta()) + (each.ends_at - each.starts_at)
    return found


async def friends(database: Database) -> dict[int, int]:
    async with database.reading() as session:
        return {row.user_id: row.referrer_id for row in await session.scalars(select(Referral))}


@pytest.fixture
async def four(database: Database) -> Database:
    async with database.session() as session:
        await gather(session, ANNA, BEN, CARA, DAN)
        await sold(session, "gold-1m", "gold")
        await sold(session, "silver-1m", "silver")
    return database


async def test_a_code_is_short_says_nothing_and_stays(four: Database) -> None:
    async with four.session() as session:
        code = await referral_codes.code_of(session, ANNA, NOW)
        assert await referral_codes.code_of(session, ANNA, LATER) == code
        assert await referral_codes.code_of(session, BEN, NOW) != code
        assert len(code) == referral_codes.LENGTH
        assert code.isalnum()
        assert await referral_codes.owner_of(session, code.upper()) == ANNA
        for forged in ("", "1", code[:-1], code + "a", "ä" * 10, "x' OR '1"):
            assert await referral_codes.owner_of(session, forged) is None


async def test_who_counts(four: Database) -> None:
    assert await came(four, BEN, by=ANNA) is Verdict.COUNTED
    assert await came(four, BEN, by=ANNA, at=LATER) is Verdict.MEMBER
    assert await came(four, BEN, by=CARA, at=LATER) is Verdict.MEMBER
    assert await came(four, ANNA, by=ANNA) is Verdict.OWN
    async with four.session() as session:
        assert await service.follow(session, CARA, "abcdefghjk", BOT, NOW) is Verdict.UNKNOWN
        (await session.get_one(User, DAN)).registered_at = NOW - timedelta(days=1)
        (await session.get_one(User, CARA)).banned_at = NOW
    assert await came(four, DAN, by=ANNA) is Verdict.MEMBER
    assert await came(four, CARA, by=ANNA) is Verdict.BANNED
    assert await friends(four) == {BEN: ANNA}


async def test_who_has_paid_before_does_not_count_nor_whom_a_banned_member_sends(four: Database) -> None:
    async with four.session() as session:
        await record(session, BEN, charge("c1"))
        (await session.get_one(User, CARA)).banned_at = NOW
    assert await came(four, BEN, by=ANNA) is Verdict.MEMBER
    assert await came(four, DAN, by=CARA) is Verdict.BANNED
    assert await friends(four) == {}


async def test_a_circle_of_three_is_refused(four: Database) -> None:
    assert await came(four, BEN, by=ANNA) is Verdict.COUNTED
    assert await came(four, CARA, by=BEN) is Verdict.COUNTED
    async with four.session() as session:  # she only asked for her link so far: nobody has registered her
        (await session.get_one(User, ANNA)).registered_at = None
    assert await came(four, ANNA, by=CARA) is Verdict.LOOP
    assert await came(four, ANNA, by=BEN) is Verdict.LOOP
    assert await friends(four) == {BEN: ANNA, CARA: BEN}


_fresh = itertools.count(1000, 100)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_links_are_followed_nobody_is_his_own_forebear(
    database: Database, steps: list[tuple[int, int]]
) -> None:
    first = next(_fresh)
    async with database.session() as session:
        await gather(session, *range(first, first + 8))
    model: dict[int, int] = {}
    for who, by in steps:
        verdict = await came(database, first + who, by=first + by)
        if verdict is Verdict.COUNTED:
            assert who not in _line(model, by), "a loop"
            model[who] = by
        elif who == by:
            assert verdict is Verdict.OWN
        elif who in _line(model, by):
            assert verdict is Verdict.LOOP
        else:
            assert verdict is Verdict.MEMBER
            assert who in model
    mine = {each - first: by - first for each, by in (await friends(database)).items() if each >= first}
    assert mine == model


def _line(model: dict[int, int], member: int) -> list[int]:
    """The member, who brought him, and so on."""
    line = [member]
    while line[-1] in model:
        line.append(model[line[-1]])
        assert len(line) <= len(model) + 1, "a circle"
    return line


async def test_four_who_close_a_circle_at_the_same_moment_leave_it_open(four: Database) -> None:
    async def follow(who: UserId, by: UserId) -> None:
        for _ in range(5):
            try:
                await came(four, who, by=by)
                return
            except (
                DBAPIError
            ):  # PostgreSQL ends one of two who wait for each other: the update is tried again
                continue

    for each in (ANNA, BEN, CARA, DAN):
        async with four.session() as session:
            await referral_codes.code_of(session, each, NOW)
    await asyncio.gather(follow(ANNA, BEN), follow(BEN, CARA), follow(CARA, DAN), follow(DAN, ANNA))
    model = await friends(four)
    assert len(model) == 3
    assert all(_line(model, each) for each in model)


async def test_the_first_payment_gives_days_once(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    async with four.session() as session:
        first, second = await record(session, BEN, charge("c1")), await record(session, BEN, charge("c2"))
    assert await paid(four, BEN, first) == Told(ANNA, BOT, 7, "")
    for payment in (first, second, first):
        assert await paid(four, BEN, payment) is None
    assert await days_of(four, ANNA) == {"gold": timedelta(days=7)}, "of what the friend bought"
    async with four.reading() as session:
        assert await service.results(session, ANNA, NOW) == Results(1, 1, 7, [])


async def test_what_was_given_carries_its_plans_title(four: Database) -> None:
    async with four.session() as session:
        await record(session, BEN, charge("c1"))
        (given,) = await entitlements.of_member(session, BEN)
    assert (given.plan, given.title) == ("gold-1m", "Gold, a month")


async def test_days_go_on_top_of_what_the_referrer_has(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    async with four.session() as session:
        await record(session, ANNA, charge("a1", plan="silver-1m"))
        first = await record(session, BEN, charge("c1"))
    assert await paid(four, BEN, first)
    assert await days_of(four, ANNA) == {"silver": timedelta(days=37)}


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CHARGEBACK])
async def test_a_return_takes_its_own_days_back_once(four: Database, kind: Kind) -> None:
    await came(four, BEN, by=ANNA)
    await came(four, CARA, by=ANNA)
    async with four.session() as session:
        ben, cara = await record(session, BEN, charge("c1")), await record(session, CARA, charge("c2"))
    assert await paid(four, BEN, ben)
    assert await paid(four, CARA, cara)
    assert await returned(four, BEN) is None
    async with four.session() as session:
        await record(session, BEN, refund("c1", amount=PRICE.amount // 2, kind=kind))
    assert await returned(four, BEN) is None, "a part of it was kept"
    async with four.session() as session:
        await record(session, CARA, refund("c2", kind=kind))
    assert await returned(four, CARA) == Told(ANNA, BOT, 7, "", is_back=True)
    assert await returned(four, CARA) is None
    assert await days_of(four, ANNA) == {"gold": timedelta(days=7)}, "Ben's stay"
    async with four.reading() as session:
        assert await service.results(session, ANNA, NOW) == Results(2, 1, 7, [])


async def test_what_was_returned_before_anybody_looked_gives_nothing(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    async with four.session() as session:
        payment = await record(session, BEN, charge("c1"))
        await record(session, BEN, refund("c1"))
        other = await record(session, BEN, charge("c2", at=LATER))
    assert await paid(four, BEN, payment) is None
    assert await paid(four, BEN, other) is None, "only the first counts"
    assert await returned(four, BEN) is None
    assert await days_of(four, ANNA) == {}


async def test_money_that_buys_nothing_is_no_first_payment(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    async with four.session() as session:
        kept, bought = (
            await record(session, BEN, charge("c1", plan=None)),
            await record(session, BEN, charge("c2")),
        )
    assert await paid(four, BEN, kept) is None
    assert await paid(four, CARA, bought) is None, "it is another member's"
    assert await paid(four, BEN, bought)


async def test_a_share_is_a_code_for_the_referrer_alone(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    async with four.session() as session:
        payment = await record(session, BEN, charge("c1"))
    told = await paid(four, BEN, payment, TENTH)
    assert told
    assert (told.referrer, told.days, told.percent) == (ANNA, 0, 10)
    assert await days_of(four, ANNA) == {}
    async with four.session() as session:
        offer = await catalog.find_offer(session, "gold-1m", NOW)
        taken = await discounts.take(session, told.code, offer, PRICE, ANNA, NOW)
        assert taken.off == PRICE.amount // 10
        with pytest.raises(NotValid, match="no code"):
            await discounts.take(session, told.code, offer, PRICE, BEN, NOW)
        assert (await service.results(session, ANNA, NOW)).codes == [told.code]
        buyer = Buyer(ANNA, BOT)
        order = await orders.place(session, buyer, offer, Way.STARS, PRICE, told.code, NOW)
        assert (order.amount, (await service.results(session, ANNA, NOW)).codes) == (1350, [])
        tomorrow = NOW + timedelta(hours=25)
        assert (await service.results(session, ANNA, tomorrow)).codes == [told.code], "it was not paid"
        await record(session, BEN, refund("c1"))
    assert await returned(four, BEN) == Told(ANNA, BOT, 0, told.code, is_back=True)
    async with four.session() as session:
        with pytest.raises(NotValid, match="no code"):
            await discounts.take(session, told.code, offer, PRICE, ANNA, NOW)
        assert await service.results(session, ANNA, NOW) == Results(1, 0, 0, [])


async def test_no_reward_where_it_is_off_or_the_referrer_is_banned(four: Database) -> None:
    await came(four, BEN, by=ANNA)
    await came(four, CARA, by=ANNA)
    async with four.session() as session:
        ben, cara = await record(session, BEN, charge("c1")), await record(session, CARA, charge("c2"))
    assert await paid(four, BEN, ben, None) is None
    assert await paid(four, BEN, ben, WEEK) is None, "it is not made up for"
    async with four.session() as session:
        (await session.get_one(User, ANNA)).banned_at = NOW
    assert await paid(four, CARA, cara) is None
    assert await days_of(four, ANNA) == {}
