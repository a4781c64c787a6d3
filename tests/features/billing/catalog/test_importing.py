"""Plans as a file: the real price table, all faults at once, and a second import that changes nothing."""

from __future__ import annotations

import asyncio
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.features.billing.catalog.shelves import BY, EXAMPLE, NOW, draft, shelve

from botyard.db.session import Database
from botyard.features.billing.models import Plan
from botyard.features.billing.service import catalog, codes, editing, exporting, importing
from botyard.features.billing.service.codes import CodeDraft
from botyard.features.billing.service.importing import Imported
from botyard.features.billing.service.plan_drafts import PlanDraft, problems_of
from botyard.features.billing.service.plans_file import BadPlansFile, FileKind
from botyard.jobs.models import Job
from botyard.members.models import AuditEntry

PACKS = {"gold", "crypto", "stocks", "gold-crypto", "gold-stocks", "crypto-stocks", "all"}


async def take(session: AsyncSession, text: str, kind: FileKind = FileKind.TOML, **options: Any) -> Imported:
    """What an import of this text did."""
    return await importing.import_file(session, text.encode(), kind, BY, **options)


async def faults_of(session: AsyncSession, text: str, kind: FileKind = FileKind.TOML) -> list[str]:
    """Why this text cannot be imported."""
    with pytest.raises(BadPlansFile) as refused:
        await take(session, text, kind)
    return list(refused.value.faults)


async def test_the_real_price_table_is_imported(database: Database) -> None:
    content = EXAMPLE.read_bytes()
    async with database.session() as session:
        done = await importing.import_file(session, content, FileKind.TOML, BY)
    assert (done.added, done.changed, done.unchanged, done.codes) == (35, 0, 0, 2)
    async with database.reading() as session:
        offers = await catalog.offers(session, NOW)
    assert [(each.pack, each.months) for each in offers] == [
        (pack, months)
        for pack in ("gold", "crypto", "stocks", "gold-crypto", "gold-stocks", "crypto-stocks", "all")
        for months in (1, 3, 6, 9, 12)
    ]
    assert {each.pack for each in offers} == PACKS
    assert {currency for each in offers for currency in each.prices} == {"GBP", "EUR", "XTR"}
    for pack in PACKS:
        for currency in ("GBP", "EUR", "XTR"):
            by_month = [
                each.prices[currency].amount / (each.months or 1) for each in offers if each.pack == pack
            ]
            assert by_month == sorted(by_month, reverse=True), (pack, currency)
            assert len(set(by_month)) == 5, "a longer one is cheaper by the month"
    gold = next(each for each in offers if each.code == "gold-3m")
    assert {currency: money.amount for currency, money in gold.prices.items()} == {
        "GBP": 14700,
        "EUR": 17000,
        "XTR": 9500,
    }


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    text = EXAMPLE.read_text()
    async with database.session() as session:
        await take(session, text)
    async with database.session() as session:
        again = await take(session, text)
    assert again == Imported(added=0, changed=0, unchanged=35, archived=0, restored=0, codes=0)
    async with database.reading() as session:
        assert len((await session.scalars(select(AuditEntry.id))).all()) == 37
        assert (await session.scalars(select(Job.id))).all() == []


async def test_two_imports_at_once_make_one_catalog(database: Database) -> None:
    async def once() -> Imported:
        async with database.session() as session:
            return await take(session, EXAMPLE.read_text())

    done = await asyncio.gather(once(), once())
    assert sorted((each.added, each.unchanged) for each in done) == [(0, 35), (35, 0)]


@pytest.mark.parametrize("kind", FileKind)
async def test_what_is_exported_is_what_is_there(database: Database, kind: FileKind) -> None:
    odd = draft(
        "odd",
        title='Say "hi" \\ é',
        description="Line one\nline, two\ttabbed",
        pack="strange",
        months=None,
        days=45,
        stripe_subscription=True,
        trial_days=7,
        chats=(-1001, -1002000000000),
        sold_from=NOW,
        sold_until=NOW + timedelta(days=400),
    )
    async with database.session() as session:
        await take(session, EXAMPLE.read_text())
        await shelve(session, odd, draft("star", months=None, stars_subscription=True))
        await editing.archive(session, "gold-1m", BY)
        before = await editing.listed(session)
        text = await exporting.export(session, kind, NOW)
        done = await take(session, text, kind)
        assert (done.added, done.changed, done.unchanged, done.codes) == (0, 0, 37, 0)
        assert [replace(each, position=0) for each in await editing.listed(session)] == [
            replace(each, position=0) for each in before
        ]


