"""What a broadcast brought: visits, once each, and the last of them; and the gauge of its recipients."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import func, select
from tests.features.broadcasts.crowd import ADMIN, HELLO, NOW, deliver, drafted, gather, started, step

from botyard.db.session import Database
from botyard.features.broadcasts import measures
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.message import ButtonKind, Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import Visit, VisitKind
from botyard.features.broadcasts.service import attribution, drafts, figures, life, visits
from botyard.features.tracking.models import Target
from botyard.ids import UserId
from botyard.observability.metrics import Metrics
from botyard.outbox.models import CallState, outbox

ANNA = UserId(2)
LATER = NOW + timedelta(hours=1)


async def visits_in(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Visit)) or 0


async def test_the_first_visit_counts_and_the_last_touch_is_found(database: Database) -> None:
    await gather(database, 3)
    first, second = await started(database), await started(database, HELLO, HELLO)
    async with database.session() as session:
        assert await attribution.last_touch(session, ANNA, NOW) is None
        assert await attribution.visited(session, first, ANNA, 1, VisitKind.START, NOW)
        assert await attribution.visited(session, first, ANNA, 1, VisitKind.START, LATER), "no second one"
        assert await attribution.visited(session, first, ANNA, 1, VisitKind.LEAVE, LATER)
        assert await attribution.visited(session, first, UserId(1), 1, VisitKind.START, LATER)
        assert await attribution.last_touch(session, ANNA, NOW) == (first, 1)
        assert await attribution.last_touch(session, ANNA, LATER) is None
        assert await attribution.visited(session, second, ANNA, 2, VisitKind.START, LATER)
        assert await attribution.last_touch(session, ANNA, NOW) == (second, 2)
    assert await visits_in(database) == 4


@pytest.mark.parametrize("variant", [0, 2, 40_000, 10**17])
async def test_what_was_forged_counts_nothing(database: Database, variant: int) -> None:
    await gather(database, 1)
    number, draft = await started(database), await drafted(database)
    async with database.session() as session:
        assert not await attribution.visited(session, number, ANNA, variant, VisitKind.START, NOW)
        assert not await attribution.visited(session, 10**17, ANNA, 1, VisitKind.START, NOW)
        assert not await attribution.visited(session, draft, ANNA, 1, VisitKind.START, NOW)
    assert await visits_in(database) == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://t.me/shop_bot", "https://t.me/shop_bot?start=b-12-3"),
        ("https://t.me/Shop_Bot?start=guide-7", "https://t.me/Shop_Bot?start=b-12-3-guide-7"),
        (f"https://t.me/shop_bot?start={'x' * 57}", f"https://t.me/shop_bot?start=b-12-3-{'x' * 57}"),
        (f"https://t.me/shop_bot?start={'x' * 58}", f"https://t.me/shop_bot?start={'x' * 58}"),
        ("https://t.me/other_bot?start=1", "https://t.me/other_bot?start=1"),
        ("https://t.me/shop_bot/app?startapp=1", "https://t.me/shop_bot/app?startapp=1"),
        ("https://t.me/shop_bot?startgroup=1", "https://t.me/shop_bot?startgroup=1"),
        ("https://example.com/t.me/shop_bot", "https://example.com/t.me/shop_bot"),
    ],
)
def test_links_to_the_bot_tell_what_led_there(url: str, expected: str) -> None:
    assert attribution.carrying(url, "shop_bot", 12, 3) == expected
    assert attribution.carrying(url, None, 12, 3) == url
    html = attribution.carrying_html(f'See {url} or <a href="{url}">this</a>', "shop_bot", 12, 3)
    assert html == f'See {url} or <a href="{expected}">this</a>'


async def test_what_goes_out_carries_it_through_the_click_counter(database: Database) -> None:
    await gather(database, 1)
    link = "https://t.me/shop_bot?start=guide-7"
    kinds = (ButtonKind.LINK, ButtonKind.TRACKED)
    row = tuple(MessageButton("Go", kind, link) for kind in kinds)
    said = Message(MessageKind.TEXT, f'<a href="{link}">Guide</a>', buttons=(row,))
    number = await started(database, said)
    await step(database, number)
    carried = f"https://t.me/shop_bot?start=b-{number}-1-guide-7"
    async with database.reading() as session:
        params = (await session.scalars(select(outbox.c.params))).one()
        (target,) = (await session.scalars(select(Target))).all()
    sent = msgspec.json.decode(params)
    assert sent["text"] == f'<a href="{carried}">Guide</a>'
    (plain, tracked) = (each["url"] for each in sent["reply_markup"]["inline_keyboard"][0])
    assert (plain, target.url) == (carried, carried)
    assert tracked == f"https://shop.example/c/{target.token}"


async def measured(database: Database, metrics: Metrics, hours: int = 0) -> dict[tuple[str, str], float]:
    async with database.read() as connection:
        await measures.measure(connection, metrics, NOW + timedelta(hours=hours))
    lines = metrics.exposition()[0].decode().splitlines()
    return {
        (line.split('"')[1], line.split('"')[3]): float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("broadcast_recipients{")
    }


async def test_recipients_are_counted_until_a_day_after(database: Database) -> None:
    metrics = Metrics()
    await gather(database, 5)
    await drafted(database)
    number = await started(database)
    other = await started(database)
    found = await measured(database, metrics)
    assert {broadcast for broadcast, _ in found} == {str(number), str(other)}
    assert found[str(number), "pending"] == 5
    await step(database, number)
    await deliver(database, fates={2: (CallState.FAILED, "forbidden")})
    await step(database, number)
    found = await measured(database, metrics, hours=23)
    mine = {state: count for (broadcast, state), count in found.items() if broadcast == str(number)}
    assert mine == {
        "pending": 0,
        "sending": 0,
        "sent": 4,
        "failed": 0,
        "blocked": 1,
        "unknown": 0,
        "skipped": 0,
    }
    async with database.session() as session:
        await life.pause(session, await drafts.locked(session, other), ADMIN, NOW)
    assert {broadcast for broadcast, _ in await measured(database, metrics, hours=25)} == {str(other)}


async def test_who_is_not_in_the_audience_counts_nothing(database: Database) -> None:
    await gather(database, 3)
    number = await started(database, audience=Audience(without_members=(3,)))
    async with database.session() as session:
        broadcast = await drafts.get(session, number)
        for each in (1, 3):
            await visits.leave(session, broadcast, 1, UserId(each), NOW)
            assert await visits.count_press(session, broadcast, 1, 1, UserId(each), NOW) is (each == 1)
        assert not await visits.come_back(session, broadcast, UserId(3), NOW), "he never was on the list"
        (result,) = await figures.results(session, broadcast)
    assert result.left == 1
