"""Broadcasts in the console before they begin: written, previewed, tested, scheduled, started."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from tests.console.conftest import ANA, House, house
from tests.features.broadcasts.crowd import BOT, HELLO, NOW, drafted, gather, looked_at, seen, waiting
from tests.features.broadcasts.desk import FIELDS, HOME, another, kept, meet, opened, strange, words

from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.message import ButtonKind, Media, Message, MessageKind
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.pages import ON_PAGE
from botyard.features.broadcasts.service import approval, drafts, life
from botyard.features.broadcasts.service.drafts import Cap
from botyard.ids import UserId
from botyard.jobs.models import Job
from botyard.jobs.recurrence import QuietHours
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.models import AuditEntry, BotChat, Role, User
from botyard.outbox.models import outbox

__all__ = ["house"]

ONE = f"{HOME}/1"


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    return await opened(house)


DEEDS = ("test", "schedule", "unschedule", "start", "drop", "pause", "resume", "cancel", "retry", "delete")


async def test_only_admins_and_only_from_pages_of_the_console(house: House) -> None:
    await gather(house.database, 3)
    number = await drafted(house.database)
    stranger = strange(house)
    for path in ("", "/new", f"/{number}", f"/{number}/edit", f"/{number}/progress", "/1/recipients.csv"):
        assert (await stranger.get(f"{HOME}{path}")).status_code == 303, path
    for path in ("/new", "/reach", f"/{number}/edit", *(f"/{number}/{deed}" for deed in DEEDS)):
        assert (await stranger.post(f"{HOME}{path}", data=FIELDS)).status_code == 303, path
    await house.add_member()
    elsewhere = strange(house, origin="https://evil.example")
    await house.sign_in(strange(house))
    for deed in DEEDS:
        assert (await elsewhere.post(f"{HOME}/{number}/{deed}")).status_code == 403, deed
    assert (await seen(house.database, number)).state is BroadcastState.DRAFT


async def test_what_is_not_there_is_said(admin: httpx.AsyncClient) -> None:
    for path in ("1", "99999999999999999999", "1/edit", "1/progress", "1/recipients.csv"):
        answer = await admin.get(f"{HOME}/{path}")
        assert (answer.status_code, "There is no broadcast" in answer.text) == (404, True), path
    for deed in DEEDS:
        answer = await admin.post(f"{ONE}/{deed}", data={"at": "2027-05-01T10:00"})
        assert answer.status_code == 404, deed


async def test_the_list_turns_pages(house: House, admin: httpx.AsyncClient) -> None:
    assert "No broadcasts yet" in (await admin.get(HOME)).text
    for _ in range(ON_PAGE + 1):
        await drafted(house.database)
    first = await admin.get(HOME)
    assert f"1–{ON_PAGE} of {ON_PAGE + 1}" in first.text  # noqa: RUF001
    assert f'href="{HOME}/{ON_PAGE + 1}"' in first.text
    assert "Changed 2027-03-01 12:00 UTC" in first.text
    assert f'href="{HOME}/1"' in (await admin.get(f"{HOME}?page=1")).text
    assert (await admin.get(f"{HOME}?page=x")).status_code == 200


async def test_without_a_bot_there_is_nothing_to_write(house: House) -> None:
    await house.add_member()
    browser = strange(house)
    await house.sign_in(browser)
    assert "There is no bot yet" in (await browser.get(f"{HOME}/new")).text


async def test_everything_that_is_typed_is_kept_and_shown_again(
    house: House, admin: httpx.AsyncClient
) -> None:
    whole = FIELDS | {
        "topic": "offers",
        "roles": ["1", "2"],
        "languages": "DE, pt-br",
        "seen_within_days": "30",
        "unseen_for_days": "2",
        "joined_within_days": "90",
        "joined_before_days": "1",
        "tags": 'vip, "big, spender"',
        "without_tags": "slow",
        "sources": "guide-1",
        "without_members": "1001, 1002",
        "plans": "Gold-3m, gold-1m",
        "packs": "silver",
        "ends_within_days": "7",
        "lapsed_within_days": "14",
        "never_paid": "on",
        "quiet_begins": "22:00",
        "quiet_ends": "07:30",
        "cap": "2",
        "cap_days": "7",
        "paid": "on",
        "variant": ["1", "4"],
        "language_4": "De",
        "share_4": "9",
        "html_4": "Hallo",
    }
    saved = await admin.post(f"{HOME}/new", data=whole, follow_redirects=True)
    assert (saved.status_code, saved.url.path) == (200, ONE)
    assert "Spring is saved as a draft." in saved.text
    plan, wordings = await kept(house)
    assert plan.audience == Audience(
        roles=(Role.SUBSCRIBER, Role.ADMIN),
        languages=("de", "pt-br"),
        seen_within_days=30,
        unseen_for_days=2,
        joined_within_days=90,
        joined_before_days=1,
        sources=("guide-1",),
        tags=("vip", "big, spender"),
        without_tags=("slow",),
        without_members=(1001, 1002),
        plans=("gold-3m", "gold-1m"),
        packs=("silver",),
        ends_within_days=7,
        lapsed_within_days=14,
        never_paid=True,
    )
    assert (plan.name, plan.topic, plan.paid, plan.zone) == ("Spring", Topic.OFFERS, True, "Europe/Kyiv")
    assert (plan.quiet, plan.cap) == (QuietHours(time(22), time(7, 30)), Cap(2, 7))
    assert [(each.number, each.language, each.share) for each in wordings] == [(1, None, 1), (4, "de", 9)]
    assert [[button.kind for button in row] for row in wordings[0].message.buttons] == [
        [ButtonKind.TRACKED],
        [ButtonKind.PRESS, ButtonKind.LINK],
    ]
    async with house.database.reading() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert [(each.action, each.actor_id) for each in entries[-2:]] == [
        ("broadcast.make", ANA),
        ("broadcast.word", ANA),
    ]
    form = (await admin.get(f"{ONE}/edit")).text
    again = await admin.post(f"{ONE}/edit", data=_typed(form), follow_redirects=True)
    assert "Spring is saved." in again.text
    assert await kept(house) == (plan, wordings), "what the form shows is what was kept"


def _typed(page: str) -> dict[str, Any]:
    """What a browser would send of the form on a page."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, list[str]] = {"do": ["save"]}
            self.area = self.choice = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            name = values.get("name") or ""
            if tag == "input" and name and (values.get("type") != "checkbox" or "checked" in values):
                self.found.setdefault(name, []).append(values.get("value") or "on")
                if values.get("value") == "" and values.get("type") != "checkbox":
                    self.found[name][-1] = ""
            self.area = name if tag == "textarea" else ""
            self.choice = name if tag == "select" else self.choice
            if tag == "option" and "selected" in values:
                self.found[self.choice] = [values.get("value") or ""]

        def handle_data(self, data: str) -> None:
            if self.area:
                self.found[self.area] = [data.removeprefix("\n")]

        def handle_endtag(self, tag: str) -> None:
            self.area = ""

    reader = Fields()
    reader.feed(page)
    return reader.found


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "Fill this in."),
        ({"name": "x" * 65}, "At most 64 characters"),
        ({"topic": "gossip"}, "Choose one of these."),
        ({"zone": "Mars/Olympus"}, "There is no time zone"),
        ({"html_1": ""}, "Fill this in."),
        ({"html_1": "<b>x"}, "&lt;b&gt; is never closed."),
        ({"html_1": "{nickname}"}, "{nickname} stands for nothing."),
        ({"html_1": "x" * 4097}, "too long"),
        ({"buttons_1": "Join"}, "does not say what the button does"),
        ({"buttons_1": "Join | app | http://x.example"}, "is no address"),
        ({"languages": "german"}, "“german” is not a language"),
        ({"without_members": "Paul"}, "“Paul” is not a member"),
        ({"plans": "gold!"}, "“gold!” is not the code of a plan"),
        ({"ends_within_days": "0"}, "1"),
        ({"tags": "x" * 33}, "is not a tag"),
        ({"seen_within_days": "0"}, "1"),
        ({"roles": "9"}, "Choose again."),
        ({"quiet_begins": "22:00"}, "Give both times, or none."),
        ({"quiet_begins": "25:00", "quiet_ends": "07:00"}, "Give a time of day"),
        ({"quiet_begins": "22:00", "quiet_ends": "22:00"}, "must end at another time"),
        ({"cap": "3"}, "Give both numbers, or none."),
        ({"language_1": "english"}, "Give the code of a language"),
        ({"share_1": "0"}, "1"),
        ({"bot": "5"}, "Choose one of these."),
    ],
)
async def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(
    house: House, admin: httpx.AsyncClient, fields: dict[str, str], problem: str
) -> None:
    shown = await admin.post(f"{HOME}/new", data=FIELDS | fields)
    assert (shown.status_code, problem in shown.text) == (422, True)
    assert 'class="error"' in shown.text
    async with house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Broadcast)) == 0


