"""Broadcasts in the console once they have begun: followed, stopped, looked at, sent again, taken back."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from tests.console.conftest import House, house
from tests.features.broadcasts.crowd import (
    HELLO,
    NOW,
    deliver,
    drafted,
    gather,
    looked_at,
    seen,
    started,
    states,
    step,
    waiting,
)
from tests.features.broadcasts.desk import HOME, kept, opened, words

from botyard.features.broadcasts.message import ButtonKind, Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import (
    Broadcast,
    BroadcastState,
    Recipient,
    RecipientState,
    Sale,
    SaleKind,
)
from botyard.features.broadcasts.pages import in_words
from botyard.features.broadcasts.recipients_csv import recipients_csv
from botyard.features.broadcasts.service import composing, drafts, exporting, life
from botyard.features.tracking import service as tracking
from botyard.ids import UserId
from botyard.members import consent
from botyard.members.consent import Topic
from botyard.outbox.models import CallState

__all__ = ["house"]

ONE = f"{HOME}/1"
FATES = {
    2: (CallState.FAILED, "forbidden"),
    3: (CallState.FAILED, "Bad Request: wrong file"),
    4: (CallState.UNKNOWN, "timeout"),
}
BUTTONS = Message(
    MessageKind.TEXT,
    "Hello",
    buttons=(
        (
            MessageButton("Yes", ButtonKind.PRESS, "Fine"),
            MessageButton("Site", ButtonKind.LINK, "https://shop.example"),
        ),
    ),
)


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    return await opened(house, members=0)


def figures(page: httpx.Response) -> dict[str, int]:
    """The counts that a page shows, by their words."""
    pairs = re.findall(r"<dt[^>]*>([^<]+)</dt><dd>([\d,]+)</dd>", page.text)
    return {word: int(count.replace(",", "")) for word, count in pairs}


async def test_its_figures_add_up_at_every_moment_and_renew_themselves(
    house: House, admin: httpx.AsyncClient
) -> None:
    await gather(house.database, 100)
    number = await started(house.database)
    page = await admin.get(ONE)
    assert f'hx-get="{ONE}/progress?shown=running"' in page.text
    assert "/static/vendor/htmx.min.js" in page.text
    for _ in range(3):
        await step(house.database, number)
        await deliver(house.database, most=15, fates=FATES)
        part = await admin.get(f"{ONE}/progress?shown=running")
        counts = figures(part)
        assert counts.pop("All recipients") == sum(counts.values()) == 100
        assert "hx-refresh" not in part.headers
        assert "<html" not in part.text, "it is a part of the page only"
    assert counts == {
        "Sent": 27,
        "Failed": 1,
        "Blocked the bot": 1,
        "May have arrived": 1,
        "Left out": 0,
        "Being sent": 60,
        "Waiting": 10,
    }
    lengths = re.findall(r'x="([\d.]+)" width="([\d.]+)"', part.text)
    assert float(lengths[-1][0]) + float(lengths[-1][1]) == pytest.approx(1000, abs=0.1)
    assert figures(await admin.get(ONE)) | {"All recipients": 100} == counts | {"All recipients": 100}


async def test_how_fast_and_how_long(house: House, admin: httpx.AsyncClient) -> None:
    await gather(house.database, 300)
    number = await started(house.database)
    for second in range(3):
        at = NOW + timedelta(seconds=second)
        await step(house.database, number, at)
        await deliver(house.database, most=25)
    house.clock.advance(2)
    assert "25 a second · less than a minute left" in (await admin.get(f"{ONE}/progress")).text


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=1), "about 1 minute"),
        (timedelta(hours=2, minutes=5), "about 2 hours 5 minutes"),
        (timedelta(hours=30, minutes=5), "about 30 hours"),
    ],
)
def test_spans_in_words(span: timedelta, said: str) -> None:
    assert in_words(span) == said


async def test_paused_changed_resumed_and_cancelled(house: House, admin: httpx.AsyncClient) -> None:
    await gather(house.database, 10)
    number = await started(house.database)
    await step(house.database, number)
    shown = await admin.post(f"{ONE}/pause", follow_redirects=True)
    assert "Spring is paused. Nothing more leaves until you resume it." in shown.text
    assert await waiting(house.database) == 0
    assert (await admin.get(f"{ONE}/progress?shown=running")).headers["hx-refresh"] == "true"
    assert "hx-get" not in shown.text, "what stands still does not ask"

    form = await admin.get(f"{ONE}/edit")
    assert ('name="name"' in form.text, 'value="add"' in form.text) == (False, False)
    await admin.post(f"{ONE}/edit", data={"do": "save", "html_1": "Better", "name": "Other"})
    plan, wordings = await kept(house, number)
    assert (plan.name, wordings[0].message.html) == ("Spring", "Better")

    assert "Send it to yourself first" in (await admin.post(f"{ONE}/resume", follow_redirects=True)).text
    await looked_at(house.database, number)
    assert "Spring goes on." in (await admin.post(f"{ONE}/resume", follow_redirects=True)).text
    again = await admin.post(f"{ONE}/resume", follow_redirects=True)
    assert "Spring is being sent." in again.text, "pressed twice: refused, and said"
    shown = await admin.post(f"{ONE}/cancel", follow_redirects=True)
    assert "Spring is cancelled. Nobody else gets it." in shown.text
    assert f'hx-get="{ONE}/progress?shown=cancelled"' in shown.text, "the rest is being skipped"
    await step(house.database, number)
    await step(house.database, number)
    assert await states(house.database, number) == {RecipientState.SKIPPED: 10}
    assert (await admin.get(f"{ONE}/progress?shown=cancelled")).headers["hx-refresh"] == "true"
    last = await admin.get(ONE)
    assert "the broadcast was cancelled Left out 10" in words(last)


async def test_why_it_stands_still_is_said(house: House, admin: httpx.AsyncClient) -> None:
    await gather(house.database, 3)
    number = await started(house.database)
    async with house.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.pause(session, broadcast, None, NOW, why="It could not go on: <disk>")
    assert "It could not go on: &lt;disk&gt;" in (await admin.get(ONE)).text


async def finished(house: House) -> int:
    """A broadcast that has reached most of its members."""
    await gather(house.database, 6)
    number = await started(house.database, BUTTONS, HELLO)
    await step(house.database, number)
    await deliver(house.database, fates=FATES)
    await step(house.database, number)
    return number


async def test_results_by_message_clicks_and_reasons(house: House, admin: httpx.AsyncClient) -> None:
    number = await finished(house)
    async with house.database.session() as session:
        label = composing.label_of(number, 1, 1)
        for user_id in (1, 1, 5):
            await tracking.press(session, label, UserId(user_id), NOW)
    page = words(await admin.get(ONE))
    assert "Why not everybody got it" in page
    assert "Telegram says “wrong file” Failed 1" in page
    assert "Telegram says “forbidden” Blocked the bot 1" in page
    assert re.search(r"Yes Message 1 an answer: Fine 3 2 \d+\.\d%", page)
    assert "Site Message 1 https://shop.example not counted" in page
    assert "Ended 2027-03-01 12:00 UTC" in page
    by_message = re.findall(r"Message (\d) everybody, 50 %" + r" (\d+)" * 7, page)
    assert [int(each[0]) for each in by_message] == [1, 2]
    assert sum(int(each[1]) for each in by_message) == 6
    assert sum(int(each[2]) for each in by_message) == 3


async def test_what_each_message_sold(house: House, admin: httpx.AsyncClient) -> None:
    number = await finished(house)
    assert "Sales" not in words(await admin.get(ONE))
    movements = [("sale", 14700, "GBP"), ("renewal", 9500, "XTR"), ("refund", 4700, "GBP")]
    async with house.database.session() as session:
        session.add_all(
            Sale(
                payment_id=payment,
                key=f"stripe:{payment}",
                broadcast_id=number,
                variant=1,
                user_id=1,
                kind=SaleKind(kind),
                amount=amount,
                currency=currency,
                at=NOW,
            )
            for payment, (kind, amount, currency) in enumerate(movements)
        )
    page = words(await admin.get(ONE))
    assert "Sales Renewals Returned Money" in page
    assert "1 1 1 100.00 GBP and 9500 XTR" in page


async def test_failures_are_tried_again_and_what_was_sent_is_deleted(
    house: House, admin: httpx.AsyncClient
) -> None:
    number = await finished(house)
    assert "Send again to 1 member" in (await admin.get(ONE)).text
    shown = await admin.post(f"{ONE}/retry", follow_redirects=True)
    assert "1 recipient more: it is sent to them again." in shown.text
    await step(house.database, number)
    assert await deliver(house.database) == [3]
    await step(house.database, number)
    nothing = await admin.post(f"{ONE}/retry", follow_redirects=True)
    assert "Nothing has failed." in nothing.text
    shown = await admin.post(f"{ONE}/delete", follow_redirects=True)
    assert "in the last 48 hours is being deleted" in shown.text
    assert f'hx-get="{ONE}/progress?shown=finished"' in shown.text
    for _ in range(2):
        await step(house.database, number)
    assert await waiting(house.database) == 4
    after = await admin.get(ONE)
    assert "Deleted again 4 messages" in words(after)
    assert f'action="{ONE}/delete"' not in after.text, "all is ordered"


async def test_the_recipients_as_csv(house: House, admin: httpx.AsyncClient) -> None:
    number = await finished(house)
    async with house.database.session() as session:
        for user_id, reason in [(2, "=HYPERLINK(1)"), (3, "+1"), (4, "-1"), (5, "@x"), (6, 'a, "b"')]:
            row = update(Recipient).where(Recipient.user_id == user_id)
            await session.execute(row.values(reason=reason))
    answer = await admin.get(f"{ONE}/recipients.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith(f'"broadcast-{number}-recipients.csv"')
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header[:6] == ["user_id", "variant", "state", "reason", "at", "deleted"]
    assert header[6:] == ["sales", "renewals", "money"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [row[3] for row in rows] == ["", "'=HYPERLINK(1)", "'+1", "'-1", "'@x", 'a, "b"']
    assert rows[1][2] == "blocked"
    assert rows[0][4] == "2027-03-01T12:00:00+00:00"


async def test_a_long_csv_is_never_in_memory(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 100)
    await gather(house.database, 3_000)
    number = await drafted(house.database)
    async with house.database.session() as session:
        await life.start(session, await drafts.locked(session, number), None, NOW)
    while not (await seen(house.database, number)).frozen_at:
        await step(house.database, number)
    lines = 0
    async for piece in recipients_csv(house.database, number):
        lines += piece.count(b"\n")
        if lines == 1:
            tracemalloc.start()
            continue
        assert len(piece) < 10_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 3_001
    assert most < 2_000_000


async def test_marketing_has_a_way_out_in_the_preview_too(house: House, admin: httpx.AsyncClient) -> None:
    await gather(house.database, 2)
    async with house.database.session() as session:
        await consent.say(session, UserId(1), [Topic.OFFERS], NOW, granted=True, source="test")
    await drafted(house.database, topic=Topic.OFFERS)
    page = await admin.get(ONE)
    assert composing.LEAVE in page.text
    assert "Send to 1 member" in page.text


async def test_a_part_of_a_broadcast_that_became_something_else_has_the_page_loaded_again(
    house: House, admin: httpx.AsyncClient
) -> None:
    await gather(house.database, 3)
    await started(house.database)
    async with house.database.session() as session:
        await session.execute(update(Broadcast).values(state=BroadcastState.ASKING))
    assert (await admin.get(f"{ONE}/progress?shown=freezing")).headers["hx-refresh"] == "true"
