"""The pages of billing in a real Chromium: on a laptop and a phone, in light and in dark."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from tests.console.conftest import ANA, House, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving
from tests.features.billing.stock import NOBODY, SHOP, meet, pay, refund, stock, subscription_order

from botyard.db.session import Database
from botyard.features.billing import FEATURE
from botyard.features.billing.models import DoubtKind, Kind, Source, SubscriptionState, Way
from botyard.features.billing.service import doubts, granting, reports, subscriptions
from botyard.features.billing.service.granting import Act, ActId, Span
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId
from botyard.money import Money

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

HOME = "/console/billing"
NAMES = ("Anna-Maria Oberhuber", "Bernd", "Chloé Martin", "Zoë", "Eve Longworth-Featherstonehaugh")
BEN, CLEO, ZOE, EVE = 2002, 2003, 2004, 2005


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


async def trade(house: House) -> None:
    """A year of a small business, with all that can happen to money."""
    await house.add_member()
    await house.add_bot(SHOP, "shop", "shop_bot")
    database, now = house.database, house.clock.now()
    await stock(database, now, bot=False)
    for user_id, name in enumerate(NAMES, 2001):
        await meet(database, user_id, now - timedelta(days=400), name)
    async with database.session() as session:
        for number in range(12):
            at = now - timedelta(days=30 * number + 2)
            kind = Kind.CHARGE if number == 11 else Kind.RENEWAL
            await pay(session, BEN, "gold-1m", at, f"in_{number:04d}", kind=kind)
            if number % 3 != 1:
                stars = Money(7350 - 200 * number, "XTR")
                await pay(session, 2001, "gold-3m", at, f"stx{number}", source=Source.STARS, money=stars)
            if number % 4 == 0:
                euros = Money(1_234_500 if number == 4 else 2250, "EUR")
                await pay(session, CLEO, "silver-1m", at, f"eur{number}", money=euros)
        last = await pay(session, ZOE, "silver-1m", now - timedelta(days=1), "ch_3PqRsTuVwXyZ")
        await refund(session, last, now - timedelta(hours=3), 950, external_id="re_1")
        gift = await granting.choose(session, "gold-1m", Span(days=30))
        act = Act(ActId("e1"), "thank you for finding the mistake in the price list, and for waiting", ANA)
        await granting.give(session, NOBODY, UserId(EVE), gift, act, now - timedelta(hours=1))
        order = subscription_order(BEN, now)
        session.add(order)
        await session.flush()
        ends = now + timedelta(days=20)
        await subscriptions.note(
            session, order, reference="sub", state=SubscriptionState.PAST_DUE, period_ends_at=ends, now=now
        )
        for kind, reason in (
            (DoubtKind.PAID_TWICE, "the order was paid before"),
            (DoubtKind.WRONG_AMOUNT, "49.00 GBP was asked for"),
            (DoubtKind.MISSED, "getStarTransactions has it, nobody told of it"),
        ):
            await doubts.note(
                session,
                kind,
                Way.STRIPE,
                reason,
                now - timedelta(minutes=5),
                user_id=UserId(ZOE),
                payment_id=PaymentId(last.id),
                amount=1900,
                currency="GBP",
            )


async def signed_in(chromium: Browser, house: House, url: str, size: tuple[int, int], scheme: Scheme) -> Page:
    page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    await page.goto(await link(house.database, house.clock, url, ANA))
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}/console/", wait_until="load")
    return page


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark"), (PHONE, "light")], ids=str)
async def test_from_the_figures_to_a_members_ledger(
    chromium: Browser, house: House, size: tuple[int, int], scheme: Scheme
) -> None:
    await trade(house)
    pages = FEATURE.pages(house.site()) if FEATURE.pages else ()
    async with serving(house.database, house.clock, house.bots, pages) as url:
        page = await signed_in(chromium, house, url, size, scheme)
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))  # also what the policy stops
        await page.goto(f"{url}{HOME}")
        await look(page, "billing")
        await expect(page.get_by_text("3 payments need a look.")).to_be_visible()
        await page.get_by_role("link", name="Last year").click()
        async with house.database.reading() as session:
            now = house.clock.now()
            year = reports.Period(now.replace(2026, 1, 1, 0), now.replace(2027, 1, 1, 0))
            found = await reports.figures(session, year, now)
        card = page.locator(".figures .card", has_text="Churned")
        await expect(card.get_by_text(str(found.churned), exact=True).first).to_be_visible()
        await look(page, "billing-last-year")

        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Download CSV").click()
        download = await waiting.value
        rows = list(csv.DictReader(io.StringIO(Path(await download.path()).read_text(encoding="utf-8"))))
        pounds = sum(int(row["amount_minor"]) for row in rows if row["currency"] == "GBP")
        assert Money(pounds, "GBP") in found.revenue

        await page.get_by_role("link", name="Needs a look").first.click()
        await look(page, "billing-doubts")
        await expect(page.get_by_role("button", name="Mark as seen")).to_have_count(3)
        await page.get_by_role("button", name="Mark as seen").first.click()
        await expect(page.get_by_text("Marked as seen.")).to_be_visible()
        await expect(page.get_by_role("button", name="Mark as seen")).to_have_count(2)

        await page.get_by_role("link", name="Payments", exact=True).first.click()
        await look(page, "billing-payments")
        await page.get_by_role("searchbox").fill(str(BEN))
        await page.get_by_role("button", name="Search").click()
        await expect(page.get_by_text("Payments of Bernd")).to_be_visible()
        await page.get_by_role("link", name="Bernd").first.click()
        await expect(page.get_by_text("Past due")).to_be_visible()
        await look(page, "billing-member")
        await page.goto(f"{url}{HOME}/members/{EVE}")
        await look(page, "billing-member-gift")
        await page.goto(f"{url}{HOME}/payments?q=nobody")
        await expect(page.get_by_text("No member “nobody”")).to_be_visible()
        await look(page, "billing-payments-none")
        assert problems == []


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "dark"), (PHONE, "light")], ids=str)
async def test_an_empty_book_says_what_will_be_there(
    chromium: Browser, house: House, size: tuple[int, int], scheme: Scheme
) -> None:
    await house.add_member()
    pages = FEATURE.pages(house.site()) if FEATURE.pages else ()
    async with serving(house.database, house.clock, house.bots, pages) as url:
        page = await signed_in(chromium, house, url, size, scheme)
        await page.goto(f"{url}{HOME}?from=x&to=2026-99-99")
        await expect(page.get_by_text("Nobody has paid yet")).to_be_visible()
        await look(page, "billing-empty")
        await page.goto(f"{url}{HOME}/doubts")
        await expect(page.get_by_text("All is well")).to_be_visible()
        await look(page, "billing-doubts-none")
        await page.goto(f"{url}{HOME}/members/{ANA}")
        await expect(page.get_by_text("Nothing now")).to_be_visible()
        response = await page.goto(f"{url}{HOME}/members/99")
        assert response is not None
        assert response.status == 404
