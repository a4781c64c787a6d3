"""The pages of billing on both databases, and what nobody may do there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.console.conftest import ANA, House, house
from tests.features.billing.stock import NOBODY, SHOP, meet, pay, refund, stock, subscription_order

from botyard.features.billing import FEATURE, book_pages
from botyard.features.billing.models import (
    Direction,
    Doubt,
    DoubtKind,
    Kind,
    OrderId,
    Payment,
    Source,
    Way,
)
from botyard.features.billing.service import doubts, ledger, owing
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId
from botyard.members.models import AuditEntry, Role
from botyard.money import Money

__all__ = ["house"]

HOME = "/console/billing"
BEN, CLEO = UserId(2001), UserId(2002)


@pytest.fixture
async def desk(house: House) -> Any:
    """The browser of an admin; Ben has bought, Cleo has bought for Stars and got it back."""
    now = house.clock.now()
    await house.add_member()
    await house.add_bot(SHOP, "shop", "shop_bot")
    await stock(house.database, now, bot=False)
    await meet(house.database, BEN, now, "Ben <b>")
    await meet(house.database, CLEO, now, "Cleo")
    async with house.database.session() as session:
        await pay(session, BEN, "gold-1m", now - timedelta(hours=9), "b1")
        stars = Money(950, "XTR")
        paid = await pay(
            session, CLEO, "silver-1m", now - timedelta(hours=5), "c1", source=Source.STARS, money=stars
        )
        await refund(session, paid, now - timedelta(hours=1))
    browser = house.browser(pages=FEATURE.pages(house.site()) if FEATURE.pages else ())
    await house.sign_in(browser)
    return browser


def words_of(page: Any) -> str:
    assert page.status_code == 200, page.text
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page.text))


async def test_the_figures_of_this_month(desk: Any) -> None:
    shown = words_of(await desk.get(HOME))
    assert "Revenue £49.00 0 ⭐ net of refunds" in shown
    assert "Active members 1 1 paid for it" in shown
    assert "Gold, 1 month Stripe 1 £49.00 \N{EN DASH} £49.00" in shown
    assert "Ben &lt;b&gt;" in shown
    assert "needs a look" not in shown


async def test_a_period_without_anything(desk: Any) -> None:
    shown = words_of(await desk.get(f"{HOME}?from=2020-01-01&to=2020-01-31"))
    assert "Revenue \N{EN DASH} net of refunds" in shown
    assert "What it was for" not in shown


@pytest.mark.parametrize(
    "query",
    [
        "from=x&to=y",
        "from=2027-03-05&to=2027-03-01",
        "from=0001-01-01&to=9999-12-31",
        "from=2027-02-30",
        "to=%00",
    ],
)
async def test_a_period_that_makes_no_sense_is_this_month(desk: Any, query: str) -> None:
    assert "Revenue £49.00" in words_of(await desk.get(f"{HOME}?{query}"))


async def test_the_ledger_in_pages_and_by_member(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_pages, "ON_PAGE", 2)
    first = await desk.get(f"{HOME}/payments")
    assert "Refund silver-1m Telegram Stars -950 ⭐" in words_of(first)
    assert "Ben" not in words_of(first)
    assert f'href="{HOME}/payments?page=1"' in first.text
    assert "Ben" in words_of(await desk.get(f"{HOME}/payments?page=1"))
    of_cleo = words_of(await desk.get(f"{HOME}/payments?q={CLEO}"))
    assert "Payments of Cleo" in of_cleo
    assert "Ben" not in of_cleo
    assert "No member “&lt;i&gt;”" in words_of(await desk.get(f"{HOME}/payments?q=<i>"))
    assert "No payments here" in words_of(await desk.get(f"{HOME}/payments?page=999"))


async def test_each_payment_has_its_number_and_how_to_give_it_back(desk: Any, house: House) -> None:
    async with house.database.reading() as session:
        numbers = {
            row.external_id: row.id for row in await session.scalars(select(Payment)) if row.direction > 0
        }
    paid, gone = numbers["b1"], numbers["c1"]
    for path in ("/payments", f"/members/{BEN}", ""):
        shown = words_of(await desk.get(f"{HOME}{path}"))
        assert f"{paid} Payment gold-1m Stripe £49.00 /refund {paid} reason" in shown
        assert "send your bot the command beneath its amount" in shown
        assert f"/refund {gone} " not in shown, "it was given back"
    of_cleo = words_of(await desk.get(f"{HOME}/members/{CLEO}"))
    assert f"{gone} Payment silver-1m Telegram Stars 950 ⭐" in of_cleo
    assert "/refund" not in of_cleo


async def test_time_that_a_member_added_is_no_admins_work(desk: Any, house: House) -> None:
    """Money that paid nothing when it came, and was used later."""
    now = house.clock.now()
    async with house.database.session() as session:
        order = subscription_order(BEN, now)
        session.add(order)
        await session.flush()
        twice = Entry(
            kind=Kind.CHARGE,
            source=Source.STARS,
            direction=Direction.IN,
            external_id="twice",
            money=Money(2450, "XTR"),
            at=now,
        )
        about = About(user_id=BEN, bot_id=SHOP, order_id=OrderId(order.id))
        charge = await ledger.record(session, NOBODY, twice, about, now)
        assert charge is not None
        number = PaymentId(charge.id)
        await doubts.note(
            session, DoubtKind.PAID_TWICE, Way.STARS, "again", now, user_id=BEN, payment_id=number
        )
    needs_a_look = words_of(await desk.get(f"{HOME}/doubts"))
    assert f"Payment no. {charge.id} To give it back /refund {charge.id} reason" in needs_a_look
    before = words_of(await desk.get(f"{HOME}/members/{BEN}"))
    assert f"{charge.id} Payment without a plan \N{EN DASH} Telegram Stars 2,450 ⭐" in before
    async with house.database.session() as session:
        await owing.use(session, NOBODY, charge.id, BEN, now)
    after = words_of(await desk.get(f"{HOME}/members/{BEN}"))
    assert f"{charge.id} Payment gold-1m Telegram Stars 2,450 ⭐" in after
    assert "Time added gold-1m The member \N{EN DASH}" in after
    assert "An admin" not in after


async def test_the_accountants_file(desk: Any) -> None:
    answer = await desk.get(f"{HOME}/ledger.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "payments-2027-03-01-2027-03-01.csv" in answer.headers["content-disposition"]
    assert [line.split(",")[2] for line in answer.text.splitlines()] == ["kind", "charge", "charge", "refund"]
    assert len((await desk.get(f"{HOME}/ledger.csv?from=2020-01-01&to=2020-01-02")).text.splitlines()) == 1


async def test_what_needs_a_look_is_said_and_settled_once(desk: Any, house: House) -> None:
    async with house.database.session() as session:
        for kind, amount, currency in (
            (DoubtKind.PAID_TWICE, 4900, "GBP"),
            (DoubtKind.WRONG_AMOUNT, -(2**70), "???"),
            (DoubtKind.REFUSED, 1, "GBP"),
        ):
            await doubts.note(
                session, kind, Way.STRIPE, "so <i>", house.clock.now(), user_id=UserId(404), amount=amount,
                currency=currency,
            )  # fmt: skip
    assert "2 payments need a look" in words_of(await desk.get(HOME))
    shown = words_of(await desk.get(f"{HOME}/doubts"))
    assert "Paid twice £49.00" in shown
    assert "Wrong amount -9223372036854775807 ???" in shown
    assert "so &lt;i&gt;" in shown
    assert shown.count("Mark as seen") == 2, "what was refused before money moved needs nobody"
    for says in ("Marked as seen.", "This was settled before."):
        posted = await desk.post(f"{HOME}/doubts/1/seen")
        assert posted.status_code == 303
        assert says in words_of(await desk.get(posted.headers["location"]))
    assert "1 payment needs a look" in words_of(await desk.get(HOME))
    async with house.database.reading() as session:
        doubt = await session.get_one(Doubt, 1)
        entries = await session.scalars(select(AuditEntry).where(AuditEntry.action == "billing.seen"))
        assert doubt.settled_by == ANA
        assert [entry.subject for entry in entries] == ["doubt:1"]


async def test_a_member_with_his_time_and_its_reasons(desk: Any) -> None:
    shown = words_of(await desk.get(f"{HOME}/members/{BEN}"))
    assert "Paid so far £49.00" in shown
    assert "Payment of 1 Mar 2027 Runs" in shown
    nothing = words_of(await desk.get(f"{HOME}/members/{CLEO}"))
    assert "Nothing now" in nothing
    assert "Paid so far 0 ⭐" in nothing
    for number in (5, 2**80):
        assert (await desk.get(f"{HOME}/members/{number}")).status_code == 404


async def test_nobody_below_an_admin_sees_money(house: House) -> None:
    await house.add_member(BEN, Role.PUBLIC, "Ben")
    browser = house.browser(pages=FEATURE.pages(house.site()) if FEATURE.pages else ())
    for path in ("", "/payments", "/ledger.csv", "/doubts", f"/members/{BEN}"):
        answer = await browser.get(f"{HOME}{path}", follow_redirects=False)
        assert answer.status_code in (302, 303, 401, 403), path
