"""What members do with a broadcast: they press, leave, come back; and what is counted of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.features.broadcasts.conversation import becomes, cleared, drafted, is_tested, latest, shows
from tests.support.outcomes import Outcome, count_of, forged, pressed, told
from tests.support.running import OWNER, PAUL, Running

from botyard.features.broadcasts.models import BroadcastState, Visit, VisitKind
from botyard.features.broadcasts.service import drafts, figures
from botyard.features.broadcasts.service.figures import VariantResult
from botyard.ids import UserId
from botyard.members import consent
from botyard.members.consent import Consent, Topic

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUTTONS = "Join | tracked | https://example.com/join\nInterested | press | Thanks, Paul"


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> AsyncIterator[Running]:
    """The running service with one broadcast that everybody has got."""
    await cleared(house)
    number = await drafted(house, text="Spring is here, {first_name}")
    await told(house, OWNER, f"/broadcast buttons {number}\n{BUTTONS}")
    await pressed(house, OWNER, "Test to me")
    await is_tested(house)
    await pressed(house, OWNER, f"broadcasts:start:{number}")
    await pressed(house, OWNER, f"broadcasts:go:{number}")
    await becomes(house, BroadcastState.FINISHED)
    await shows(house, "Spring is here, Paul", user_id=PAUL)
    yield house


async def result(house: Running) -> VariantResult:
    async with house.database.reading() as session:
        (only,) = await figures.results(session, await latest(house))
    return only


async def wants_offers(house: Running) -> bool:
    async with house.database.reading() as session:
        return Topic.OFFERS in await consent.granted_topics(session, UserId(PAUL))


async def visited(house: Running, kind: VisitKind) -> list[int]:
    async with house.database.reading() as session:
        return list(await session.scalars(select(Visit.user_id).where(Visit.kind == kind)))


async def left(house: Running) -> Outcome:
    return await pressed(house, PAUL, "No more of these")


async def test_presses_and_clicks_are_counted(business: Running) -> None:
    message = await shows(business, "Spring is here, Paul", user_id=PAUL)
    before = await count_of(business, "marketing_clicks_total")
    for _ in range(2):
        assert (await pressed(business, PAUL, "Interested")).toasts == ["Thanks, Paul"]
    assert await count_of(business, "marketing_clicks_total") == before + 2
    link = message["reply_markup"]["inline_keyboard"][0][0]["url"]
    headers = {"User-Agent": "Mozilla/5.0"}
    async with business.http.get(link, allow_redirects=False, headers=headers) as answer:
        assert answer.headers["Location"] == "https://example.com/join"

    async def is_counted() -> bool:
        counted = [(each.clicks.total, each.clicks.unique) for each in (await result(business)).buttons]
        return counted == [(1, 1), (2, 1)]

    await business.until(is_counted)


async def test_who_leaves_gets_no_more_until_he_takes_it_back(business: Running) -> None:
    outcome = await left(business)
    assert outcome.toasts == ["Done. You get no more of these."]
    assert "You get no more offers from us." in outcome.texts[0]
    assert not await wants_offers(business)
    async with business.database.reading() as session:
        said = await session.get(Consent, (PAUL, Topic.OFFERS))
    assert said is not None
    assert said.source == "broadcast"
    assert await visited(business, VisitKind.LEAVE) == [PAUL]
    assert "\u2013 Offers\n✓ News" in (await told(business, PAUL, "/newsletter")).texts[0]
    await left(business)
    assert (await result(business)).left == 1, "he left once, however often he presses"

    back = await pressed(business, PAUL, "Undo: keep sending them")
    assert (back.toasts, back.edits) == (["Welcome back!"], ["You are back on the list."])
    assert await wants_offers(business)
    assert (await result(business)).left == 0
    number = (await latest(business)).id
    again = await forged(business, PAUL, f"broadcast:undo:{number}:1")
    assert "out of date" in again.toasts[0]


async def test_service_messages_can_be_left_too(business: Running) -> None:
    number = await drafted(business, text="Your shop moves")
    await told(business, OWNER, f"/broadcast topic {number} service")
    await pressed(business, OWNER, "Test to me")
    await is_tested(business)
    await told(business, OWNER, f"/broadcast start {number}")
    await pressed(business, OWNER, f"broadcasts:go:{number}")
    await shows(business, "Your shop moves", user_id=PAUL)
    outcome = await left(business)
    assert "You get no more messages of this kind from us." in outcome.texts[0]
    assert "\u2013 Messages about" in (await told(business, PAUL, "/newsletter")).texts[0]


async def test_an_undo_that_undoes_nothing_is_no_yes(business: Running) -> None:
    await told(business, PAUL, "/newsletter off")
    await forged(business, PAUL, f"broadcast:undo:{(await latest(business)).id}:1")
    assert not await wants_offers(business)


async def test_leaving_by_link(business: Running) -> None:
    number = (await latest(business)).id
    outcome = await told(business, PAUL, f"/start leave-{number}-1")
    assert "You get no more offers" in outcome.texts[0]
    assert len(outcome.texts) == 1
    assert not await wants_offers(business)
    for payload in (f"leave-{number}", f"leave-{number}-9", "leave-x-1", "leave-999999999-1", "leave-"):
        outcome = await told(business, PAUL, f"/start {payload}")
        assert "out of date" in outcome.texts[0], payload


async def test_a_link_back_to_the_bot_welcomes_and_is_noted(business: Running) -> None:
    number = (await latest(business)).id
    outcome = await told(business, PAUL, f"/start b-{number}-1")
    assert "Good to see you again" in outcome.texts[0]
    await told(business, PAUL, f"/start b-{number}-1")
    assert (await result(business)).started == 1
    outcome = await told(business, PAUL, "/start b-nonsense")
    assert "Good to see you again" in outcome.texts[0]
    assert await visited(business, VisitKind.START) == [PAUL]


async def test_a_button_that_is_no_more(business: Running) -> None:
    number = (await latest(business)).id
    assert "over" in (await forged(business, PAUL, f"broadcast:press:{number}:1:9")).toasts[0]
    assert "over" in (await forged(business, PAUL, f"broadcast:press:{number}:1:1")).toasts[0]
    stale = await forged(business, PAUL, f"broadcast:press:{number}:2:1")
    assert "out of date" in stale.toasts[0]


async def test_before_it_began_nobody_can_have_got_it(business: Running) -> None:
    number = await drafted(business, name="Later")
    for data in (f"broadcast:leave:{number}:1", f"broadcast:press:{number}:1:1"):
        assert "out of date" in (await forged(business, PAUL, data)).toasts[0]
    async with business.database.reading() as session:
        assert (await drafts.get(session, number)).state is BroadcastState.DRAFT