async def test_messages_are_added_and_taken_away_and_members_counted_without_a_script(
    admin: httpx.AsyncClient,
) -> None:
    added = await admin.post(f"{HOME}/new", data=FIELDS | {"do": "add"})
    assert (added.status_code, 'name="html_2"' in added.text, 'name="share_1"' in added.text) == (
        200,
        True,
        True,
    )
    assert "&lt;b&gt;Hello&lt;/b&gt; {first_name|friend}" in added.text, "what was typed is still there"
    both = FIELDS | {"variant": ["1", "2"], "html_2": "second"}
    taken = await admin.post(f"{HOME}/new", data=both | {"do": "remove-1"})
    assert ("second" in taken.text, 'name="html_1"' in taken.text) == (True, False)
    counted = await admin.post(f"{HOME}/new", data=FIELDS | {"do": "count", "languages": ""})
    assert "3 members would get it now." in words(counted)
    part = await admin.post(f"{HOME}/reach", data={"topic": "offers", "bot": str(BOT)})
    assert words(part).strip() == "0 members would get it now."
    wrong = await admin.post(f"{HOME}/reach", data={"topic": "offers", "languages": "x!"})
    assert "Not counted: “x!” is not a language" in words(wrong)


async def test_who_has_blocked_the_bot_is_counted_too(house: House, admin: httpx.AsyncClient) -> None:
    async with house.database.session() as session:
        await session.execute(update(BotChat).values(reachable=False).where(BotChat.chat_key == 1))
    part = await admin.post(f"{HOME}/reach", data={"topic": "service"})
    assert words(part).strip() == "2 members would get it now. 1 more has blocked the bot."


