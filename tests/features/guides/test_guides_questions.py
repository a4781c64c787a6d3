"""Questions of /guide: what answers them, what does not, and how they are left."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from tests.features.guides.library_of import id_of
from tests.features.guides.screen import Screen
from tests.support.outcomes import GROUP, Outcome, outcome_of, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.guides.models import Guide

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def count(house: Running) -> int:
    async with house.database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(Guide))).one()


async def sends(house: Running, user_id: int = OWNER, **message: Any) -> Outcome:
    """What became of a message that is not just text."""
    answer = await house.control("POST", "messages", bot="shop", user_id=user_id, **message)
    return await outcome_of(house, answer)


async def is_a_post(house: Running, text: str = "hello") -> bool:
    """Whether a message of the owner is taken for a post: no question is open then."""
    return "goes nowhere" in (await told(house, OWNER, text)).texts[0]


@pytest.mark.parametrize("more", [{}, {"media_group_id": "album-1"}])
async def test_a_photo_is_no_guide(shop: Running, more: dict[str, str]) -> None:
    before = await count(shop)
    await told(shop, OWNER, "/guide add")
    outcome = await sends(shop, photo="photo-1", caption="title: Sale", **more)
    assert "made of text only" in outcome.texts[0]
    await told(shop, OWNER, "title: After the photo\nurl: https://a.example\ncategory: Basics")
    assert await count(shop) == before + 1, "the question stayed open"


async def test_a_photo_is_no_field(shop: Running) -> None:
    screen = await (await (await Screen(shop, OWNER).open()).press("Basics")).press("First")
    await (await screen.press("Edit")).press("Title")
    assert "made of text only" in (await sends(shop, photo="photo-1", caption="Sale")).texts[0]
    await screen.open("First steps, again")
    assert screen.text.startswith("<b>First steps, again</b>")


@pytest.mark.parametrize("words", ["add title: x", "edit {} title x"])
async def test_a_photo_is_no_command(shop: Running, words: str) -> None:
    words = words.format(await id_of(shop, "First steps"))
    outcome = await sends(shop, photo="photo-1", caption=f"/guide {words}")
    assert outcome.texts == [
        (
            "A guide is made of text only. Please send the command without a photo, video or file. "
            "Nothing was changed."
        )
    ]


@pytest.mark.parametrize("post", ["Big news!\n\nWe open on Monday.", "x" * 129])
async def test_a_post_is_no_title(shop: Running, post: str) -> None:
    before = await count(shop)
    await told(shop, OWNER, "/guide add")
    assert "I cannot tell which part" in (await told(shop, OWNER, post)).texts[0]
    await pressed(shop, OWNER, "Cancel")
    assert await count(shop) == before
    assert await is_a_post(shop)


async def test_a_lone_line_is_a_title_until_there_is_one(shop: Running) -> None:
    screen = await Screen(shop, OWNER).open("/guide add")
    await screen.open("A lone line")
    assert "The category is missing." in screen.text
    await screen.open("Basics")
    assert screen.text.startswith("I cannot tell which part")
    await screen.open("https://a.example")
    await screen.open("category: Basics")
    assert screen.text.startswith("<b>A lone line</b>")


async def test_cancel_leaves_a_question(shop: Running) -> None:
    for step in (
        "/guide add",
        "/guide add title: Half of it",
        "/guide edit {} title",
        "/guide edit {} url x",
    ):
        await told(shop, OWNER, step.format(await id_of(shop, "First steps")))
        assert (await pressed(shop, OWNER, "Cancel")).edits == ["Cancelled. Nothing was changed."]
        assert await is_a_post(shop), step
    await told(shop, OWNER, "/guide add")
    assert (await told(shop, OWNER, "/cancel")).texts == ["Cancelled. Nothing was changed."]
    assert (await pressed(shop, OWNER, "Cancel")).toasts == ["Nothing to cancel."]
    assert await is_a_post(shop)


async def test_cancel_is_each_ones_own(shop: Running) -> None:
    await told(shop, OWNER, "/guide@shop_bot add", chat_id=GROUP)
    assert (await told(shop, ANA, "/cancel@shop_bot", chat_id=GROUP)).texts == ["Nothing to cancel."]
    assert (await told(shop, PAUL, "/cancel")).texts == ["Nothing to cancel."]
    assert (await pressed(shop, OWNER, "Cancel", chat_id=GROUP)).edits == ["Cancelled. Nothing was changed."]


async def test_fields_have_other_names_too(shop: Running) -> None:
    number = await id_of(shop, "First steps")
    screen = await Screen(shop, OWNER).open(f"/guide edit {number} link https://other.example")
    async with shop.database.reading() as session:
        assert (await session.get_one(Guide, number)).url == "https://other.example"
    await screen.open(f"/guide edit {number} order 2")
    async with shop.database.reading() as session:
        assert (await session.get_one(Guide, number)).position == 2
    for field in ("titel", "active", "<b>"):
        await screen.open(f"/guide edit {number} {field} x")
        assert "I can change title, description, url, body" in screen.text
    await screen.open(f"/guide edit {number} description")
    assert "Send the new <b>description</b>" in screen.text, (
        "without a value it is not emptied, but asked for"
    )
    await told(shop, OWNER, "/cancel")


async def test_a_number_that_is_cut_says_so(shop: Running) -> None:
    screen = await Screen(shop, OWNER).open(f"/guide edit {'9' * 20} title x")
    assert screen.text.startswith(f"There is no guide {'9' * 16}…")


async def test_the_way_to_the_files_is_shown(shop: Running) -> None:
    screen = await Screen(shop, OWNER).open("/guide export")
    assert f"{shop.url}/console/guides/import" in screen.text
    assert "botyard guides-import guides.csv" in screen.text
