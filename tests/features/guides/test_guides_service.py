"""The library's state: drafts, order, search, marks and turns, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from tests.features.guides.library_of import ADMIN, NOW, add

from botyard.db.session import Database
from botyard.features.guides.models import Guide
from botyard.features.guides.service import editing, library, posting
from botyard.features.guides.service.drafts import BadGuide, fields_of, read_draft
from botyard.features.guides.service.library import Figures
from botyard.features.guides.whence import WORDS_LIMIT, Shelf, Whence, read_whence, short_words
from botyard.ids import UserId
from botyard.members.models import AuditEntry

ANA, PAUL = UserId(1003), UserId(1002)


async def order(database: Database, category: str = "Basics") -> list[str]:
    async with database.reading() as session:
        return [each.title for each in await library.guides_in(session, category, "en")]


async def test_all_faults_of_a_guide_are_told_at_once() -> None:
    with pytest.raises(BadGuide) as caught:
        read_draft(
            {"url": "http://a.example", "difficulty": "hard", "language": "klingon!", "active": "perhaps"}
        )
    assert caught.value.problems == (
        "The title is missing.",
        "The url must be a full address that begins with https://.",
        "The category is missing.",
        "The difficulty must be one of beginner, intermediate, advanced.",
        "The language must be a code such as en, de or pt-br.",
        "Active must be yes or no.",
    )


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "A guide needs a url or a body."),
        ({"url": "https://a.example", "body": "x"}, "A guide has a url or a body, not both."),
        ({"body": "<b>bold"}, "The body has a <b> that is never closed."),
        ({"body": "<i><b>x</i></b>"}, "The body has a </i> where none is open."),
        ({"body": "a < b"}, "The body has a < that begins no tag: write &lt;."),
        (
            {"body": "<p>x</p>"},
            "The body has a <p>, which Telegram does not know (write &lt; for a plain <).",
        ),
        ({"body": "<b> </b>"}, "The body has tags, but no text."),
        (
            {"body": "a&nbsp;b"},
            "The body has &nbsp;, which Telegram does not know (write the character itself).",
        ),
        ({"body": "x" * 50_001}, "The body has 50001 characters, 50000 are allowed."),
    ],
)
async def test_a_guide_has_a_link_or_a_text_that_telegram_takes(fields: dict[str, str], problem: str) -> None:
    with pytest.raises(BadGuide) as caught:
        read_draft({"title": "t", "category": "c", **fields})
    assert caught.value.problems == (problem,)


async def test_fields_are_tidied() -> None:
    draft = read_draft(
        {
            "title": "  A \n title\x00 ",
            "category": "c",
            "body": "<b>x</b> &lt; <a href='https://a.example'>y</a>\r\nz",
            "tags": "#One, two,ONE,, ",
            "language": "pt_BR",
            "difficulty": "Advanced",
        }
    )
    assert (draft.title, draft.tags, draft.language) == ("A title", ("One", "two"), "pt-br")
    assert draft.body == "<b>x</b> &lt; <a href='https://a.example'>y</a>\nz"


async def test_moving_retiring_and_changing_category_keep_the_order(database: Database) -> None:
    async with database.session() as session:
        guides = {name: await add(session, name) for name in "ABCD"}
        assert await editing.move(session, guides["D"], 1, ADMIN)
        assert not await editing.move(session, guides["D"], 1, ADMIN)
    assert await order(database) == ["D", "A", "B", "C"]
    async with database.session() as session:
        a = await library.find(session, guides["A"].id)
        assert await editing.set_active(session, a, ADMIN, active=False)
        assert not await editing.set_active(session, a, ADMIN, active=False)
        b = await library.find(session, guides["B"].id)
        assert await editing.move(session, b, 99, ADMIN)
    assert await order(database) == ["D", "C", "B"]
    async with database.session() as session:
        a = await library.find(session, guides["A"].id)
        await editing.set_active(session, a, ADMIN, active=True)
        c = await library.find(session, guides["C"].id)
        assert await editing.change(session, c, {"category": "Other"}, ADMIN)
    assert await order(database) == ["D", "B", "A"]
    assert await order(database, "Other") == ["C"]
    async with database.reading() as session:
        assert [each.position for each in await library.guides_in(session, "Basics", "en")] == [1, 2, 3]
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert list(actions) == [
        *["guide.add"] * 4,
        "guide.move",
        "guide.retire",
        "guide.move",
        "guide.restore",
        "guide.edit",
    ]


async def test_editing_swaps_link_and_text_and_refuses_doubles(database: Database) -> None:
    async with database.session() as session:
        guide = await add(session, "First")
        other = await add(session, "Second", "BASICS")
        assert other.category == "Basics"
        assert await editing.change(session, guide, {"body": "text"}, ADMIN)
        assert (guide.url, guide.body) == (None, "text")
        assert await editing.change(session, guide, {"url": "https://a.example"}, ADMIN)
        assert (guide.url, guide.body) == ("https://a.example", None)
        assert not await editing.change(session, guide, fields_of(guide), ADMIN)
        with pytest.raises(BadGuide, match="Basics already has a guide of this title in en: 2"):
            await editing.change(session, guide, {"title": "SECOND"}, ADMIN)
        with pytest.raises(BadGuide, match="already"):
            await add(session, "first")
        await add(session, "first", language="de")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ЗОЛОТО", ["Как купить Золото"]),
        ("straße", ["Die STRASSE"]),
        ("gold START", ["Gold"]),
        ("\uff27\uff2f\uff2c\uff24", ["Gold"]),
        ("100%", ["100% safe"]),
        ("_", []),
        ("nothing", []),
    ],
)
async def test_search_knows_every_script(database: Database, words: str, found: list[str]) -> None:
    async with database.session() as session:
        await add(session, "Как купить Золото", language="ru")
        await add(session, "Die STRASSE", language="de")
        await add(session, "Gold", tags="start")
        await add(session, "100% safe")
        retired = await add(session, "Gold start, old")
        await editing.set_active(session, retired, ADMIN, active=False)
        assert [each.title for each in await library.search(session, short_words(words), "en")] == found


async def test_the_members_language_comes_first(database: Database) -> None:
    async with database.session() as session:
        for title, language in (("one", "en"), ("eins", "de"), ("two", "en"), ("um", "pt-br")):
            await add(session, title, language=language)
        titles = [each.title for each in await library.guides_in(session, "Basics", "pt")]
        assert titles == ["um", "one", "eins", "two"]
        titles = [each.title for each in await library.guides_in(session, "Basics", "de-AT")]
        assert titles == ["eins", "one", "two", "um"]


async def test_marks_are_each_members_own(database: Database) -> None:
    async with database.session() as session:
        for user_id in (ANA, PAUL):
            await session.execute(
                text(
                    "INSERT INTO users (id, first_name, is_premium, role, created_at, seen_at) VALUES "
                    f"({user_id}, 'x', false, 0, '2027-01-01 00:00:00+00', '2027-01-01 00:00:00+00')"
                )
            )
        guide = await add(session, "A")
        other = await add(session, "B")
        for _ in range(2):
            await library.view(session, guide, ANA, NOW)
            await library.save(session, guide, ANA, NOW, saved=True)
        await library.read(session, guide, ANA)
        await library.save(session, other, ANA, NOW + timedelta(1), saved=True)
        await library.view(session, guide, PAUL, NOW)
        await library.finish(session, guide, PAUL, NOW, done=True)
    async with database.session() as session:
        assert [each.title for each in await library.saved_by(session, ANA)] == ["B", "A"]
        assert await library.saved_by(session, PAUL) == []
        figures = await library.figures(session)
        assert figures[library.GuideId(guide.id)] == Figures(views=3, viewers=2, reads=1, saves=1, done=1)


async def test_each_guide_has_its_turn(database: Database) -> None:
    async with database.session() as session:
        for name in "ABCDE":
            await add(session, name)
        await add(session, "Z", "Zen")
    turns = []
    for day in range(3):
        async with database.session() as session:
            guides = await posting.take_turn(session, None, 4, NOW + timedelta(day))
            turns.append("".join(each.title for each in guides))
    assert turns == ["ABCD", "EZAB", "CDEZ"]
    async with database.session() as session:
        assert await posting.category_named(session, "zEN") == "Zen"
        assert [each.title for each in await posting.take_turn(session, "Zen", 4, NOW)] == ["Z"]
        with pytest.raises(posting.NothingToPost, match="Basics, Zen"):
            await posting.category_named(session, "none")


async def test_a_category_has_a_short_name_of_its_own(database: Database) -> None:
    async with database.session() as session:
        await add(session, "A", "Ж" * 64)
        (category,) = await library.categories(session)
        assert await library.category_of(session, category.key) == category
        assert await library.category_of(session, "00000000") is None
        assert (await session.scalars(select(Guide.position))).all() == [1]


@pytest.mark.parametrize(
    "whence",
    [
        Whence(Shelf.CATEGORY, "0123abcd", 12),
        Whence(Shelf.SEARCH, "a.b:c д", 3),
        Whence(Shelf.SAVED, "", 999),
    ],
)
def test_where_a_button_leads_back_to(whence: Whence) -> None:
    assert read_whence(str(whence)) == whence


@pytest.mark.parametrize(
    "forged", ["", "x", "c", "c1", "s", "s0.a", "s1000.a", "v", "v-1", "v²", "sx.a", "c.1.1"]
)
def test_what_nobody_wrote_leads_nowhere(forged: str) -> None:
    found = read_whence(forged)
    assert found is None or (found.shelf is Shelf.CATEGORY and not found.of)


def test_words_are_cut_between_letters() -> None:
    assert len(short_words("я" * 100).encode()) <= WORDS_LIMIT
    assert short_words("  Two   WORDS ") == "two words"


async def test_of_those_who_add_one_guide_at_once_one_does(database: Database) -> None:
    async def add_it() -> str:
        try:
            async with database.session() as session:
                await add(session, "Same")
        except BadGuide as error:
            return str(error)
        return "added"

    said = await asyncio.gather(*(add_it() for _ in range(6)))
    assert said.count("added") == 1
    assert set(said) == {"added", "Basics already has a guide of this title in en: 1."}


async def test_a_guide_that_changed_meanwhile_is_looked_at_again(database: Database) -> None:
    """Two who move guides at once leave every place with one guide."""
    async with database.session() as session:
        for title in "ABCDE":
            await add(session, title)

    async def to_the_top(guide_id: int) -> None:
        async with database.session() as session:
            guide = await library.find(session, guide_id)
            await asyncio.sleep(0.01)
            await editing.move(session, guide, 1, ADMIN)

    await asyncio.gather(*(to_the_top(number) for number in range(1, 6)))
    async with database.reading() as session:
        assert sorted(await session.scalars(select(Guide.position))) == [1, 2, 3, 4, 5]
