"""/newsletter: joining and leaving by words and by one tap, each member for himself."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.outcomes import GROUP, forged, pressed, told
from tests.support.running import ANA, PAUL, Running

from botyard.ids import UserId
from botyard.members import consent
from botyard.members.consent import MARKETING, Consent, Topic

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service; nobody was asked anything yet."""
    for user_id in (PAUL, ANA):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        await session.execute(delete(Consent))
    return house


async def topics(house: Running, user_id: int) -> set[Topic]:
    async with house.database.reading() as session:
        return await consent.granted_topics(session, UserId(user_id))


async def sources(house: Running) -> set[tuple[str, bool]]:
    async with house.database.reading() as session:
        return {(row.source, row.granted) for row in (await session.scalars(select(Consent))).all()}


@pytest.mark.parametrize("command", ["/newsletter", "/news", "/updates"])
async def test_one_tap_joins_and_one_leaves(business: Running, command: str) -> None:
    shown = await told(business, PAUL, command)
    assert "\u2013 Offers\n\u2013 News\n\u2013 Guides" in shown.texts[0]
    joined = await pressed(business, PAUL, "Join all three")
    assert (joined.toasts, await topics(business, PAUL)) == (["You are in. Welcome!"], set(MARKETING))
    assert "✓ Offers\n✓ News\n✓ Guides" in joined.edits[0]
    assert await sources(business) == {("button", True)}
    left = await pressed(business, PAUL, "Leave all three")
    assert (left.toasts, await topics(business, PAUL)) == (["You will not get it any more."], set())
    assert len(left.edits) == 1
    assert await topics(business, ANA) == set()


async def test_words_do_the_same(business: Running) -> None:
    assert "✓ Offers\n✓ News\n✓ Guides" in (await told(business, PAUL, "/newsletter ON")).texts[0]
    assert await topics(business, PAUL) == set(MARKETING)
    assert await sources(business) == {("/newsletter", True)}
    assert (
        "\u2013 Offers\n\u2013 News\n\u2013 Guides"
        in (await told(business, PAUL, "/newsletter off")).texts[0]
    )
    assert await topics(business, PAUL) == set()


async def test_in_a_group_it_shows_nobodys_business(business: Running) -> None:
    assert "private chat" in (await told(business, PAUL, "/newsletter", chat_id=GROUP)).texts[0]
    outcome = await told(business, PAUL, "/newsletter on", chat_id=GROUP)
    assert "reply_markup" not in outcome.calls[0][1]
    assert (await topics(business, PAUL), await topics(business, ANA)) == (set(MARKETING), set())


@pytest.mark.parametrize(
    "data", ["newsletter", "newsletter:maybe", "newsletter:on:1", "newsletter:on:news:1"]
)
async def test_a_forged_press_changes_nothing(business: Running, data: str) -> None:
    outcome = await forged(business, PAUL, data)
    assert outcome.toasts == ["This button is out of date. Please open the menu again."]
    assert await topics(business, PAUL) == set()


async def test_each_topic_is_shown_and_left_and_joined_by_itself(business: Running) -> None:
    await told(business, PAUL, "/newsletter on")
    left = await pressed(business, PAUL, "Leave offers")
    assert "\u2013 Offers\n✓ News\n✓ Guides" in left.edits[0]
    assert await topics(business, PAUL) == {Topic.NEWS, Topic.GUIDES}
    joined = await pressed(business, PAUL, "Join offers")
    assert "✓ Offers\n✓ News\n✓ Guides" in joined.edits[0]
    assert await topics(business, PAUL) == set(MARKETING)


async def test_service_messages_are_stopped_and_taken_back(business: Running) -> None:
    assert "✓ Messages about what you use here" in (await told(business, PAUL, "/newsletter off")).texts[0]
    assert "\u2013 Messages about" in (await pressed(business, PAUL, "Stop service messages")).edits[0]
    assert "\u2013 Messages about" in (await told(business, PAUL, "/newsletter on")).texts[0]
    assert "✓ Messages about" in (await pressed(business, PAUL, "Take service messages back")).edits[0]
