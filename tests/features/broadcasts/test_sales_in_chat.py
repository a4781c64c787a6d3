"""From a broadcast's link to a payment and its renewal: the figures in chat, with the running service."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.features.broadcasts.conversation import becomes, latest, shows, started
from tests.support.outcomes import told
from tests.support.running import OWNER, PAUL, Running

from botyard.app import facts_of
from botyard.clock import SystemClock
from botyard.features.billing.models import Direction, Kind, Source
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import Entry, key_of
from botyard.features.billing.service.ledger import About
from botyard.features.broadcasts.models import BroadcastState, Sale
from botyard.ids import UserId
from botyard.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")
clock = SystemClock()


def entry(name: str, at: datetime, kind: Kind = Kind.CHARGE, amount: int = 900) -> Entry:
    is_back = kind is Kind.REFUND
    return Entry(
        kind=kind,
        source=Source.STARS,
        direction=Direction.OUT if is_back else Direction.IN,
        external_id=name,
        money=Money(amount, "XTR"),
        at=at,
        plan=None if is_back else "gold-1m",
        pack=None if is_back else "gold",
        days=None if is_back else 30,
        refers_to=key_of(Source.STARS, name) if is_back else None,
    )


async def pays(house: Running, *entries: Entry) -> None:
    async with house.database.session() as session:
        for each in entries:
            await ledger.record(session, facts_of(clock), each, About(user_id=UserId(PAUL)), clock.now())


async def sales(house: Running, count: int) -> None:
    async def are_there() -> bool:
        async with house.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(Sale)) == count

    await house.until(are_there)


async def test_who_comes_by_it_and_pays_is_its_sale(business: Running) -> None:
    number = await started(business)
    await becomes(business, BroadcastState.FINISHED)
    await told(business, PAUL, f"/start b-{number}-1")
    now = clock.now()
    paid = entry("c1", now)
    await pays(business, paid, paid, entry("c2", now + timedelta(days=30), Kind.RENEWAL))
    await sales(business, 2)
    assert (await latest(business)).id == number
    await told(business, OWNER, f"/broadcast {number}")
    await shows(business, "1 came back, 1 sale, 1 renewal: 1800 XTR")
    await pays(business, entry("c1", now + timedelta(days=31), Kind.REFUND, 400))
    await sales(business, 3)
    await told(business, OWNER, f"/broadcast {number}")
    await shows(business, "1 sale, 1 renewal, 1 returned: 1400 XTR")
