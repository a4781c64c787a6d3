"""/stats and /payments, and `botyard report` and `botyard payments export`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Command, botyard
from tests.features.billing.stock import NOBODY, meet, pay, refund, stock, subscription_order
from tests.support.outcomes import GROUP, bot_of, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.billing.models import Direction, DoubtKind, Kind, OrderId, Source, Way
from botyard.features.billing.service import doubts, granting, ledger, owing
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import UserId
from botyard.money import Money

__all__ = ["botyard"]


def plain(html: str) -> str:
    return re.sub("<[^>]*>", "", html)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_members_own_figures(shop: Running) -> None:
    now, bot = SystemClock().now(), bot_of(shop).id
    refused = await told(shop, ANA, "/stats")
    assert refused.how != "command:stats:ok", "it is for who has paid time"
    async with shop.database.session() as session:
        await pay(session, ANA, "gold-1m", now - timedelta(days=40), "a1", bot_id=bot)
        await pay(session, ANA, "gold-1m", now - timedelta(days=5), "a2", bot_id=bot)
        stars = Money(950, "XTR")
        silver = await pay(session, ANA, "silver-1m", now, "a3", bot_id=bot, source=Source.STARS, money=stars)
        await refund(session, silver, now)
    shown = plain((await told(shop, ANA, "/stats")).texts[0])
    assert "• Gold, 1 month until" in shown
    assert "Silver" not in shown
    assert re.search(r"Paid so far: .*98,00", shown)
    assert "3 payments, the first on" in shown
    assert "With us since" in shown
    in_group = await told(shop, ANA, "/stats", chat_id=GROUP)
    assert "private chat" in in_group.texts[0]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_latest_payments_and_what_is_odd(shop: Running) -> None:
    now, bot = SystemClock().now(), bot_of(shop).id
    async with shop.database.session() as session:
        for number in range(12):
            at = now + timedelta(seconds=number)
            paid = await pay(session, PAUL, "gold-1m", at, f"p{number}", bot_id=bot)
        await refund(session, paid, now + timedelta(seconds=20), 1000)
        await doubts.note(
            session,
            DoubtKind.PAID_TWICE,
            Way.STARS,
            "the order was paid before <now>",
            now,
            user_id=UserId(PAUL),
        )
    shown = (await told(shop, OWNER, "/payments")).texts[0]
    assert "1 payment needs a look:" in plain(shown)
    assert "paid twice: the order was paid before &lt;now&gt;" in shown
    assert plain(shown).count("• ") == 10
    assert "Paul" in shown
    assert "paid gold-1m" in shown
    assert "refund gold-1m" in shown
    numbers = re.findall(r"^• no\. ([0-9]+) · ", plain(shown), re.MULTILINE)
    assert numbers[1] == str(paid.id), "the refund is the latest, and before it what was paid"
    newest = max(int(each) for each in numbers[2:])
    assert f"<code>/refund {newest} reason</code>" in shown, "of the others nothing has gone back"
    assert (await told(shop, PAUL, "/payments")).how != "command:payments:ok"
    in_group = await told(shop, OWNER, "/payments", chat_id=GROUP)
    assert "private chat" in in_group.texts[0]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_member_did_is_no_admins_work(shop: Running) -> None:
    now, bot = SystemClock().now() + timedelta(minutes=1), bot_of(shop).id
    async with shop.database.session() as session:
        order = subscription_order(PAUL, now)
        order.bot_id = bot
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
        about = About(user_id=UserId(PAUL), bot_id=bot, order_id=OrderId(order.id))
        charge = await ledger.record(session, NOBODY, twice, about, now)
        assert charge is not None
        await owing.use(session, NOBODY, charge.id, UserId(PAUL), now + timedelta(seconds=1))
        end = granting.Held("gold", "gold-1m", "Gold", now)
        act = granting.Act(granting.ActId("end"), "sold the login", UserId(OWNER))
        await granting.revoke(session, NOBODY, UserId(PAUL), end, act, now + timedelta(seconds=2))
    ended, added, paid = plain((await told(shop, OWNER, "/payments")).texts[0]).split("• ")[1:4]
    assert "Paul Green · an admin ended gold-1m" in ended
    assert "Paul Green · added the time of gold-1m" in added
    assert "Paul Green · paid gold-1m" in paid


def test_the_report_and_the_accountants_file(botyard: Command, database_url: str, tmp_path: Path) -> None:
    address = {"BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", "")}

    async def trade() -> None:
        database, at = Database(database_url), datetime(2027, 3, 5, 12, tzinfo=UTC)
        await stock(database, at)
        await meet(database, ANA, at)
        async with database.session() as session:
            paid = await pay(session, ANA, "gold-1m", at, "a1")
            await pay(session, ANA, "gold-1m", at + timedelta(days=1), "a2")
            await refund(session, paid, at + timedelta(days=30), external_id="r1")
        await database.aclose()

    asyncio.run(trade())
    march = ("--from", "2027-03-01", "--to", "2027-03-31")
    said = botyard("report", *march, "--json", **address)
    assert said.status == 0, said.err
    rows = {(row["figure"], row["plan"]): row for row in json.loads(said.out)}
    assert rows["revenue", None]["value"] == "98.00"
    assert rows["revenue of", "gold-1m"]["minor"] == 9800
    for_people = botyard("report", *march, **address)
    assert for_people.out.startswith("2027-03-01 to 2027-03-31, UTC\n")
    assert "98.00" in for_people.out
    april = botyard("report", "--from", "2027-04-01", "--to", "2027-04-30", "--json", **address)
    assert '"-49.00"' in april.out
    assert botyard("report", "--from", "2027-04-02", "--to", "2027-04-01", **address).status == 1
    assert botyard("report", "--from", "soon", **address).status == 2

    printed = botyard("payments", "export", *march, **address)
    assert printed.status == 0, printed.err
    assert [row["external_id"] for row in csv.DictReader(io.StringIO(printed.out))] == ["a1", "a2"]
    file = tmp_path / "march.csv"
    for _ in range(2):  # what was there before is written over
        written = botyard("payments", "export", *march, "--out", str(file), **address)
        assert written.out == f"2 rows in {file}.\n"
    assert file.read_bytes().decode() == printed.out