async def test_the_bot_is_chosen_where_there_are_several(house: House, admin: httpx.AsyncClient) -> None:
    await house.add_bot(800, "signals")
    assert ">signals</option>" in (await admin.get(f"{HOME}/new")).text
    await admin.post(f"{HOME}/new", data=FIELDS | {"bot": "800"})
    assert (await seen(house.database, 1)).bot_id == 800


async def test_only_a_change_of_the_message_asks_for_another_test(
    house: House, admin: httpx.AsyncClient
) -> None:
    await admin.post(f"{HOME}/new", data=FIELDS)
    async with house.database.session() as session:
        await session.execute(update(Broadcast).values(tested_at=NOW))
    await admin.post(f"{ONE}/edit", data=FIELDS | {"name": "Summer"})
    broadcast = await seen(house.database, 1)
    assert (broadcast.name, broadcast.tested_at) == ("Summer", NOW)
    await admin.post(f"{ONE}/edit", data=FIELDS | {"html_1": "Other"})
    assert (await seen(house.database, 1)).tested_at is None


async def test_media_are_made_in_telegram_and_stay(house: House, admin: httpx.AsyncClient) -> None:
    photo = Message(MessageKind.PHOTO, "Old", media=(Media(MessageKind.PHOTO, "file"),))
    pair = (Media(MessageKind.PHOTO, "a"), Media(MessageKind.VIDEO, "b"))
    await drafted(house.database, photo, Message(MessageKind.ALBUM, media=pair))
    form = await admin.get(f"{ONE}/edit")
    assert "Photo" in words(form)
    assert "Album 2 files." in words(form)
    assert 'name="buttons_2"' not in form.text, "an album has no buttons"
    fields = FIELDS | {"variant": ["1", "2"], "html_1": "", "html_2": "New", "buttons_2": "x"}
    await admin.post(f"{ONE}/edit", data=fields | {"buttons_1": "", "buttons_2": ""})
    _, wordings = await kept(house)
    assert [(each.message.html, each.message.media) for each in wordings] == [
        (None, photo.media),
        ("New", pair),
    ]


async def test_the_preview_has_real_members_and_nothing_of_theirs_is_markup(
    house: House, admin: httpx.AsyncClient
) -> None:
    async with house.database.session() as session:
        await session.execute(update(User).values(first_name="<i>Eve").where(User.id == 1))
    await admin.post(f"{HOME}/new", data=FIELDS)
    page = (await admin.get(ONE)).text
    assert "<b>Hello</b> &lt;i&gt;Eve" in page
    assert "<b>Hello</b> Name2" in page
    assert "For &lt;i&gt;Eve" in page
    assert "Nobody has looked at it on a phone yet." in page
    assert "Send to 3 members" not in page, "not before it was tested"


async def test_tested_then_started_once_by_whoever_presses_how_often(
    house: House, admin: httpx.AsyncClient
) -> None:
    await admin.post(f"{HOME}/new", data=FIELDS)
    lost = await admin.post(f"{ONE}/test", follow_redirects=True)
    assert "You have no chat with @shop_bot yet." in lost.text
    await meet(house, ANA)
    tried = await admin.post(f"{ONE}/test", follow_redirects=True)
    assert "Look at your phone: 1 message from shop." in tried.text
    assert await waiting(house.database) == 1
    page = await admin.get(ONE)
    assert "The test is on its way to the phone." in page.text
    assert "being sent to you" in page.text
    await looked_at(house.database, 1)
    page = await admin.get(ONE)
    assert "Send to 4 members" in page.text, "the admin is one of them now"
    answers = await asyncio.gather(*(admin.post(f"{ONE}/start") for _ in range(4)))
    assert [each.status_code for each in answers] == [303] * 4
    async with house.database.reading() as session:
        starts = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "broadcast.start")
        assert await session.scalar(starts) == 1
        drives = select(func.count()).select_from(Job).where(Job.name == "broadcasts.drive")
        assert await session.scalar(drives) == 1
    late = await admin.post(f"{ONE}/start", follow_redirects=True)
    assert "had started already: there is one run" in late.text
    refused = await admin.post(f"{ONE}/edit", data=FIELDS, follow_redirects=True)
    assert "cannot be changed" in refused.text


