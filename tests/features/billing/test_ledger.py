"""The ledger on both databases: each row once, sums that are true, and nothing lost between two at once."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError
from tests.features.billing.histories import Entry, back, charge, day, grant, lived, revoked, shown, won
from tests.features.billing.stock import SHOP, stock

from botyard.db.session import Database
from botyard.features.billing.models import (
    Direction,
    Kind,
    Order,
    Payment,
    SubscriptionState,
    Way,
)
from botyard.features.billing.service import catalog, crediting, ledger, orders, subscriptions
from botyard.features.billing.service.crediting import Charge, Outcome
from botyard.features.billing.service.entitling import stretches
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.orders import Buyer, Paid
from botyard.ids import UserId
from botyard.jobs.facts import EntitlementsChanged, Facts, Listener, PaymentRecorded
from botyard.jobs.models import Job
from botyard.members import entitlements
from botyard.members.models import Role, User
from botyard.money import Money

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
NOBODY = Facts(())
ANA = UserId(7)

# of each kind one: what can happen to a member's money
FIRST = charge("charge", 0, months=1)
HISTORY = [
    FIRST,
    charge("renewal", 20, kind=Kind.RENEWAL, paid_until=day(70)),
    back(FIRST, "part", 22, 300),
    charge("other", 10, "silver", 700, money=Money(700, "XTR")),
    grant("gift", 26, days=3),
]


async def record(database: Database, entry: Entry, user_id: int = ANA, facts: Facts = NOBODY) -> bool:
    """Whether the row was new."""
    async with database.session() as session:
        about = About(user_id=UserId(user_id))
        return await ledger.record(session, facts, entry, about, NOW) is not None


async def life_of(database: Database, user_id: int) -> dict[str, set[int]]:
    """The days that a member has, by pack."""
    async with database.reading() as session:
        found = await entitlements.of_member(session, UserId(user_id))
    life: dict[str, set[int]] = {}
    for each in found:
        first, last = (each.starts_at - day(0)).days, (each.ends_at - day(0)).days
        life.setdefault(each.pack, set()).update(range(first, last))
    return life


def of(user_id: int, entry: Entry) -> Entry:
    """The same of another member: its names are his."""
    refers_to = entry.refers_to and f"{entry.refers_to}-{user_id}"
    changed: dict[str, Any] = {
        name: getattr(entry, name)
        for name in ("kind", "source", "direction", "money", "at", "plan", "pack", "days", "months")
    }
    return Entry(
        **changed,
        external_id=f"{entry.external_id}-{user_id}",
        paid_until=entry.paid_until,
        refers_to=refers_to,
    )


async def test_rows_that_come_in_any_order_give_what_the_sorted_history_gives(database: Database) -> None:
    expected = {pack: set(days) for pack, days in lived(HISTORY).items()}
    orders = list(itertools.permutations(HISTORY))[::5]
    for user_id, order in enumerate(orders, 100):
        for row in (*order, order[0]):  # and the first once more, late
            await record(database, of(user_id, row), user_id)
    for user_id, order in enumerate(orders, 100):
        assert await life_of(database, user_id) == expected, order


async def test_cancelled_and_failed_subscriptions_change_nothing_that_was_paid(database: Database) -> None:
    """Cancelled, past due, active again, ended: that is the subscription's state, never the member's time."""
    await record(database, charge("a", 0))
    before = await life_of(database, ANA)
    order_id = await _order(database)
    for state in (*SubscriptionState, SubscriptionState.ACTIVE):
        async with database.session() as session:
            order = await session.get_one(Order, order_id)
            await subscriptions.note(
                session, order, reference="sub", state=state, period_ends_at=day(30), now=NOW
            )
            await ledger.entitle(session, ANA)
        assert await life_of(database, ANA) == before


async def test_the_same_charge_ten_times_is_one_row(database: Database) -> None:
    assert [await record(database, charge("a", 0)) for _ in range(10)] == [True] + [False] * 9
    assert await _count(database) == 1
    assert await life_of(database, ANA) == {"gold": set(range(30))}


async def test_the_same_charge_ten_times_at_once_is_one_row(database: Database) -> None:
    came = await asyncio.gather(*(record(database, charge("a", 0)) for _ in range(10)))
    assert Counter(came) == {True: 1, False: 9}
    assert await _count(database) == 1
    assert await life_of(database, ANA) == {"gold": set(range(30))}


async def test_one_charge_that_two_members_seem_to_have_paid_is_one_row(database: Database) -> None:
    """The key is the other side's: whoever it is said to be from."""
    assert await record(database, charge("a", 0), 7)
    assert not await record(database, charge("a", 0), 8)
    assert await life_of(database, 8) == {}


