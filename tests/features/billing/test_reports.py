"""Figures of a period and the accountant's file: what they say is what was earned."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.features.billing.stock import NOBODY, SHOP, meet, pay, refund, stock, subscription_order

from botyard.db.session import Database
from botyard.features.billing.ledger_csv import ledger_csv
from botyard.features.billing.models import Direction, Kind, OrderId, Payment, Source
from botyard.features.billing.service import book, granting, ledger, owing, reports
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.granting import Act, ActId, Span
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.reports import BadPeriod, Line, Period
from botyard.ids import UserId
from botyard.money import Money

DAY = timedelta(days=1)


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2027, month, day, hour, tzinfo=UTC)


MARCH = Period(at(3, 1, 0), at(4, 1, 0))
ANA, BEN, CLEO, DAN, EVE = range(1, 6)


@pytest.fixture
async def year(database: Database) -> Database:
    """A business whose figures can be counted on the fingers.

    Ana bought a month in February and renewed it in March; Ben bought a month in February and left; Cleo
    bought three months for Stars in March; Dan bought Silver in March and got half his money back; Eve was
    given a month in March.
    """
    await stock(database, at(1, 1))
    for user_id, name in enumerate(("Ana", "Ben", "Cleo", "Dan", "Eve"), 1):
        await meet(database, user_id, at(1, 1), name)
    async with database.session() as session:
        await pay(session, ANA, "gold-1m", at(2, 10), "a1")
        await pay(session, BEN, "gold-1m", at(2, 20), "b1")
        await pay(session, ANA, "gold-1m", at(3, 8), "a2", kind=Kind.RENEWAL)
        stars = Money(7350, "XTR")
        await pay(session, CLEO, "gold-3m", at(3, 5), "c1", source=Source.STARS, money=stars)
        silver = await pay(session, DAN, "silver-1m", at(3, 25), "d1")
        await refund(session, silver, at(3, 28), 950, external_id="d1-back")
        gift = await granting.choose(session, "gold-1m", Span(days=30))
        act = Act(ActId("e1"), "=HYPERLINK(a)")
        await granting.give(session, NOBODY, UserId(EVE), gift, act, at(3, 15))
    return database


async def test_the_figures_of_a_month(year: Database) -> None:
    async with year.reading() as session:
        found = await reports.figures(session, MARCH, at(6, 1))
    # on 1 April: Ana to 10 April, Cleo to 5 June, Dan half of 31 days from 25 March, Eve to 14 April
    assert (found.active, found.paying) == (4, 3)
    assert found.new == 3, "Cleo, Dan and Eve"
    assert found.churned == 1, "Ben"
    assert (found.ended, found.renewed, found.renewal_rate) == (2, 1, 50)
    assert found.mrr == (Money(4900 + 1900, "GBP"), Money(2450, "XTR"))
    assert found.lines == (
        Line("gold-1m", Source.STRIPE, "GBP", 1, 4900, 0),
        Line("silver-1m", Source.STRIPE, "GBP", 1, 1900, 950),
        Line("gold-3m", Source.STARS, "XTR", 1, 7350, 0),
    )
    assert found.revenue == (Money(4900 + 950, "GBP"), Money(7350, "XTR"))


async def test_the_figures_of_a_period_that_is_not_over_are_those_of_now(year: Database) -> None:
    async with year.reading() as session:
        found = await reports.figures(session, MARCH, at(3, 12))
    assert found.at == at(3, 12)
    assert found.active == 3, "Ana, Ben and Cleo"
    assert found.churned == 0
    assert found.new == 1


async def test_recurring_revenue_is_the_price_per_30_days(year: Database) -> None:
    async with year.session() as session:
        await pay(session, BEN, "silver-1m", at(7, 1), "b2", days=10, money=Money(2000, "EUR"))
        await pay(session, BEN, "silver-1m", at(7, 2), "b3", days=10, money=Money(9999, "EUR"))
    async with year.reading() as session:
        assert await reports.recurring(session, at(7, 5)) == (Money(6000, "EUR"),), "what waits counts later"
        assert await reports.recurring(session, at(1, 1)) == ()


async def test_a_refund_counts_in_the_month_in_which_it_was_made(year: Database) -> None:
    async with year.session() as session:
        payment = await session.scalar(select(Payment).where(Payment.external_id == "a2"))
        assert payment is not None
        await refund(session, payment, at(4, 2))
    async with year.reading() as session:
        april = await reports.revenue(session, Period(at(4, 1, 0), at(5, 1, 0)))
        months = await reports.by_month(session, at(4, 20), months=4)
    assert april == (Line("gold-1m", Source.STRIPE, "GBP", 0, 0, 4900),)
    assert [(start.month, [str(each) for each in money]) for start, money in months] == [
        (1, []),
        (2, ["98.00 GBP"]),
        (3, ["58.50 GBP", "7350 XTR"]),
        (4, ["-49.00 GBP"]),
    ]


async def test_a_won_chargeback_is_no_new_payment(year: Database) -> None:
    async with year.session() as session:
        payment = await session.scalar(select(Payment).where(Payment.external_id == "a2"))
        assert payment is not None
        await refund(session, payment, at(4, 2), external_id="dispute", kind=Kind.CHARGEBACK)
        won = Entry(
            kind=Kind.CHARGEBACK,
            source=Source.STRIPE,
            direction=Direction.IN,
            external_id="dispute-won",
            money=Money(4900, "GBP"),
            at=at(4, 9),
            refers_to="stripe:a2",
        )
        await ledger.record(session, NOBODY, won, About(user_id=UserId(ANA)), at(4, 9))
    async with year.reading() as session:
        april = await reports.revenue(session, Period(at(4, 1, 0), at(5, 1, 0)))
    assert april == (Line("gold-1m", Source.STRIPE, "GBP", 0, 0, 0),)


async def test_money_that_was_used_later_counts_for_the_plan_that_it_was_used_for(year: Database) -> None:
    """Also its refund; and so it stands in the accountant's file."""
    async with year.session() as session:
        order = subscription_order(BEN, at(5, 2))
        session.add(order)
        await session.flush()
        twice = Entry(
            kind=Kind.CHARGE,
            source=Source.STARS,
            direction=Direction.IN,
            external_id="twice",
            money=Money(2450, "XTR"),
            at=at(5, 3),
        )
        about = About(user_id=UserId(BEN), bot_id=SHOP, order_id=OrderId(order.id))
        charge = await ledger.record(session, NOBODY, twice, about, at(5, 3))
        assert charge is not None
    may = Period(at(5, 1, 0), at(6, 1, 0))
    async with year.session() as session:
        (before,) = await reports.revenue(session, may)
        assert before.plan is None
        await owing.use(session, NOBODY, charge.id, UserId(BEN), at(6, 9))
    async with year.session() as session:
        assert await reports.revenue(session, may) == (Line("gold-1m", Source.STARS, "XTR", 1, 2450, 0),)
        await refund(session, charge, at(6, 20))
    async with year.reading() as session:
        june = await reports.revenue(session, Period(at(6, 1, 0), at(7, 1, 0)))
    assert june == (Line("gold-1m", Source.STARS, "XTR", 0, 0, 2450),)
    rows = await csv_of(year, Period(at(5, 1, 0), at(7, 1, 0)))
    assert [(row["kind"], row["plan"]) for row in rows] == [
        ("charge", "gold-1m"),
        ("adjustment", "gold-1m"),
        ("refund", "gold-1m"),
    ]


