"""Discount codes: what can be kept, how much they take off, and that N uses are N."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.features.billing.catalog.shelves import BOT, BY, NOW, draft, meet, shelve

from botyard.db.session import Database
from botyard.features.billing.models import Order, OrderState, Way
from botyard.features.billing.service import catalog, codes, orders
from botyard.features.billing.service.codes import BadCode, CodeDraft, NoSuchCode, problems_of
from botyard.features.billing.service.discounts import NotValid
from botyard.features.billing.service.orders import ORDER_LIFE, Buyer
from botyard.ids import UserId

MEMBERS = tuple(range(1, 13))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"code": "a b"}, "A code must be"),
        ({"code": "X"}, "A code must be"),
        ({"code": "X" * 33}, "A code must be"),
        ({"percent": None}, "either a percent or an amount"),
        ({"amount": 5, "currency": "GBP"}, "either a percent or an amount"),
        ({"percent": 0}, "1 to 99"),
        ({"percent": 100}, "1 to 99"),
        ({"percent": None, "amount": 0, "currency": "GBP"}, "The amount in GBP must be 0.01 to 999,999.99."),
        ({"percent": None, "amount": 0, "currency": "JPY"}, "The amount in JPY must be 1 to 99,999,999."),
        ({"percent": None, "amount": 5}, "needs a currency"),
        ({"percent": None, "amount": 5, "currency": "GPB"}, "needs a currency"),
        ({"currency": "GBP"}, "percent has no currency"),
        ({"uses": 0}, "number of uses"),
        ({"member": 0}, "Telegram id"),
        ({"plans": ("gold", "bronze")}, "no pack bronze"),
    ],
)
def test_what_cannot_be_kept_is_named(fields: dict[str, Any], problem: str) -> None:
    (said,) = problems_of(CodeDraft(**{"code": "SPRING", "percent": 20, **fields}), {"gold"})
    assert problem in said


async def opened(session: AsyncSession, *members: int, **fields: Any) -> None:
    """A shop with one plan and one code."""
    await orders.make_key(session, NOW)
    await meet(session, *members)
    await shelve(session, draft(), draft("silver-3m"))
    await codes.make(session, CodeDraft(**{"code": "SPRING", "percent": 20, **fields}), BY)


async def bought(database: Database, user_id: int, code: str = "spring", **how: Any) -> Order | str:
    """The order of a member who uses the code, or why he cannot."""
    async with database.session() as session:
        offer = await catalog.find_offer(session, how.get("plan", "gold-3m"), NOW)
        price = offer.prices[how.get("currency", "GBP")]
        try:
            return await orders.place(
                session, Buyer(UserId(user_id), BOT), offer, Way.STRIPE, price, code, how.get("now", NOW)
            )
        except NotValid as problem:
            return str(problem)


async def test_a_code_takes_off_its_share_or_amount(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1)
        await codes.make(session, CodeDraft(code="TENNER", amount=1000, currency="GBP"), BY)
        await codes.make(session, CodeDraft(code="HUGE", amount=10**7, currency="GBP"), BY)
    for code, amount in (("SPRING", 11760), (" tenner ", 13700), ("HUGE", 1)):
        order = await bought(database, 1, code)
        assert isinstance(order, Order)
        assert (order.amount, order.discount) == (amount, 14700 - amount)
    assert await bought(database, 1, "TENNER", currency="EUR") == "The code TENNER is for prices in GBP."


@pytest.mark.parametrize(
    ("fields", "how", "said"),
    [
        ({"member": 2}, {}, "There is no code spring."),
        ({"expires": NOW + timedelta(hours=1)}, {"now": NOW + timedelta(hours=1)}, "out of date"),
        ({"plans": ("silver",)}, {}, "not for Gold signals"),
        ({"plans": ("silver-3m",)}, {}, "not for Gold signals"),
    ],
)
async def test_a_code_is_for_whom_and_what_it_says(
    database: Database, fields: dict[str, Any], how: dict[str, Any], said: str
) -> None:
    async with database.session() as session:
        await opened(session, 1, 2, **fields)
    assert said in str(await bought(database, 1, **how))


async def test_a_code_for_a_pack_is_for_all_its_plans(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, plans=("gold",))
    assert isinstance(await bought(database, 1), Order)
    assert "not for" in str(await bought(database, 1, plan="silver-3m"))


async def paid(database: Database, order: Order | str) -> None:
    """An order is paid."""
    assert isinstance(order, Order)
    async with database.session() as session:
        (await session.get_one(Order, order.id)).state = OrderState.PAID


async def states(database: Database) -> list[OrderState]:
    """The states of all orders, the oldest first."""
    async with database.reading() as session:
        return list(await session.scalars(select(Order.state).order_by(Order.id)))


async def test_once_per_member_is_once(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, 2, once_per_member=True)
    await paid(database, await bought(database, 1))
    assert "works once" in str(await bought(database, 1))
    assert isinstance(await bought(database, 2), Order)


async def test_who_orders_again_does_not_lock_himself_out(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, 2, once_per_member=True, uses=1)
    assert isinstance(await bought(database, 1), Order)
    assert isinstance(await bought(database, 1, currency="EUR"), Order)
    assert "used up" in str(await bought(database, 2)), "his order is still a use"
    assert await states(database) == [OrderState.CANCELLED, OrderState.OPEN]


async def test_who_presses_often_uses_one_of_many(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, 2, 3, uses=2)
    for _ in range(5):
        assert isinstance(await bought(database, 1), Order)
    assert isinstance(await bought(database, 2), Order)
    assert "used up" in str(await bought(database, 3))
    await paid(database, await bought(database, 1))
    assert "used up" in str(await bought(database, 1)), "a paid one and that of another member"


async def test_only_orders_with_the_code_are_cancelled(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1)
        await codes.make(session, CodeDraft(code="OTHER", percent=5), BY)
    for code in ("", "OTHER", "SPRING", "SPRING"):
        assert isinstance(await bought(database, 1, code), Order)
    assert await states(database) == [
        OrderState.OPEN,
        OrderState.OPEN,
        OrderState.CANCELLED,
        OrderState.OPEN,
    ]


async def test_a_code_that_is_refused_cancels_nothing(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1)
    assert isinstance(await bought(database, 1), Order)
    async with database.session() as session:
        await codes.end(session, "SPRING", BY)
    assert "no code" in str(await bought(database, 1))
    assert await states(database) == [OrderState.OPEN]


async def test_an_order_that_nobody_paid_gives_its_use_back(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, 2, uses=1)
    assert isinstance(await bought(database, 1), Order)
    assert "used up" in str(await bought(database, 2))
    assert isinstance(await bought(database, 2, now=NOW + ORDER_LIFE), Order)


@pytest.mark.parametrize("once", [False, True])
async def test_n_uses_are_never_exceeded_by_members_at_once(database: Database, once: bool) -> None:
    async with database.session() as session:
        await opened(session, *MEMBERS, uses=3, once_per_member=once)
    got = await asyncio.gather(*(bought(database, each) for each in MEMBERS))
    assert sum(isinstance(each, Order) for each in got) == 3
    assert {each for each in got if isinstance(each, str)} == {"The code SPRING is used up."}
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).where(Order.discount_id.is_not(None))) == 3
        assert (await codes.get(session, "SPRING", NOW)).used == 3


async def test_one_member_at_many_places_uses_it_once(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, once_per_member=True)
    got = await asyncio.gather(*(bought(database, 1) for _ in range(8)))
    assert all(isinstance(each, Order) for each in got)
    assert sorted(await states(database)) == [OrderState.CANCELLED] * 7 + [OrderState.OPEN]


@pytest.mark.postgres
async def test_an_order_that_is_being_paid_is_waited_for(postgres_url: str) -> None:
    postgres = Database(postgres_url)
    async with postgres.session() as session:
        await opened(session, 1, once_per_member=True)
    first = await bought(postgres, 1)
    assert isinstance(first, Order)
    async with postgres.session() as session:
        (await session.get_one(Order, first.id)).state = OrderState.PAID
        await session.flush()
        second = asyncio.create_task(bought(postgres, 1))
        await asyncio.sleep(0.3)
        assert not second.done()
    assert "works once" in str(await second)
    await postgres.aclose()


async def test_a_code_that_would_have_ended_is_not_made(database: Database) -> None:
    for late in (timedelta(), timedelta(days=1)):
        async with database.session() as session:
            with pytest.raises(BadCode, match=r"It would have ended already: .* UTC is past"):
                await codes.make(session, CodeDraft(code="BAD", percent=10, expires=NOW - late), BY)
    async with database.reading() as session:
        assert await codes.listed(session, NOW) == []


async def test_codes_are_listed_with_their_uses_and_end(database: Database) -> None:
    async with database.session() as session:
        await opened(session, 1, uses=5)
        await codes.make(session, CodeDraft(code="LATER", percent=5, expires=NOW + timedelta(days=1)), BY)
        with pytest.raises(BadCode):
            await codes.make(session, CodeDraft(code="LATER", percent=9), BY)
    order = await bought(database, 1)
    assert isinstance(order, Order)
    async with database.session() as session:
        (await session.get_one(Order, order.id)).state = OrderState.PAID
    long_after = NOW + ORDER_LIFE * 2
    async with database.session() as session:
        assert await codes.end(session, "later", BY)
        assert not await codes.end(session, "later", BY)
        with pytest.raises(NoSuchCode):
            await codes.end(session, "never", BY)
        found = await codes.listed(session, long_after)
        assert [(each.code, each.used, each.works(long_after)) for each in found] == [
            ("SPRING", 1, True),
            ("LATER", 0, False),
        ]
        assert not replace(found[0], used=5).works(NOW)
    assert str(await bought(database, 1, "LATER")).startswith("There is no code LATER.")
