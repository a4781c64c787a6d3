"""/guides and /guide through the running service: members read, save and finish, admins keep the library."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, select
from tests.features.guides.library_of import ADMIN, add, id_of, mark_of
from tests.features.guides.screen import Screen
from tests.support.outcomes import outcome_of, told
from tests.support.running import ANA, OWNER, PAUL, Running, running

from botyard.features.guides.models import Guide, GuideMark
from botyard.features.guides.service import editing, library
from botyard.features.tracking import service as tracking
from botyard.members.models import AuditEntry
from botyard.telegram.text import CALLBACK_DATA_LIMIT

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_member_goes_from_categories_to_a_card_and_back(shop: Running) -> None:
    screen = await Screen(shop, PAUL).open("/learn")
    assert "17 guides" in screen.text
    assert screen.labels == ["Basics (2)", "Tricks & tips (14)", "Книги (1)"]
    await screen.press("Basics")
    assert screen.text == (
        "<b>Basics</b> · 2 guides\n\n"
        "• <b>First steps</b> \u2013 What to set up &lt;first&gt;\n• <b>Second steps</b>"
    )
    await screen.press("First steps")
    assert "What to set up &lt;first&gt;\nand then" in screen.text
    assert "opened once" in screen.text
    assert screen.labels == ["Open", "☆ Save", "Done", "« Back"]
    await screen.press("« Back")
    assert screen.labels == ["First steps", "Second steps", "« All categories"]
    await screen.press("« All")
    assert screen.labels[0] == "Basics (2)"
    assert screen.methods == ["editMessageText", "answerCallbackQuery"], "one message that edits itself"


async def test_pages_turn(shop: Running) -> None:
    screen = await (await Screen(shop, PAUL).open()).press("Tricks")
    assert screen.labels == [*(f"Trick {number:02}" for number in range(6)), "1 / 3", "▶", "« All categories"]
    await (await screen.press("▶")).press("▶")
    assert screen.labels == ["Trick 12", "Trick 13", "◀", "3 / 3", "« All categories"]
    shown = screen.text
    assert (await screen.press("3 / 3")).text == shown
    await (await screen.press("Trick 13")).press("« Back")
    assert "3 / 3" in screen.labels
    await screen.press("◀")
    assert "2 / 3" in screen.labels


async def test_pages_of_categories_turn(house: Running) -> None:
    async with house.database.session() as session:
        await session.execute(delete(GuideMark))
        await session.execute(delete(Guide))
        for number in range(130):
            await add(session, "A guide", f"Category {number:03}")
    screen = await Screen(house, PAUL).open()
    assert screen.labels == [*(f"Category {number:03} (1)" for number in range(20)), "1 / 7", "▶"]
    await (await screen.press("▶")).press("▶")
    assert screen.labels == [*(f"Category {number:03} (1)" for number in range(40, 60)), "◀", "3 / 7", "▶"]
    await (await screen.press("Category 055")).press("« All")
    assert "3 / 7" in screen.labels, "back to where it was"
    for forged in ("8", "999", "0", "x", "²"):
        await screen.forge(f"guides:h:{forged}")
        assert ("7 / 7" if forged in ("8", "999") else "1 / 7") in screen.labels
    owners = await Screen(house, OWNER).open("/guide add")
    assert "Category 019, and 110 more" in owners.text
    await owners.press("Cancel")


async def test_save_and_done_are_each_members_own(shop: Running) -> None:
    screen = await (await (await Screen(shop, PAUL).open()).press("Basics")).press("Second")
    assert (await screen.press("☆ Save")).answer == "Saved. You find it in /guides."
    assert "★ saved" in screen.text
    assert (await screen.press("Done")).answer == "Well done!"
    assert screen.labels == ["Open", "★ Unsave", "✓ Not done", "« Back"]
    guide_id = await id_of(shop, "Second steps")
    await screen.forge(f"guides:s:{guide_id}:1:")  # an old button: it says the same again
    assert "★ saved" in screen.text
    anas = await (await (await Screen(shop, ANA).open()).press("Basics")).press("Second")
    assert anas.labels == ["Open", "☆ Save", "Done", "« Back"]

    await screen.open()
    assert "★ Saved (1)" in screen.labels
    await screen.press("★ Saved")
    assert screen.labels == ["Second steps", "« All categories"]
    await (await screen.press("Second")).press("★ Unsave")
    await screen.press("« Back")
    assert screen.text.startswith("You have saved no guide")
    await screen.open()
    assert not any("Saved" in label for label in screen.labels)


async def test_views_and_reads_count_by_member(shop: Running) -> None:
    screen = await (await (await Screen(shop, ANA).open()).press("Книги")).press("A long read")
    assert screen.labels[0] == "Read"
    await screen.press("Read")
    assert "<b>Part 0</b>" in screen.text
    assert screen.labels == ["1 / 3", "▶", "« Back to the guide"]
    await (await screen.press("▶")).press("▶")
    assert "<b>Part 5</b>" in screen.text
    await (await screen.press("◀")).press("◀")
    await screen.press("« Back to the guide")
    assert "opened once · read once" in screen.text
    owners = await Screen(shop, OWNER).open(f"/guide edit {await id_of(shop, 'A long read')}")
    assert "new to you" in owners.text
    await (await owners.press("Read")).press("« Back to the guide")
    assert "<i>read once</i>" in owners.text
    mark = await mark_of(shop, ANA, "A long read")
    assert mark is not None
    assert (mark.views, mark.reads) == (1, 1)
    assert mark.last_viewed_at is not None
    assert await mark_of(shop, PAUL, "A long read") is None


async def test_a_link_goes_through_the_counter(shop: Running) -> None:
    screen = await (await (await Screen(shop, PAUL).open()).press("Basics")).press("Second")
    url = screen.link("Open")
    assert url.startswith(f"{shop.url}/c/")
    phone = {"User-Agent": "Mozilla/5.0 (Android 15)"}
    async with shop.http.get(url, allow_redirects=False, headers=phone) as response:
        assert response.headers["Location"] == "https://example.com/second?a=1&b=2"
    label = f"guide:{await id_of(shop, 'Second steps')}"
    async with shop.database.reading() as session:
        assert (await tracking.clicks_of(session, [label]))[label].total == 1


async def test_search(shop: Running) -> None:
    screen = await Screen(shop, PAUL).open("/guides STEPS first")
    assert screen.text.startswith("One guide fits <b>steps first</b>")
    await screen.press("First steps")
    await screen.press("« Back")
    assert screen.text.startswith("One guide fits <b>steps first</b>")
    await screen.open("/guides книг")
    assert screen.labels == ["A long read", "« All categories"]
    await screen.open("/guides <nothing>")
    assert screen.text.startswith("Nothing fits <b>&lt;nothing&gt;</b>")
    await (await screen.open("/guides tric")).press("▶")
    assert "2 / 3" in screen.labels


async def test_however_long_the_words_are_the_buttons_are_not(shop: Running) -> None:
    async with shop.database.session() as session:
        long_words = "Ж" * 60
        for number in range(8):
            guide = await add(session, f"{long_words} {number}", body="text " * 3000)
            guide.id += 9_000_000
    screen = await Screen(shop, OWNER).open(f"/guides {long_words}")
    await screen.press("▶")
    await screen.press("Ж")
    assert all(len(data.encode()) <= CALLBACK_DATA_LIMIT for data in screen.data)
    await screen.press("Read")
    assert all(len(data.encode()) <= CALLBACK_DATA_LIMIT for data in screen.data)
    await (await screen.press("« Back to")).press("Edit")
    assert all(len(data.encode()) <= CALLBACK_DATA_LIMIT for data in screen.data)


async def test_what_is_stale_or_forged_gets_a_polite_answer(shop: Running) -> None:
    screen = await Screen(shop, PAUL).open()
    first, text_id = await id_of(shop, "First steps"), await id_of(shop, "A long read")
    gone, stale = "This guide is not offered any more.", "This button is out of date."
    for data, answer in {
        "guides:g:999999:": gone,
        "guides:g:99999999999999999999:": gone,
        "guides:g:x:": gone,
        "guides:g:-1:": gone,
        f"guides:r:{first}:1:": gone,
        "guides:l:c00000000.1": "This list no longer exists.",
        "guides:l:nonsense": "This list no longer exists.",
        "guides:zzz": stale,
        f"guides:s:{first}:7:": stale,
        f"guides:r:{text_id}:x:": stale,
        f"guides:t:{text_id}:0:": stale,
    }.items():
        await screen.forge(data)
        assert screen.answer.startswith(answer), (data, screen.answer)
        assert "sendMessage" not in screen.methods
    await screen.forge("guides:l:s1.nothing fits this")
    assert screen.text.startswith("Nothing fits")
    await screen.forge(f"guides:t:{text_id}:999:")
    assert "<b>Part 5</b>" in screen.text
    (category,) = [data for data in (await screen.open()).data if data.endswith(".1")][1:2]
    await screen.forge(category.removesuffix(".1") + ".999")
    assert "3 / 3" in screen.labels
    await screen.forge(f"guide:x:{first}:")
    assert screen.answer == "This button is for admins."
    assert (await mark_of(shop, PAUL, "First steps")) is None
    async with shop.database.reading() as session:
        assert (await library.find(session, first)).active


async def test_a_retired_guide_leads_back_to_its_list(shop: Running) -> None:
    screen = await (await Screen(shop, PAUL).open()).press("Basics")
    async with shop.database.session() as session:
        guide = await library.find(session, await id_of(shop, "First steps"))
        await editing.set_active(session, guide, ADMIN, active=False)
    await screen.press("First steps")
    assert screen.answer == "This guide is not offered any more."
    assert screen.labels == ["Second steps", "« All categories"]
    await screen.open(f"/start guide-{guide.id}")
    assert screen.text.startswith("This guide is not offered any more.")
    owners = await Screen(shop, OWNER).open(f"/start guide-{guide.id}")
    assert "Restore" in owners.labels


async def test_a_deep_link_opens_a_card(shop: Running) -> None:
    screen = await Screen(shop, PAUL).open(f"/start guide-{await id_of(shop, 'Second steps')}")
    assert screen.text.startswith("<b>Second steps</b>")
    await screen.press("« Back")
    assert screen.labels[0] == "Basics (2)"
    for forged in ("guide-x", "guide-", "guide-99999999999"):
        await screen.open(f"/start {forged}")
        assert screen.text.startswith("This guide is not offered any more.")


async def test_an_admin_adds_a_guide_with_few_lines(shop: Running) -> None:
    screen = await Screen(shop, OWNER).open("/guide add")
    assert "title: First steps" in screen.text
    assert "Basics, Tricks &amp; tips, Книги" in screen.text
    await screen.open("Third steps\nhttps://telegra.ph/third\nlevel: hard")
    assert "• The category is missing.\n• The difficulty must be one of" in screen.text
    await screen.open("category: basics\nlevel: advanced")
    assert screen.text.startswith("<b>Third steps</b>\nBasics · advanced · en")
    assert screen.labels == ["Open", "☆ Save", "Done", "Edit", "▲", "▼", "Retire", "« Back"]
    async with shop.database.reading() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.actor_id, entry.detail["title"]) == ("guide.add", OWNER, "Third steps")


async def test_a_text_keeps_its_formatting(shop: Running) -> None:
    text = "/guide add\ntitle: Bold\ncategory: Basics\nbody: Be bold\nand 1 < 2"
    entities = [{"type": "bold", "offset": text.index("bold\nand"), "length": 4}]
    await Screen(shop, OWNER).open("/guides")
    answer = await shop.say(OWNER, text, entities=entities)
    outcome = await outcome_of(shop, answer)
    assert "<b>Bold</b>" in outcome.texts[0]
    async with shop.database.reading() as session:
        body = (await session.scalars(select(Guide.body).where(Guide.title == "Bold"))).one()
    assert body == "Be <b>bold</b>\nand 1 &lt; 2"


async def test_an_admin_moves_retires_and_restores_with_buttons(shop: Running) -> None:
    screen = await (await (await Screen(shop, OWNER).open()).press("Basics")).press("Second")
    await screen.press("▲")
    assert screen.answer == ""
    assert (await screen.press("▲")).answer == "Nothing to change: it is like that already."
    await screen.press("« Back")
    assert screen.labels[:2] == ["Second steps", "First steps"]
    await (await screen.press("Second")).press("▼")
    await screen.press("Retire")
    assert "Restore" in screen.labels
    await screen.press("« Back")
    assert screen.labels[0] == "First steps"
    number = await id_of(shop, "Second steps")
    assert f"{number}. <s>Second steps</s> (en), retired" in (await screen.open("/guide list")).text
    assert "Retire" in (await screen.open(f"/guide restore {number}")).labels
    await screen.open(f"/guide move {number} 1")
    await (await screen.open()).press("Basics")
    assert screen.labels[0] == "Second steps"


async def test_an_admin_edits_a_field_or_thinks_better_of_it(shop: Running) -> None:
    screen = await (await (await Screen(shop, OWNER).open()).press("Basics")).press("First")
    await (await screen.press("Edit")).press("Title")
    assert "Send the new <b>title</b>" in screen.text
    await screen.open("x" * 200)
    assert "The title has 200 characters, 128 are allowed." in screen.text
    await screen.open("Very first steps")
    assert screen.text.startswith("<b>Very first steps</b>")
    await (await screen.press("Edit")).press("Tags")
    await screen.press("Cancel")
    assert screen.text.startswith("<b>Very first steps</b>")
    outcome = await told(shop, OWNER, "hello")
    assert "goes nowhere" in outcome.texts[0], "the question is closed: it is a post now"
    number = await id_of(shop, "Very first steps")
    await screen.open(f"/guide edit {number} tags one, two words")
    assert "<i>one, two words</i>" in screen.text
    await screen.open(f"/guide edit {number} description -")
    assert "set up" not in screen.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Guides, for admins"),
        ("nonsense", "Guides, for admins"),
        ("retire", "Guides, for admins"),
        ("retire 999999", "There is no guide 999999."),
        ("retire x", "There is no guide x."),
        ("export csv", "botyard guides-export guides.csv"),
    ],
)
async def test_a_wrong_word_of_an_admin_is_answered_with_help(shop: Running, words: str, said: str) -> None:
    assert said in (await Screen(shop, OWNER).open(f"/guide {words}")).text


async def test_moving_needs_a_place(shop: Running) -> None:
    number = await id_of(shop, "First steps")
    for words in ("", " x", " 0", " -1"):
        assert "for admins" in (await Screen(shop, OWNER).open(f"/guide move {number}{words}")).text


async def test_members_keep_no_library(shop: Running) -> None:
    assert (await told(shop, PAUL, "/guide add")).how == "command:guide:denied"


async def test_an_empty_library_says_so(house: Running) -> None:
    async with house.database.session() as session:
        for table in (GuideMark, Guide):
            await session.execute(delete(table))
    assert "no guides yet" in (await Screen(house, PAUL).open()).text
    assert "/guide add" in (await Screen(house, OWNER).open()).text


@pytest.mark.asyncio(loop_scope="function")
async def test_old_keyboards_work_with_a_new_process(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as house:
        await told(house, PAUL, "/start")
        async with house.database.session() as session:
            for title in ("A", "B"):
                await add(session, title)
        before = await (await (await Screen(house, PAUL).open("/guides")).press("Basics")).press("B")
    async with running(database_url, tmp_path) as house:
        for bot in house.sandbox.world.bots.values():
            for _ in range(1000):  # this sandbox begins anew, as Telegram never would
                bot.queue.next_id()
        await told(house, PAUL, "/start")
        after = Screen(house, PAUL, keyboard=before.keyboard)
        await after.press("☆ Save")
        assert after.text.startswith("<b>B</b>")
        await after.press("« Back")
        assert after.labels == ["A", "B", "« All categories"]
