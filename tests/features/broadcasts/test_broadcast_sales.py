"""Payments go back to the message that brought them: once, with renewals and returns, per variant."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from tests.features.broadcasts.crowd import HELLO, NOW, gather, started

from botyard.db.session import Database
from botyard.features.broadcasts.message import ButtonKind, Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import Payer, Sale, SaleKind, VisitKind
from botyard.features.broadcasts.service import attribution, drafts, exporting, figures, sales, visits
from botyard.features.broadcasts.service.sales import WINDOW, SalesResult
from botyard.ids import UserId
from botyard.jobs.facts import PaymentRecorded
from botyard.money import Money

ANNA, BEN = UserId(1), UserId(2)
HOUR, MONTH = timedelta(hours=1), timedelta(days=30)
_ids = itertools.count(1)


def fact(user_id: UserId, at: datetime, **other: Any) -> PaymentRecorded:
    """A charge of 15.00 GBP."""
    number = next(_ids)
    usual = {
        "kind": "charge",
        "way": "stripe",
        "incoming": True,
        "is_money": True,
        "amount": 1500,
        "currency": "GBP",
        "plan": "gold-1m",
        "key": f"stripe:pi_{number}",
    }
    return PaymentRecorded(payment_id=number, user_id=user_id, at=at, **(usual | other))


def refund(of: PaymentRecorded, at: datetime, **other: Any) -> PaymentRecorded:
    """The return of a payment, as the ledger tells of it."""
    usual = {"kind": "refund", "incoming": False, "key": of.key, "refers_to": of.key, "plan": None}
    return fact(of.user_id, at, **(usual | {"amount": of.amount, "currency": of.currency} | other))


async def note(database: Database, *facts: PaymentRecorded) -> list[SaleKind | None]:
    async with database.session() as session:
        return [await sales.note(session, each) for each in facts]


async def come(database: Database, number: int, who: UserId, at: datetime = NOW, variant: int = 1) -> None:
    async with database.session() as session:
        assert await attribution.visited(session, number, who, variant, VisitKind.START, at)


async def sold(database: Database, number: int) -> dict[int, SalesResult]:
    async with database.reading() as session:
        results = await figures.results(session, await drafts.get(session, number))
        return {each.number: each.sales for each in results if each.sales}


async def test_a_payment_goes_back_once_to_the_last_message_within_the_window(database: Database) -> None:
    await gather(database, 4)
    first, second = await started(database), await started(database, HELLO, HELLO)
    await come(database, first, ANNA)
    await come(database, second, ANNA, NOW + HOUR, variant=2)
    await come(database, first, BEN)
    paid = fact(ANNA, NOW + 2 * HOUR)
    assert await note(database, paid, paid) == [SaleKind.SALE, None]
    assert await note(database, fact(BEN, NOW + WINDOW, currency="XTR", amount=900)) == [SaleKind.SALE]
    assert await note(database, fact(BEN, NOW + WINDOW + HOUR, plan="silver-1m")) == [None], "too late"
    assert await note(database, fact(UserId(3), NOW)) == [None], "nothing has brought him"
    assert await sold(database, first) == {1: SalesResult(1, 0, 0, (Money(900, "XTR"),))}
    assert await sold(database, second) == {2: SalesResult(1, 0, 0, (Money(1500, "GBP"),))}


async def test_what_came_before_the_start_is_not_its_sale(database: Database) -> None:
    await gather(database, 2)
    number = await started(database)
    await come(database, number, ANNA, NOW + HOUR)
    assert await note(database, fact(ANNA, NOW)) == [None]
    late_clock = fact(ANNA, NOW + HOUR - timedelta(seconds=1))
    assert await note(database, late_clock) == [SaleKind.SALE], "Telegram tells whole seconds only"


async def test_renewals_and_returns_follow_the_sale(database: Database) -> None:
    await gather(database, 2)
    number, later = await started(database), await started(database)
    await come(database, number, ANNA)
    paid = fact(ANNA, NOW + HOUR)
    renewed = fact(ANNA, NOW + MONTH, kind="renewal")
    by_hand = fact(ANNA, NOW + 2 * MONTH)
    other = fact(ANNA, NOW + 2 * MONTH, plan="silver-1m")
    await note(database, paid)
    await come(database, later, ANNA, NOW + MONTH - HOUR)
    assert await note(database, renewed, by_hand, other) == [SaleKind.RENEWAL, SaleKind.RENEWAL, None]
    half = refund(paid, NOW + 2 * MONTH, amount=500)
    assert await note(database, half, half, refund(other, NOW + 3 * MONTH)) == [SaleKind.REFUND, None, None]
    assert await note(database, refund(renewed, NOW + 2 * MONTH, kind="chargeback")) == [SaleKind.REFUND]
    assert await sold(database, number) == {1: SalesResult(1, 2, 2, (Money(2500, "GBP"),))}
    assert await sold(database, later) == {}


async def test_gifts_are_no_sales_and_make_nobody_a_payer(database: Database) -> None:
    await gather(database, 2)
    number = await started(database)
    await come(database, number, ANNA)
    gift = fact(ANNA, NOW, kind="grant", is_money=False, amount=0, way="admin")
    assert await note(database, gift) == [None]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Payer)) == 0
    await note(database, fact(BEN, NOW), fact(BEN, NOW + HOUR))
    async with database.reading() as session:
        assert list(await session.scalars(select(Payer.user_id))) == [BEN]
        assert await session.scalar(select(func.count()).select_from(Sale)) == 0


async def test_a_press_that_is_counted_brings_a_sale_a_strangers_does_not(database: Database) -> None:
    await gather(database, 2)
    button = MessageButton("Yes", ButtonKind.PRESS, "Thanks")
    number = await started(database, Message(MessageKind.TEXT, "Hello", buttons=((button,),)))
    await gather(database, 1, first=3)
    async with database.session() as session:
        broadcast = await drafts.get(session, number)
        for each in (ANNA, UserId(3)):
            await visits.count_press(session, broadcast, 1, 1, each, NOW)
    assert await note(database, fact(ANNA, NOW + HOUR), fact(UserId(3), NOW + HOUR)) == [SaleKind.SALE, None]


async def test_the_book_tells_who_bought(database: Database) -> None:
    await gather(database, 2)
    number = await started(database)
    await come(database, number, BEN)
    await note(database, fact(BEN, NOW + HOUR), fact(BEN, NOW + 2 * HOUR, currency="XTR", amount=900))
    rows = [row async for batch in exporting.rows_of(database, number) for row in batch]
    assert exporting.COLUMNS[-3:] == ("sales", "renewals", "money")
    assert [(row[0], *row[-3:]) for row in rows] == [
        (1, 0, 0, ""),
        (2, 2, 0, "15.00 GBP and 900 XTR"),
    ]
