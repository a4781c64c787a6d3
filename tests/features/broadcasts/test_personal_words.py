"""{plan}, {expiry} and {referral_link}: what each recipient is told, read for a whole batch at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update
from tests.features.broadcasts.crowd import ADMIN, BOT, NOW, PACE, SHOP, drafted, gather, started, step

from botyard.db.hot import HotConnection, HotStatement, Row, in_one_trip
from botyard.db.session import Database
from botyard.features.broadcasts import checks
from botyard.features.broadcasts.audience import EVERYBODY, Audience
from botyard.features.broadcasts.message import VARIABLES, Message, MessageKind, Person
from botyard.features.broadcasts.service import drafts, life, personal, preflight, testing
from botyard.features.broadcasts.service.drafts import Wording
from botyard.features.broadcasts.service.personal import Addressee
from botyard.ids import UserId
from botyard.members import entitlements, marketing, referral_codes
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.entitlements import Entitlement, PaymentId
from botyard.members.models import Chat, User
from botyard.outbox.models import outbox

DAY = timedelta(days=1)
SAID = Message(MessageKind.TEXT, "{plan|nothing} until {expiry|never}")
LINKED = Message(MessageKind.TEXT, '<a href="{referral_link}">Your link</a>: {referral_link|none}')


def stretch(plan: str, begins: int, ends: int, title: str | None = None) -> Entitlement:
    """Time from so many days after now until so many days after now."""
    pack = plan.partition("-")[0]
    name = pack.title() if title is None else title
    return Entitlement(plan, pack, (), NOW + begins * DAY, NOW + ends * DAY, PaymentId(1), name)


async def have(database: Database, had: dict[int, list[Entitlement]]) -> None:
    async with database.session() as session:
        for user_id, given in had.items():
            await entitlements.replace(session, UserId(user_id), given)


async def texts(database: Database) -> dict[int, str]:
    """What was queued for each member."""
    async with database.reading() as session:
        rows = await session.execute(
            select(Chat.telegram_id, outbox.c.params).join(Chat, Chat.id == outbox.c.chat_key)
        )
        return {user_id: msgspec.json.decode(params)["text"] for user_id, params in rows}


async def test_plan_and_end_are_each_members_own(database: Database) -> None:
    await gather(database, 4)
    await have(
        database,
        {
            1: [stretch("gold-1m", -10, 20, "Gold <1 month>"), stretch("gold-1m", 20, 50)],
            2: [stretch("silver-1m", -40, -10)],
            3: [stretch("gold-1m", -10, 20, "")],
        },
    )
    async with database.session() as session:
        await session.execute(update(User).where(User.id == 2).values(language_code="de-AT"))
    await step(database, await started(database, SAID))
    assert await texts(database) == {
        1: "Gold &lt;1 month&gt; until 20 April 2027",
        2: "Silver until 19. Februar 2027",
        3: "gold-1m until 21 March 2027",
        4: "nothing until never",
    }


async def test_the_day_is_that_of_the_members_zone_in_the_messages_language(database: Database) -> None:
    await gather(database, 2, language_code="de")
    await gather(database, 1, first=3, language_code="fr-CA")
    await gather(database, 1, first=4, language_code="tlh")
    late = NOW.replace(hour=23, minute=30)
    given = Entitlement("gold-1m", "gold", (), NOW - DAY, late, PaymentId(1), "Gold")
    await have(database, {each: [given] for each in range(1, 5)})
    number = await drafted(database, zone="America/New_York")
    async with database.session() as session:
        await marketing.keep_zone(session, UserId(1), "Asia/Tokyo")
        broadcast = await drafts.locked(session, number)
        wordings = [Wording(1, SAID, "fr"), Wording(2, SAID)]
        await drafts.word(session, broadcast, wordings, ADMIN, NOW)
        broadcast.tested_at = NOW
        assert await life.start(session, broadcast, ADMIN, NOW)
    for _ in range(2):
        await step(database, number)
    assert await texts(database) == {
        1: "Gold until 2. März 2027",
        2: "Gold until 1. März 2027",
        3: "Gold until 1 mars 2027",
        4: "Gold until 1 March 2027",
    }


@pytest.mark.parametrize(
    ("had", "audience", "expected"),
    [
        ([], EVERYBODY, None),
        ([stretch("gold-1m", -10, 5)], EVERYBODY, ("Gold", 5)),
        ([stretch("gold-1m", -10, 5), stretch("silver-1m", -10, 3)], EVERYBODY, ("Silver", 3)),
        ([stretch("gold-1m", -10, 5), stretch("silver-1m", -10, 3)], Audience(packs=("gold",)), ("Gold", 5)),
        (
            [stretch("gold-1m", -10, 5), stretch("silver-1m", -10, 3)],
            Audience(plans=("tin-1m",)),
            ("Silver", 3),
        ),
        ([stretch("gold-1m", -10, 5), stretch("gold-3m", 5, 95, "Long")], EVERYBODY, ("Gold", 95)),
        ([stretch("gold-1m", 2, 32)], EVERYBODY, ("Gold", 32)),
        ([stretch("gold-1m", -40, -9), stretch("silver-1m", -60, -30)], EVERYBODY, ("Gold", -9)),
        ([stretch("gold-1m", -40, 0)], EVERYBODY, ("Gold", 0)),
        ([stretch("gold-1m", -40, -9), stretch("silver-1m", -6, 3)], EVERYBODY, ("Silver", 3)),
        (
            [stretch("gold-1m", -40, -9), stretch("silver-1m", -6, 3)],
            Audience(lapsed_within_days=30),
            ("Gold", -9),
        ),
    ],
)
def test_which_plan_is_meant(
    had: list[Entitlement], audience: Audience, expected: tuple[str, int] | None
) -> None:
    wanted = expected and (expected[0], NOW + expected[1] * DAY)
    assert personal.shown(had, audience, NOW) == wanted


async def test_everybody_gets_his_own_link_that_stays_the_same(database: Database) -> None:
    await gather(database, 3)
    async with database.session() as session:
        mine = await referral_codes.code_of(session, UserId(1), NOW)
    await step(database, await started(database, LINKED))
    first = await texts(database)
    assert len(set(first.values())) == 3
    for user_id, text in first.items():
        async with database.session() as session:
            code = await referral_codes.code_of(session, UserId(user_id), NOW)
        link = f"https://t.me/shop_bot?start=ref-{code}"
        assert text == f'<a href="{link}">Your link</a>: {link}'
    assert mine in first[1]


async def test_a_batch_costs_the_same_number_of_statements_as_one_member(database: Database) -> None:
    await gather(database, 60)
    await have(database, {each: [stretch("gold-1m", -1, 29)] for each in range(1, 61)})
    statements: list[HotStatement] = []

    class Counting(HotConnection):
        def execute(self, statement: HotStatement, **parameters: Any) -> list[Row]:
            statements.append(statement)
            return super().execute(statement, **parameters)

    def go(hot: HotConnection, members: int, now: datetime = NOW) -> list[Person]:
        to = [Addressee(Person(each, "A", None, None), "en", None) for each in range(1, members + 1)]
        counting = Counting(hot._run, is_sqlite=hot.is_sqlite)
        plan = drafts.Plan("x", Topic.SERVICE)
        return personal.complete(counting, to, personal.NAMES, plan, "shop_bot", now)

    async with database.session() as session:
        connection = await session.connection()
        (one,) = await in_one_trip(connection, lambda hot: go(hot, 1))
        costs = len(statements)
        many = await in_one_trip(connection, lambda hot: go(hot, 60))
    assert (one.plan, one.expiry) == ("Gold", "30 March 2027")
    assert len({each.referral_link for each in many}) == 60
    assert len(statements) == 2 * costs


async def test_a_message_without_them_asks_for_nothing(database: Database) -> None:
    await gather(database, 2)
    await step(database, await started(database))
    async with database.reading() as session:
        assert (await session.scalars(select(referral_codes.ReferralCode))).all() == []


async def test_the_test_and_the_preview_show_them_too(database: Database) -> None:
    await gather(database, 1)
    await have(database, {1: [stretch("gold-1m", -1, 29)]})
    said = Message(MessageKind.TEXT, f"{SAID.html} {{referral_link}}")
    number = await drafted(database, said)
    async with database.reading() as session:
        found = await preflight.check(session, await drafts.get(session, number), PACE, NOW)
    (sample,) = found.samples
    assert sample.html == "Gold until 30 March 2027 https://t.me/your_bot?start=ref-xxxxxxxxxx"
    async with database.session() as session:
        broadcast = await drafts.get(session, number)
        await testing.send(session, broadcast, Actor(UserId(1)), SHOP.bot_username, NOW)
        code = await referral_codes.code_of(session, UserId(1), NOW)
    assert (await texts(database))[1] == f"Gold until 30 March 2027 https://t.me/shop_bot?start=ref-{code}"


def test_a_text_that_may_be_empty_or_is_misspelt_is_refused() -> None:
    def problems(html: str) -> list[str]:
        return [each.what for each in checks.problems_of(Message(MessageKind.TEXT, html), BOT, 1)]

    assert problems("{plan}") == ["Nothing is left of the text for members who have none of what it names."]
    assert problems("{plan|no plan}") == problems("{referral_link}") == []
    assert problems("{ Expiry }") == ["“{ Expiry }” would be sent as it is typed."]
    assert problems("{plans}") == ["{plans} stands for nothing."]
    assert {"plan", "expiry", "referral_link"} < VARIABLES.keys()
