"""What /status says of plans."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from tests.features.billing.catalog.shopping import data_of, now, record, restock
from tests.support.outcomes import GROUP, pressed, told
from tests.support.running import ANA, PAUL, Running

from botyard.features.billing import words
from botyard.features.billing.models import (
    Direction,
    Kind,
    Order,
    OrderState,
    Source,
    SubscriptionState,
    Way,
)
from botyard.features.billing.service import catalog, orders, subscriptions
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.orders import Buyer
from botyard.ids import BotId, UserId
from botyard.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The shop with the real price table."""
    for user_id in (PAUL, ANA):
        house.sandbox.world.users[user_id].language_code = "en"
        await told(house, user_id, "/start")
    await restock(house)
    return house


def bought(name: str, plan: str, pack: str, *, at: datetime, days: int) -> Entry:
    """A charge of Stars for some days of a plan."""
    return Entry(
        kind=Kind.CHARGE,
        source=Source.STARS,
        direction=Direction.IN,
        external_id=name,
        money=Money(500, "XTR"),
        at=at,
        plan=plan,
        pack=pack,
        days=days,
    )


async def subscribed(house: Running, state: SubscriptionState, ends_at: datetime | None) -> None:
    """Ana has a subscription to gold-1m in this state."""
    bot_id = BotId(next(iter(house.service.bots)))
    async with house.database.session() as session:
        offer = await catalog.find_offer(session, "gold-1m", now())
        order = await orders.place(
            session, Buyer(UserId(ANA), bot_id), offer, Way.STRIPE, offer.prices["GBP"], "", now()
        )
        order.state = OrderState.PAID
        await subscriptions.note(
            session, order, reference="sub_1", state=state, period_ends_at=ends_at, now=now()
        )
        assert isinstance(order, Order)


async def test_who_has_nothing_is_shown_the_way(shop: Running) -> None:
    outcome = await told(shop, ANA, "/status")
    assert outcome.texts[0].endswith("You have no plan. /plans shows what there is.")
    assert data_of(outcome) == ["plans:open"]
    assert (await pressed(shop, ANA, "Plans")).texts[0].startswith("<b>Plans</b>")
    await restock(shop, "")
    outcome = await told(shop, ANA, "/status")
    assert "plan" not in outcome.texts[0]
    assert data_of(outcome) == []


async def test_what_one_has_and_what_follows_is_told(shop: Running) -> None:
    start = now() - timedelta(days=1)
    await record(shop, PAUL, bought("one", "gold-1m", "gold", at=start, days=30))
    await record(shop, PAUL, bought("two", "gold-1m", "gold", at=start + timedelta(hours=1), days=30))
    await record(shop, PAUL, bought("three", "gold-3m", "gold", at=start + timedelta(hours=2), days=90))
    await record(shop, PAUL, bought("four", "crypto-1m", "crypto", at=start, days=30))
    await record(shop, PAUL, bought("over", "stocks-1m", "stocks", at=start - timedelta(days=90), days=30))
    outcome = await told(shop, PAUL, "/status")
    (text,) = outcome.texts

    def until(days: int) -> str:
        return words.moment(start + timedelta(days=days), "en")

    assert text.splitlines()[-3:] == [
        f"<b>Crypto signals, 1 month</b> until {until(30)}",
        f"<b>Gold signals, 1 month</b> until {until(60)}",
        f"then <b>Gold signals, 3 months</b> until {until(150)}",
    ]
    assert data_of(outcome) == ["plans:open:crypto-1m", "plans:open:gold-1m", "plans:open"]
    assert "buy:gold-1m:-:GBP" in data_of(await pressed(shop, PAUL, "Extend Gold signals, 1 month"))
    assert "Gold" not in (await told(shop, PAUL, "/status", chat_id=GROUP)).texts[0]


@pytest.mark.parametrize(
    ("state", "days", "said"),
    [
        (SubscriptionState.ACTIVE, 9, "Gold signals, 1 month renews by itself on {day} for £59.00."),
        (SubscriptionState.ACTIVE, None, "Gold signals, 1 month renews by itself for £59.00."),
        (
            SubscriptionState.CANCELLED,
            9,
            "Gold signals, 1 month does not renew: what is paid lasts until {day}.",
        ),
        (SubscriptionState.PAST_DUE, 9, "The last payment of £59.00 for Gold signals, 1 month has failed."),
    ],
)
async def test_renewals_are_told_in_words(
    shop: Running, state: SubscriptionState, days: int | None, said: str
) -> None:
    ends_at = None if days is None else now() + timedelta(days=days)
    await subscribed(shop, state, ends_at)
    day = words.day(ends_at, "en") if ends_at else ""
    assert said.format(day=day) in (await told(shop, ANA, "/status")).texts[0]


@pytest.mark.parametrize("state", [SubscriptionState.CANCELLED, SubscriptionState.ENDED])
async def test_subscriptions_of_the_past_are_not(shop: Running, state: SubscriptionState) -> None:
    await subscribed(shop, state, now() - timedelta(days=1))
    assert "renew" not in (await told(shop, ANA, "/status")).texts[0]
