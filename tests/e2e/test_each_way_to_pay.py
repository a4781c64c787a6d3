"""For each way to pay: from /buy into the paid channel, out when the time is over, and in again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.features.access.club import Club, a_club
from tests.support.fake_stripe import KEY, SECRET, FakeStripe, fake_stripe
from tests.support.outcomes import pressed
from tests.support.running import OWNER, PAUL

from botyard.features.billing.models import Plan, PlanPrice
from botyard.features.billing.stripe.webhook import PATH


class Shop:
    """A paid channel, and whatever takes the money."""

    def __init__(self, club: Club, stripe: FakeStripe) -> None:
        self.club = club
        self.stripe = stripe

    async def prices(self, amounts: dict[str, int], **plan: Any) -> None:
        """The plan's prices, and what else it is."""
        async with self.club.database.session() as session:
            await session.execute(update(Plan).values(**plan) if plan else update(Plan).values(days=30))
            session.add_all(
                PlanPrice(plan_id=1, currency=currency, amount=amount)
                for currency, amount in amounts.items()
                if currency != "XTR"
            )
            if "XTR" not in amounts:
                await session.execute(PlanPrice.__table__.delete().where(PlanPrice.currency == "XTR"))

    async def shown(self, wanted: Callable[[dict[str, Any]], Any]) -> Any:
        """What is wanted of the latest message to Paul that has it, once there is one."""
        found: list[Any] = []

        async def is_there() -> bool:
            messages = reversed(await self.club.house.messages(PAUL))
            found[:] = [each for each in map(wanted, messages) if each]
            return bool(found)

        await self.club.house.until(is_there)
        return found[0]

    async def pays_in_telegram(self, how: dict[str, Any]) -> None:
        """Paul pays an invoice, or one behind a link."""
        paid = await self.club.house.control("POST", "payments", bot="shop", user_id=PAUL, **how)
        assert paid["ok"], paid


def _number(message: dict[str, Any]) -> int | None:
    return int(message["message_id"]) if message.get("invoice") else None


def _link(word: str) -> Callable[[dict[str, Any]], str | None]:
    def find(message: dict[str, Any]) -> str | None:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        urls = [key.get("url", "") for row in rows for key in row]
        return next((url for url in urls if word in url), None)

    return find


async def by_stars(shop: Shop) -> None:
    """An invoice in Stars."""
    before = len(await shop.club.house.calls("sendInvoice"))
    await shop.club.house.say(PAUL, "/buy gold-30d")

    async def is_there() -> bool:
        return len(await shop.club.house.calls("sendInvoice")) > before

    await shop.club.house.until(is_there)
    await shop.pays_in_telegram({"message_id": await shop.shown(_number)})


async def by_subscription(shop: Shop) -> None:
    """A subscription in Stars, of which only the first period is paid."""
    before = len(await shop.club.house.calls("createInvoiceLink"))
    await shop.club.house.say(PAUL, "/buy gold-30d")

    async def is_there() -> bool:
        return len(await shop.club.house.calls("createInvoiceLink")) > before

    await shop.club.house.until(is_there)
    await shop.club.answered()
    await shop.pays_in_telegram({"invoice_link": await shop.shown(_link("t.me/$"))})


async def by_stripe(shop: Shop) -> None:
    """A Checkout Session at Stripe."""
    before = len(shop.stripe.all("cs"))
    await shop.club.house.say(PAUL, "/buy gold-30d")

    async def is_there() -> bool:
        return len(shop.stripe.all("cs")) > before

    await shop.club.house.until(is_there)
    await shop.club.answered()
    await shop.stripe.pay(shop.stripe.all("cs")[-1]["id"])


async def by_gift(shop: Shop) -> None:
    """An admin gives the time, and says why."""
    await shop.club.house.say(OWNER, "/grant @paul_green gold-30d 30d he helped us a lot")
    await shop.club.answered()
    await pressed(shop.club.house, OWNER, "Give it")


WAYS = {
    "stars": (by_stars, {"XTR": 3500}, {}),
    "stars subscription": (by_subscription, {"XTR": 3500}, {"stars_subscription": True}),
    "provider": (by_stars, {"GBP": 1500}, {}),
    "stripe": (by_stripe, {"GBP": 1500}, {}),
    "gift": (by_gift, {"XTR": 3500}, {}),
}


@asynccontextmanager
async def a_shop(database_url: str, folder: Path, way: str) -> AsyncIterator[Shop]:
    """Only what this way needs is set up."""
    async with fake_stripe() as (stripe, address):
        settings: dict[str, Any] = {}
        if way == "provider":
            settings["telegram_payment_provider_token"] = "1:TEST:x"
        if way == "stripe":
            settings = {
                "stripe_secret_key": KEY,
                "stripe_webhook_secret": SECRET,
                "stripe_api_base": address,
            }
        async with a_club(database_url, folder, **settings) as club:
            stripe.now = lambda: club.now().timestamp()
            stripe.webhook_url = f"{club.house.url}{PATH}"
            yield Shop(club, stripe)


@pytest.mark.parametrize("way", WAYS)
async def test_in_by_paying_out_at_the_end_and_in_again(way: str, sqlite_url: str, tmp_path: Path) -> None:
    buy: Callable[[Shop], Awaitable[None]]
    buy, amounts, plan = WAYS[way]
    async with a_shop(sqlite_url, tmp_path, way) as shop:
        club = shop.club
        await club.opens()
        await shop.prices(amounts, **plan)
        await buy(shop)
        await club.answered()
        await club.comes(PAUL)
        assert "SUBSCRIBER" in await club.house.ask(PAUL, "/status")

        await club.passes(days=29)
        assert await club.status(PAUL) == "member"
        await club.passes(days=3)
        assert await club.status(PAUL) == "left"
        assert len(await club.removals(PAUL)) == 1
        assert "PUBLIC" in await club.house.ask(PAUL, "/status")

        await buy(shop)
        await club.answered()
        await club.comes(PAUL)
        await club.passes(days=2)
        assert await club.status(PAUL) == "member"
        assert len(await club.removals()) == 1