async def test_payments_of_one_member_at_once_lose_no_day(database: Database) -> None:
    """Each recomputation sees all rows before it: the last of them sees all."""
    rows = [charge(f"c{number}", number, days=10) for number in range(10)]
    rows += [back(rows[2], "r2", 3), grant("g", 5, days=2), charge("s", 0, "silver")]
    await asyncio.gather(*(record(database, row) for row in rows))
    assert await _count(database) == len(rows)
    assert await life_of(database, ANA) == {pack: set(days) for pack, days in lived(rows).items()}
    assert shown(stretches(rows)) == lived(rows)


async def test_sums_of_the_ledger_are_those_of_the_transactions(database: Database) -> None:
    rows = [
        *(charge(f"c{number}", number, amount=1000 + number) for number in range(5)),
        charge("x", 1, "silver", 9500, money=Money(9500, "XTR")),
        charge("e", 1, money=Money(1700, "EUR")),
    ]
    rows += [back(rows[0], "r", 9), back(rows[1], "p", 9, 1), back(rows[2], "d", 9, kind=Kind.CHARGEBACK)]
    rows += [won(rows[2], "w", 20), revoked("x", 30), grant("g", 31)]
    expected: Counter[str] = Counter()
    for row in rows:
        expected[row.money.currency] += row.direction * row.money.amount
    for row in (*rows, *reversed(rows)):
        await record(database, row)
    async with database.reading() as session:
        signed = func.sum(Payment.amount * Payment.direction)
        found = await session.execute(select(Payment.currency, signed).group_by(Payment.currency))
        assert {currency: int(total) for currency, total in found} == dict(expected)


@pytest.mark.parametrize("statement", [update(Payment).values(amount=1), delete(Payment)], ids=str)
async def test_the_database_refuses_to_change_a_row(database: Database, statement: Any) -> None:
    await record(database, charge("a", 0))
    with pytest.raises(DatabaseError, match="only ever added"):
        async with database.session() as session:
            await session.execute(statement)
    with pytest.raises(DatabaseError, match="only ever added"):
        async with database.begin() as connection:
            await connection.execute(text("UPDATE payments SET reason = 'x'"))
    async with database.reading() as session:
        assert await session.scalar(select(Payment.amount)) == 1000


async def test_each_new_row_is_told_once(database: Database) -> None:
    async def hear(_session: Any, _payload: Any) -> None:
        """The jobs stay queued here."""

    facts = Facts([Listener(EntitlementsChanged, "t", hear), Listener(PaymentRecorded, "t", hear)])
    for _ in range(2):
        await record(database, charge("a", 0), facts=facts)
    await record(database, revoked("x", 1), facts=facts)
    async with database.reading() as session:
        told = [(job.name, job.payload) for job in await session.scalars(select(Job).order_by(Job.id))]
    assert [name for name, _ in told] == ["EntitlementsChanged:t", "PaymentRecorded:t"] * 2
    assert told[1][1]["amount"] == 1000
    assert (told[1][1]["is_money"], told[3][1]["is_money"]) == (True, False)
    assert told[3][1]["incoming"] is False


async def test_who_pays_without_ever_having_written_becomes_a_member(database: Database) -> None:
    await record(database, charge("a", 0), 4711)
    async with database.reading() as session:
        rows = await ledger.rows_of(session, UserId(4711))
        assert [row.direction for row in rows] == [Direction.IN]


async def _count(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Payment)) or 0


async def _order(database: Database) -> int:
    """An order for a subscription."""
    await stock(database, NOW)
    async with database.session() as session:
        order = Order(
            user_id=ANA,
            bot_id=SHOP,
            plan_id=1,
            plan="gold-1m",
            pack="gold",
            title="Gold",
            days=30,
            way=Way.STARS,
            renews=True,
            amount=500,
            currency="XTR",
            discount=0,
            state="paid",
            created_at=NOW,
            expires_at=NOW,
        )
        session.add(order)
        await session.flush()
        return order.id


async def test_of_several_who_pay_one_order_at_once_one_has_bought_it(database: Database) -> None:
    await stock(database, NOW)
    people = [UserId(each) for each in range(901, 907)]
    async with database.session() as session:
        await orders.make_key(session, NOW)
        offer = await catalog.find_offer(session, "gold-1m", NOW)
        nobody = {"first_name": "x", "is_premium": False, "role": Role.PUBLIC}
        session.add(User(id=people[0], created_at=NOW, seen_at=NOW, **nobody))
        await session.flush()
        price = next(iter(offer.prices.values()))
        order = await orders.place(session, Buyer(people[0], SHOP), offer, Way.STARS, price, "", NOW)
        payload = await orders.payload_of(session, order)

    async def pays(user_id: UserId) -> Outcome:
        paid = Paid(payload, user_id, SHOP, price.currency, price.amount)
        charge = Charge(paid=paid, way=Way.STARS, charge_id=f"st{user_id}", at=NOW)
        async with database.session() as session:
            return (await crediting.credit(session, NOBODY, charge, NOW)).outcome

    outcomes = await asyncio.gather(*map(pays, people))
    assert sorted(outcomes) == [Outcome.CREDITED, *[Outcome.PAID_TWICE] * 5]