async def test_all_faults_are_told_and_nothing_is_written(database: Database) -> None:
    text = """
[[plan]]
code = "gold-3m"
title = "Gold"
months = 3
prices = { GBP = 14700 }

[[plan]]
code = "Silver 3"
titel = "Silver"
days = "90"
prices = { GBP = 1.5 }

[[plan]]
code = "gold-3m"
title = "Gold again"
days = 30
months = 1
prices = { GPB = 100, XTR = 200000 }

[[plan]]
code = "late"
title = "Late"
days = 30
sold_until = 12:00:00
stars_subscription = "yes"
features = "signals"
chats = ["@gold"]
prices = 100

[[code]]
code = "SPRING"
percent = 120
plans = ["gold", "bronze"]

[[code]]
code = "X"
amount = 100
"""
    async with database.session() as session:
        faults = await faults_of(session, text)
    async with database.reading() as session:
        assert (await session.scalars(select(Plan.id))).all() == []
    assert [each.split(" ", 3)[:3] for each in faults] == [
        ["plan", "2", "(silver"],
        ["plan", "3", "(gold-3m):"],
        ["plan", "4", "(late):"],
        ["code", "1", "(SPRING):"],
        ["code", "2", "(X):"],
    ]
    for fault, problems in zip(faults, WRONG, strict=True):
        for problem in problems:
            assert problem in fault, fault
        assert fault.count(". ") + 1 == len(problems), fault


WRONG = (
    (
        "There is no key titel.",
        "days must be a whole number.",
        "prices must be whole numbers in the smallest unit, like { GBP = 14700 }.",
        "The code must be 1 to 32 of a-z, 0-9 and -, like gold-3m.",
        "The title must be one line of 1 to 32 characters.",
    ),
    (
        "This is plan 1 (gold-3m) again.",
        "It needs a length: either days, or months, or stars_subscription.",
        "GPB is no currency: write it like GBP, EUR or XTR (Stars).",
        "The price in Stars must be 1 to 100,000.",
    ),
    (
        "sold_until must be a day or a moment, like 2027-03-01 or 2027-03-01T09:00:00Z.",
        "stars_subscription must be true or false.",
        'features must be a list of texts, like ["signals"].',
        "chats must be a list of Telegram's ids, like [-1001234567890].",
        "prices must be a table in the smallest unit, like { GBP = 14700 }.",
    ),
    (
        "The percent must be 1 to 99: free time is a grant.",
        "There is no plan and no pack bronze.",
    ),
    (
        "A code must be 2 to 32 of A-Z, 0-9, - and _, like SPRING-20.",
        "An amount needs a currency, like GBP, EUR or XTR (Stars).",
    ),
)


