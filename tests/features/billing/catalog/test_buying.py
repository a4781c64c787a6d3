"""/buy: in the currency that was shown, with a code that fits one way only, and a second subscription."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.features.billing.catalog.shopping import buttons, data_of, now, restock
from tests.support.outcomes import GROUP, Outcome, bot_of, pressed, told
from tests.support.running import ANA, PAUL, Running

from botyard.features.billing.models import Order, OrderState, SubscriptionState, Way
from botyard.features.billing.service import catalog, codes, orders, subscriptions
from botyard.features.billing.service.codes import CodeDraft
from botyard.features.billing.service.editing import Editor
from botyard.features.billing.service.orders import Buyer
from botyard.ids import UserId
from botyard.members.entitlements import EntitlementRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANS = """
[[plan]]
code = "gold-3m"
title = "Gold signals, 3 months"
months = 3
prices = { GBP = 14700, EUR = 17000, XTR = 9500 }
[[plan]]
code = "year"
title = "Silver"
months = 12
prices = { GBP = 14700, XTR = 9500 }
[[plan]]
code = "club"
title = "Club"
stars_subscription = true
prices = { XTR = 500, GBP = 900 }
"""


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The shop with these plans; Paul's client is in English, Ana's in German."""
    for user_id, language in ((PAUL, "en"), (ANA, "de")):
        house.sandbox.world.users[user_id].language_code = language
        await told(house, user_id, "/start")
    await restock(house, PLANS)
    return house


def labels(outcome: Outcome) -> list[str]:
    """What the buttons say."""
    return [each["text"] for each in buttons(outcome)]


async def code(house: Running, name: str, **fields: object) -> None:
    """A code is made."""
    async with house.database.session() as session:
        draft = CodeDraft(**{"code": name, **fields})  # type: ignore[arg-type]
        await codes.make(session, draft, Editor(None, now()))


async def last_order(house: Running, user_id: int) -> Order:
    """A member's newest order."""
    async with house.database.reading() as session:
        mine = select(Order).where(Order.user_id == user_id).order_by(Order.id.desc()).limit(1)
        return (await session.scalars(mine)).one()


async def subscribed(
    house: Running, state: SubscriptionState = SubscriptionState.ACTIVE, days: int = 9
) -> None:
    """Paul has a subscription of the club, whose period ends in so many days."""
    buyer = Buyer(UserId(PAUL), bot_of(house).id)
    async with house.database.session() as session:
        offer = await catalog.find_offer(session, "club", now())
        order = await orders.place(session, buyer, offer, Way.STARS, offer.prices["XTR"], "", now())
        order.state = OrderState.PAID
        ends_at = now() + timedelta(days=days)
        await subscriptions.note(
            session, order, reference="st1", state=state, period_ends_at=ends_at, now=now()
        )


# the currency


async def test_the_currency_that_was_chosen_is_the_one_that_is_charged(shop: Running) -> None:
    await told(shop, PAUL, "/plans")
    await pressed(shop, PAUL, "plans:money:GBP")
    await pressed(shop, PAUL, "€ Euro")
    await pressed(shop, PAUL, "Gold signals, 3 months")
    await pressed(shop, PAUL, "3 months · €170.00")
    asked = await pressed(shop, PAUL, "Buy for €170.00")
    assert labels(asked) == ["Telegram Stars, 9,500 ⭐", "Card, in Telegram, €170.00"]
    await pressed(shop, PAUL, "Card, in Telegram, €170.00")
    order = await last_order(shop, PAUL)
    assert (order.amount, order.currency) == (17000, "EUR")


async def test_who_looks_at_stars_gets_an_invoice_in_stars(shop: Running) -> None:
    await told(shop, PAUL, "/plans")
    await pressed(shop, PAUL, "plans:money:GBP")
    await pressed(shop, PAUL, "⭐ Telegram Stars")
    await pressed(shop, PAUL, "Gold signals, 3 months")
    await pressed(shop, PAUL, "3 months · 9,500 ⭐")
    bought = await pressed(shop, PAUL, "Buy for 9,500 ⭐")
    assert [method for method, _ in bought.calls] == ["sendInvoice", "answerCallbackQuery"]
    assert (await last_order(shop, PAUL)).currency == "XTR"


# codes


async def test_the_ways_that_fit_a_code_are_offered(shop: Running) -> None:
    await code(shop, "TENNER", amount=1000, currency="GBP")
    bought = await told(shop, PAUL, "/buy gold-3m TENNER")
    assert [method for method, _ in bought.calls] == ["sendInvoice"]
    order = await last_order(shop, PAUL)
    assert (order.amount, order.currency, order.way) == (13700, "GBP", Way.TELEGRAM)


async def test_a_code_finds_its_currency_though_it_is_not_the_members_own(shop: Running) -> None:
    await code(shop, "TENNER", amount=1000, currency="GBP")
    await told(shop, ANA, "/buy gold-3m TENNER")
    order = await last_order(shop, ANA)
    assert (order.amount, order.currency) == (13700, "GBP")