async def test_scheduled_in_its_own_zone_put_off_and_made_a_draft_again(
    house: House, admin: httpx.AsyncClient
) -> None:
    number = await drafted(house.database, zone="Europe/Kyiv")
    for at, problem in [
        ("", "Give a date and a time."),
        ("2027-03-28T03:30", "The clocks skip this time"),
        ("2027-02-01T10:00", "This moment is past."),
    ]:
        shown = await admin.post(f"{ONE}/schedule", data={"at": at}, follow_redirects=True)
        assert problem in shown.text, at
    assert (await seen(house.database, number)).state is BroadcastState.DRAFT
    shown = await admin.post(f"{ONE}/schedule", data={"at": "2027-03-02T14:30"}, follow_redirects=True)
    assert "Spring starts 2027-03-02 14:30 Europe/Kyiv." in shown.text
    assert 'value="2027-03-02T14:30"' in shown.text
    broadcast = await seen(house.database, number)
    assert broadcast.scheduled_at == datetime(2027, 3, 2, 12, 30, tzinfo=UTC)
    assert "Starts 2027-03-02 14:30 Europe/Kyiv" in (await admin.get(HOME)).text
    shown = await admin.post(f"{ONE}/unschedule", follow_redirects=True)
    assert "is a draft again" in shown.text
    assert (await seen(house.database, number)).state is BroadcastState.DRAFT


async def test_a_draft_is_deleted_and_what_has_begun_is_not(house: House, admin: httpx.AsyncClient) -> None:
    await drafted(house.database, HELLO)
    gone = await admin.post(f"{ONE}/drop", follow_redirects=True)
    assert (gone.url.path, "Spring is deleted." in gone.text) == (HOME, True)
    assert (await admin.get(ONE)).status_code == 404
    await drafted(house.database, HELLO)
    await admin.post(f"{HOME}/2/start")
    kept_on_record = await admin.post(f"{HOME}/2/drop", follow_redirects=True)
    assert "has begun" in kept_on_record.text
    async with house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(outbox)) == 0


async def asking(house: House) -> int:
    """A broadcast that its starter may not start alone."""
    number = await drafted(house.database)
    async with house.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.start(session, broadcast, Actor(ANA), NOW)
        await approval.wait(session, broadcast, 3, 2, NOW)
    return number


async def test_another_admin_agrees_and_who_started_it_cannot(house: House, admin: httpx.AsyncClient) -> None:
    await meet(house, ANA)
    bo = await another(house, UserId(2002), "Bo")
    number = await asking(house)
    page = await admin.get(ONE)
    assert "a second admin has to say yes" in page.text
    assert "You made or started it, so another admin has to agree" in page.text
    own = await admin.post(f"{ONE}/agree", follow_redirects=True)
    assert "It is you who wants this." in own.text
    assert (await seen(house.database, number)).state is BroadcastState.ASKING
    assert "Yes, start it" in (await bo.get(ONE)).text
    assert "Spring has started." in (await bo.post(f"{ONE}/agree", follow_redirects=True)).text
    broadcast = await seen(house.database, number)
    assert (broadcast.started_by, broadcast.approved_by) == (ANA, 2002)
    assert await waiting(house.database) == 1, "Ana hears of it"
    again = await bo.post(f"{ONE}/agree", follow_redirects=True)
    assert "It waits for nobody" in again.text


async def test_another_admin_refuses(house: House, admin: httpx.AsyncClient) -> None:
    number = await asking(house)
    bo = await another(house, UserId(2002), "Bo")
    assert "Spring is a draft again." in (await bo.post(f"{ONE}/refuse", follow_redirects=True)).text
    assert (await seen(house.database, number)).state is BroadcastState.DRAFT


async def test_the_form_and_the_draft_say_what_each_message_gets(house: House) -> None:
    browser = await opened(house)
    two = FIELDS | {"variant": ["1", "2"], "html_1": "One", "html_2": "Two", "share_2": "50"}
    shown = await browser.post(f"{HOME}/new", data=two | {"do": "count"})
    assert "As it stands it is for everybody, 2 %." in words(shown)
    assert "As it stands it is for everybody, 98 %." in words(shown)
    saved = await browser.post(f"{HOME}/new", data=two, follow_redirects=True)
    assert "for everybody, 98 %" in words(saved)