@pytest.mark.parametrize(
    ("text", "kind", "fault"),
    [
        ("[[plan]\n", FileKind.TOML, "The file is no TOML"),
        ("a = " + "[" * 100_000, FileKind.TOML, "The file is no"),
        ("plan = 5\n", FileKind.TOML, "Write each plan below a line [[plan]]."),
        ("[[plans]]\n", FileKind.TOML, "The file has an unknown key plans."),
        ("code,tilte,GBP\n", FileKind.CSV, "There is no column tilte."),
        ("title,GBP\n", FileKind.CSV, "There is no column code."),
        ("code,GBP,GBP\n", FileKind.CSV, "The column GBP is there twice."),
        ('code\n"gold', FileKind.CSV, "The file is no CSV"),
        ("", FileKind.CSV, "There is no column code."),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(
    database: Database, text: str, kind: FileKind, fault: str
) -> None:
    async with database.session() as session:
        (said,) = await faults_of(session, text, kind)
    assert said.startswith(fault)


async def test_a_csv_says_which_lines_are_wrong(database: Database) -> None:
    text = (
        "code,title,months,stripe_subscription,chats,features,sold_from,GBP,XTR\n"
        'gold-1m,Gold,1,yes,-1001 -1002,"signals, max_devices=3",2027-03-01,5900,\n'
        "gold-3m,Gold,three,maybe,here,,soon,free,9500\n"
        "gold-6m,Gold,6,,,,,1,2,3\n"
    )
    async with database.session() as session:
        faults = await faults_of(session, text, FileKind.CSV)
        assert len(faults) == 2
        for problem in (
            "line 3 (gold-3m): months must be a whole number.",
            "stripe_subscription must be true or false.",
            "chats must be a list of Telegram's ids, like [-1001234567890].",
            "sold_from must be a day or a moment",
            "prices must be whole numbers in the smallest unit",
        ):
            assert problem in faults[0]
        assert faults[1] == "line 4: It has 10 cells, but there are 9 columns."
        await take(session, "\n".join(text.splitlines()[:2]), FileKind.CSV)
        kept = (await editing.get(session, "gold-1m")).draft
    assert (kept.prices, kept.chats, kept.stripe_subscription) == ({"GBP": 5900}, (-1002, -1001), True)
    assert kept.features == ("signals", "max_devices=3")
    assert kept.sold_from == datetime(2027, 3, 1, tzinfo=UTC)


async def test_what_a_file_does_not_say_stays_as_it_is(database: Database) -> None:
    async with database.session() as session:
        await shelve(session, draft(chats=(-1001,), trial_days=7, description="Kept"))
        done = await take(session, '[[plan]]\ncode = "gold-3m"\ndays = 90\nprices = { GBP = 100 }\n')
        kept = (await editing.get(session, "gold-3m")).draft
    assert done.changed == 1
    assert (kept.days, kept.months, dict(kept.prices)) == (90, None, {"GBP": 100})
    assert (kept.chats, kept.trial_days, kept.description) == ((-1001,), 7, "Kept")


async def test_plans_stand_in_the_order_of_the_file_and_others_behind(database: Database) -> None:
    async with database.session() as session:
        await shelve(session, draft("one"), draft("two"), draft("three"), draft("four"))
        await take(session, '[[plan]]\ncode = "three"\n[[plan]]\ncode = "one"\n')
        assert [each.code for each in await editing.listed(session)] == ["three", "one", "two", "four"]


async def test_missing_plans_are_archived_only_when_asked(database: Database) -> None:
    file = '[[plan]]\ncode = "one"\n'
    async with database.session() as session:
        await shelve(session, draft("one"), draft("two"))
        assert (await take(session, file)).archived == 0
        assert (await take(session, file, archive_missing=True)).archived == 1
        assert (await take(session, file, archive_missing=True)).archived == 0
        assert [each.code for each in await catalog.offers(session, NOW)] == ["one"]
        assert (await take(session, file + '[[plan]]\ncode = "two"\n')).restored == 1
        assert (await take(session, file + '[[plan]]\ncode = "two"\narchived = true\n')).archived == 1


async def test_codes_of_a_file_are_kept_and_changed(database: Database) -> None:
    plan = '[[plan]]\ncode = "gold-3m"\ntitle = "Gold"\nmonths = 3\nprices = { GBP = 100 }\n'
    code = '[[code]]\ncode = "spring"\npercent = 20\nuses = 5\nmember = 1002\nexpires = 2027-04-01\n'
    async with database.session() as session:
        assert (await take(session, plan + code + 'plans = ["gold"]\n')).codes == 1
        kept = await codes.get(session, "Spring", NOW)
        assert kept.draft == CodeDraft(
            code="SPRING",
            percent=20,
            uses=5,
            member=1002,
            plans=("gold",),
            expires=datetime(2027, 4, 1, tzinfo=UTC),
        )
        assert (await take(session, plan + code + 'plans = ["gold"]\n')).codes == 0
        assert (await take(session, plan + code.replace("20", "30"))).codes == 1
        assert (await codes.get(session, "spring", NOW)).draft.percent == 30


LETTERS = st.text(string.ascii_lowercase, min_size=1, max_size=8)
DRAFTS = st.builds(
    PlanDraft,
    code=LETTERS,
    title=st.text(min_size=1, max_size=32),
    description=st.text(max_size=60),
    pack=LETTERS,
    days=st.integers(1, 1000),
    stripe_subscription=st.booleans(),
    trial_days=st.none() | st.integers(1, 30),
    features=st.lists(LETTERS, unique=True, max_size=3).map(tuple),
    chats=st.lists(st.integers(-(10**13), -1), unique=True, max_size=3).map(lambda ids: tuple(sorted(ids))),
    prices=st.dictionaries(st.sampled_from(["GBP", "EUR"]), st.integers(1, 10**7), min_size=1),
    sold_from=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@pytest.mark.parametrize("kind", FileKind)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=DRAFTS.filter(lambda each: not problems_of(each)))
async def test_whatever_can_be_kept_survives_a_file(
    sqlite_url: str, kind: FileKind, wanted: PlanDraft
) -> None:
    database = Database(sqlite_url)
    async with database.session() as session:
        await editing.put_new(session, wanted, 1, BY)
        kept = await editing.get(session, wanted.code)
        text = await exporting.export(session, kind, NOW)
        done = await take(session, text, kind)
        assert done.unchanged == 1, text
        assert await editing.get(session, wanted.code) == kept
        await session.rollback()
    await database.aclose()