async def test_a_code_that_fits_no_way_says_where_it_would_work(shop: Running) -> None:
    await code(shop, "FRANCS", amount=1000, currency="CHF")
    refused = await told(shop, PAUL, "/buy gold-3m FRANCS")
    assert refused.texts == ["<b>This code does not work.</b> The code FRANCS is for prices in CHF."]
    assert buttons(refused) == []


async def test_a_code_for_all_ways_is_in_all_prices(shop: Running) -> None:
    await code(shop, "HALF", percent=50)
    asked = await told(shop, PAUL, "/buy gold-3m HALF")
    assert labels(asked) == ["Telegram Stars, 4,750 ⭐", "Card, in Telegram, £73.50"]
    assert data_of(asked) == ["buy:gold-3m:s:XTR:HALF", "buy:gold-3m:t:GBP:HALF"]


async def test_an_unpaid_invoice_does_not_keep_its_buyer_from_another_way(shop: Running) -> None:
    await code(shop, "ONLY", percent=50, once_per_member=True, uses=1)
    await told(shop, PAUL, "/buy gold-3m ONLY")
    await pressed(shop, PAUL, "Telegram Stars, 4,750 ⭐")
    first = await last_order(shop, PAUL)
    await pressed(shop, PAUL, "Card, in Telegram, £73.50")
    second = await last_order(shop, PAUL)
    assert (second.currency, second.amount, second.state) == ("GBP", 7350, OrderState.OPEN)
    async with shop.database.reading() as session:
        assert (await session.get_one(Order, first.id)).state is OrderState.CANCELLED
    assert "used up" in (await told(shop, ANA, "/buy gold-3m ONLY")).texts[0]


# words


@pytest.mark.parametrize(
    ("plan", "user_id", "said"),
    [
        ("gold-3m", PAUL, "<b>Gold signals, 3 months</b>\n\nHow"),
        ("gold-3m", ANA, "<b>Gold signals, 3 months</b>\n\nHow"),
        ("year", PAUL, "<b>Silver</b>, 1 year\n\nHow"),
    ],
)
async def test_the_length_is_told_once(shop: Running, plan: str, user_id: int, said: str) -> None:
    assert (await told(shop, user_id, f"/buy {plan}")).texts[0].startswith(said)


async def test_in_a_group_it_leads_to_the_private_chat(shop: Running) -> None:
    outcome = await told(shop, PAUL, "/buy gold-3m", chat_id=GROUP)
    assert outcome.texts[0].startswith("Write to me in our private chat to buy")
    (link,) = buttons(outcome)
    assert link["url"].endswith("?start=plan-gold-3m")
    (link,) = buttons(await told(shop, PAUL, "/buy", chat_id=GROUP))
    assert link["url"].endswith("?start=plan")


# a second subscription


async def test_a_second_subscription_of_a_plan_is_asked_about_first(shop: Running) -> None:
    await subscribed(shop)
    before = await last_order(shop, PAUL)
    await code(shop, "HALF", percent=50)
    await told(shop, PAUL, "/buy club HALF")
    asked = await pressed(shop, PAUL, "Telegram Stars, 250 ⭐")
    assert asked.texts[0].startswith(
        "You have a subscription of <b>Club</b> already. It renews by itself on "
    )
    assert (await last_order(shop, PAUL)).id == before.id
    assert data_of(asked) == ["buy:club:s+:XTR:HALF"]
    sold = await pressed(shop, PAUL, "Buy a second one")
    assert next(method for method, _ in sold.calls) == "createInvoiceLink"
    order = await last_order(shop, PAUL)
    assert (order.id > before.id, order.amount, order.renews) == (True, 250, True)


async def test_what_does_not_renew_is_sold_at_once(shop: Running) -> None:
    await subscribed(shop)
    await told(shop, PAUL, "/buy club")
    bought = await pressed(shop, PAUL, "Card, in Telegram, £9.00")
    assert [method for method, _ in bought.calls] == ["sendInvoice", "answerCallbackQuery"]
    await told(shop, PAUL, "/buy gold-3m")
    assert "sendInvoice" in [method for method, _ in (await pressed(shop, PAUL, "buy:gold-3m:s:XTR")).calls]


@pytest.mark.parametrize(
    ("state", "days"),
    [
        (SubscriptionState.CANCELLED, 9),
        (SubscriptionState.ENDED, 9),
        (SubscriptionState.ACTIVE, -2),  # nobody has told of its end
    ],
)
async def test_who_has_no_subscription_that_goes_on_may_buy_a_new_one(
    shop: Running, state: SubscriptionState, days: int
) -> None:
    await subscribed(shop, state, days)
    await told(shop, PAUL, "/buy club")
    sold = await pressed(shop, PAUL, "buy:club:s:XTR")
    assert "createInvoiceLink" in [method for method, _ in sold.calls]


async def test_extend_tells_of_the_subscription(shop: Running) -> None:
    await subscribed(shop)
    async with shop.database.session() as session:
        session.add(
            EntitlementRow(
                user_id=PAUL,
                pack="club",
                plan="club",
                payment_id=1,
                features=[],
                starts_at=now() - timedelta(days=1),
                ends_at=now() + timedelta(days=9),
            )
        )
    await told(shop, PAUL, "/status")
    card = await pressed(shop, PAUL, "Extend Club")
    assert "You have a subscription of this plan. It renews by itself on " in card.texts[0]