async def test_money_for_nothing_that_was_sold_is_revenue_too(year: Database) -> None:
    async with year.session() as session:
        lone = Entry(
            kind=Kind.CHARGE,
            source=Source.TELEGRAM,
            direction=Direction.IN,
            external_id="lone",
            money=Money(500, "GBP"),
            at=at(5, 3),
        )
        await ledger.record(session, NOBODY, lone, About(user_id=UserId(BEN), bot_id=SHOP), at(5, 3))
    async with year.reading() as session:
        may = await reports.revenue(session, Period(at(5, 1, 0), at(6, 1, 0)))
    assert may == (Line(None, Source.TELEGRAM, "GBP", 1, 500, 0),)


def test_a_period_has_a_length() -> None:
    with pytest.raises(BadPeriod):
        Period(at(3, 2), at(3, 2))


async def csv_of(database: Database, period: Period) -> list[dict[str, str]]:
    text = "".join([piece async for piece in ledger_csv(database, period)])
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_accountants_file_has_every_row_and_adds_up(year: Database) -> None:
    rows = await csv_of(year, Period(at(1, 1), at(12, 31)))
    assert [(row["date"][:10], row["kind"], row["member_id"]) for row in rows] == [
        ("2027-02-10", "charge", "1"),
        ("2027-02-20", "charge", "2"),
        ("2027-03-05", "charge", "3"),
        ("2027-03-08", "renewal", "1"),
        ("2027-03-15", "grant", "5"),
        ("2027-03-25", "charge", "4"),
        ("2027-03-28", "refund", "4"),
    ]
    async with year.reading() as session:
        numbers = await session.scalars(select(Payment.id).order_by(Payment.at))
        assert [int(row["number"]) for row in rows] == list(numbers)
    refunded = rows[-1]
    assert (refunded["amount"], refunded["amount_minor"], refunded["currency"]) == ("-9.50", "-950", "GBP")
    assert refunded["plan"] == "silver-1m", "that of its payment"
    assert rows[2]["amount"] == "7350"
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["currency"]] += int(row["amount_minor"])
    assert totals == Counter({"GBP": 3 * 4900 + 950, "XTR": 7350})


async def test_no_cell_is_a_formula(year: Database) -> None:
    (row,) = [row for row in await csv_of(year, MARCH) if row["kind"] == "grant"]
    assert row["reason"] == "'=HYPERLINK(a)"


async def test_a_long_ledger_is_read_in_pieces(year: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where several rows have one moment."""
    async with year.session() as session:
        for number in range(7):
            await pay(session, BEN, "silver-1m", at(8, 1), f"m{number}")
    whole = await csv_of(year, Period(at(1, 1), at(12, 31)))
    monkeypatch.setattr(book, "AT_ONCE", 3)
    monkeypatch.setattr(reports, "AT_ONCE", 1)
    assert await csv_of(year, Period(at(1, 1), at(12, 31))) == whole
    assert len(whole) == 14
    pieces = [piece async for piece in ledger_csv(year, Period(at(1, 1), at(12, 31)))]
    assert len(pieces) == 1 + 5
