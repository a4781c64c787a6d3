"""The way in and out: one-time links, sessions that end, and nobody in who may not be."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from botyard.clock import ManualClock
from botyard.console.attempts import MOST, REMEMBERED, Attempts
from botyard.ids import UserId
from botyard.members.models import AuditEntry, LinkPurpose, Role, RoleRaise, User
from botyard.members.sign_in import SESSION_COOKIE, ConsoleSession

ANA = UserId(1001)
HOURS = 3600


async def is_in(browser: Any) -> bool:
    answer = await browser.get("/console/")
    if answer.status_code == 303:
        assert answer.headers["location"] == "/console/sign-in"
        return False
    assert answer.status_code == 200
    return True


async def change_user(house: Any, **values: Any) -> None:
    async with house.database.session() as session:
        await session.execute(update(User).where(User.id == ANA).values(**values))


async def actions(house: Any) -> list[tuple[str, int | None, str]]:
    async with house.database.reading() as session:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.action, entry.actor_id, entry.subject) for entry in entries]


async def test_the_link_shows_a_button_and_only_the_button_uses_it_up(house: Any) -> None:
    await house.add_member()
    browser, token = house.browser(), await house.link_token()
    for _ in range(2):  # Telegram's preview, then the person
        page = await browser.get("/console/sign-in", params={"token": token})
        assert page.status_code == 200
        assert '<form method="post" action="/console/sign-in">' in page.text
        assert f'value="{token}"' in page.text
        assert SESSION_COOKIE not in browser.cookies
    entered = await browser.post("/console/sign-in", data={"token": token})
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/")
    assert await is_in(browser)
    assert await actions(house) == [("console.sign_in", ANA, f"user:{ANA}")]


@pytest.mark.parametrize(
    ("base_url", "secure"), [("http://console.test", False), ("https://console.test", True)]
)
async def test_the_cookie_is_for_the_server_alone(house: Any, base_url: str, secure: bool) -> None:
    await house.add_member()
    entered = await house.sign_in(house.browser(base_url=base_url, origin=base_url))
    value, *attributes = entered.headers["set-cookie"].split("; ")
    expected = {"HttpOnly", "Max-Age=604800", "Path=/", "SameSite=lax"} | ({"Secure"} if secure else set())
    assert set(attributes) == expected
    cookie = value.removeprefix(f"{SESSION_COOKIE}=")
    assert len(cookie) >= 43
    async with house.database.reading() as session:
        held = (await session.scalars(select(ConsoleSession))).one()
    assert cookie not in (held.token_hash, str(held.user_id))
    assert len(held.token_hash) == 64


async def test_a_link_works_once_even_for_two_at_the_same_moment(house: Any) -> None:
    await house.add_member()
    token = await house.link_token()
    browsers = [house.browser() for _ in range(4)]
    answers = await asyncio.gather(
        *(browser.post("/console/sign-in", data={"token": token}) for browser in browsers)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403]
    assert [await is_in(browser) for browser in browsers].count(True) == 1


async def test_without_a_link_the_page_says_how_to_get_one(house: Any) -> None:
    page = await house.browser().get("/console/sign-in")
    assert page.status_code == 200
    assert "<code>/console</code>" in page.text
    assert "botyard console-link" in page.text
    assert "<form" not in page.text


@pytest.mark.parametrize("kind", ["unknown", "used", "old", "claim", "nobody's", "none", "binary"])
async def test_a_dead_link_lets_nobody_in(house: Any, kind: str) -> None:
    await house.add_member()
    browser = house.browser()
    token = {
        "unknown": "x" * 43,
        "none": "",
        "binary": "\0\ud800\U0001f600".encode("utf-8", "surrogatepass"),
    }.get(kind)
    if token is None:
        purpose = LinkPurpose.CLAIM if kind == "claim" else LinkPurpose.CONSOLE
        token = await house.link_token(None if kind == "nobody's" else ANA, purpose)
    if kind == "used":
        await house.browser().post("/console/sign-in", data={"token": token})
    if kind == "old":
        house.clock.advance(5 * 60)
    answer = await browser.post("/console/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert "botyard console-link" in answer.text
    assert "set-cookie" not in answer.headers
    if kind not in ("none", "nobody's"):
        assert (await browser.get("/console/sign-in", params={"token": token})).status_code == 403


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
async def test_a_link_is_no_use_below_admin(house: Any, role: Role) -> None:
    await house.add_member(role=role)
    assert (await house.sign_in(house.browser())).status_code == 403


async def test_a_banned_admin_stays_outside(house: Any) -> None:
    await house.add_member(banned_at=house.clock.now())
    assert (await house.sign_in(house.browser())).status_code == 403


@pytest.mark.parametrize(
    ("for_one_bot", "hours", "enters"),
    [(False, None, True), (False, 1, True), (False, 0, False), (True, None, False)],
)
async def test_a_raise_opens_the_console_if_it_holds_everywhere_and_now(
    house: Any, for_one_bot: bool, hours: int | None, enters: bool
) -> None:
    await house.add_member(role=Role.PUBLIC)
    bot_id, now = await house.add_bot(), house.clock.now()
    async with house.database.session() as session:
        session.add(
            RoleRaise(
                user_id=ANA,
                bot_id=bot_id if for_one_bot else None,
                role=Role.ADMIN,
                expires_at=None if hours is None else now + timedelta(hours=hours),
                created_at=now,
            )
        )
    browser = house.browser()
    assert (await house.sign_in(browser)).status_code == (303 if enters else 403)
    if enters and hours:
        assert await is_in(browser)
        house.clock.advance(hours * HOURS)
        assert not await is_in(browser)


@pytest.mark.parametrize("change", [{"role": Role.SUBSCRIBER}, {"banned": True}])
async def test_who_loses_his_role_is_out_at_the_next_request(
    house: Any, ana: Any, change: dict[str, Any]
) -> None:
    assert await is_in(ana)
    await change_user(house, **({"banned_at": house.clock.now()} if "banned" in change else change))
    assert not await is_in(ana)


async def test_an_unused_session_ends_after_twelve_hours_and_any_after_seven_days(
    house: Any, ana: Any
) -> None:
    house.clock.advance(12 * HOURS - 1)
    assert await is_in(ana)
    house.clock.advance(12 * HOURS)
    assert not await is_in(ana)

    await house.sign_in(ana)
    for _ in range(7 * 24 // 11):
        house.clock.advance(11 * HOURS)
        assert await is_in(ana)
    house.clock.advance(3 * HOURS)  # the last 7 x 24 h are full
    assert not await is_in(ana)


async def test_a_session_is_marked_as_seen_at_most_every_five_minutes(house: Any, ana: Any) -> None:
    async def seen() -> float:
        async with house.database.reading() as session:
            held = (await session.scalars(select(ConsoleSession))).one()
            return float((held.seen_at - held.created_at).total_seconds())

    for seconds, expected in [(299, 0), (1, 300), (200, 300), (200, 700)]:
        house.clock.advance(seconds)
        await ana.get("/console/")
        assert await seen() == expected


async def test_signing_out_ends_the_session_and_not_only_the_cookie(house: Any, ana: Any) -> None:
    cookie = ana.cookies[SESSION_COOKIE]
    left = await ana.post("/console/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/console/sign-in")
    assert SESSION_COOKIE not in ana.cookies
    ana.cookies.set(SESSION_COOKIE, cookie)
    assert not await is_in(ana)
    assert [action for action, *_ in await actions(house)] == ["console.sign_in", "console.sign_out"]


async def test_signing_in_anew_ends_the_browsers_old_session_and_gives_a_new_cookie(
    house: Any, ana: Any
) -> None:
    old = ana.cookies[SESSION_COOKIE]
    await house.sign_in(ana)
    assert ana.cookies[SESSION_COOKIE] != old
    assert await is_in(ana)
    other = house.browser()
    other.cookies.set(SESSION_COOKIE, old)
    assert not await is_in(other)


async def test_signing_in_forgets_sessions_that_are_over(house: Any) -> None:
    await house.add_member()
    await house.sign_in(house.browser())
    house.clock.advance(12 * HOURS)
    await house.sign_in(house.browser())
    async with house.database.reading() as session:
        assert len((await session.scalars(select(ConsoleSession))).all()) == 1


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "%00", "a" * 4000])
async def test_a_made_up_cookie_opens_nothing(house: Any, cookie: str) -> None:
    browser = house.browser()
    browser.cookies.set(SESSION_COOKIE, cookie)
    assert not await is_in(browser)
    assert (await browser.post("/console/sign-out")).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://console.test"}, 303),
        ({"Referer": "http://console.test/console/sign-in?token=x"}, 303),
        ({"Origin": "https://public.example", "Host": "10.0.0.7:8080"}, 303),  # a proxy changed the host
        ({}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://console.test.evil.example"}, 403),
        ({"Origin": "http://console.test:9000"}, 403),
        ({"Origin": "http://evil.example", "Referer": "http://console.test/"}, 403),
        ({"Origin": "http://[console.test"}, 403),
    ],
)
async def test_a_change_must_come_from_our_own_pages(
    house: Any, headers: dict[str, str], status: int
) -> None:
    await house.add_member()
    browser, token = house.browser(base_url="https://public.example", origin=None), await house.link_token()
    browser.base_url = "http://console.test"
    answer = await browser.post("/console/sign-in", data={"token": token}, headers=headers)
    assert answer.status_code == status
    assert (SESSION_COOKIE in answer.headers.get("set-cookie", "")) == (status == 303)


async def test_another_site_cannot_sign_a_member_out(ana: Any) -> None:
    assert (await ana.post("/console/sign-out", headers={"Origin": "http://evil.example"})).status_code == 403
    assert await is_in(ana)


async def test_ten_failures_a_minute_from_one_address(house: Any) -> None:
    await house.add_member()
    browser = house.browser()
    neighbour = house.client(browser._transport.app, address="203.0.113.6")
    token = await house.link_token()
    for number in range(MOST):
        way = browser.get if number % 2 else browser.post
        body = {"params" if number % 2 else "data": {"token": f"guess-{number}"}}
        assert (await way("/console/sign-in", **body)).status_code == 403
        house.clock.advance(1)
    for answer in (
        await browser.post("/console/sign-in", data={"token": token}),
        await browser.get("/console/sign-in", params={"token": token}),
    ):
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "50"
        assert "50 s" in answer.text
    assert (await neighbour.get("/console/sign-in", params={"token": token})).status_code == 200
    house.clock.advance(50)
    assert (await browser.post("/console/sign-in", data={"token": token})).status_code == 303


def test_failures_are_kept_for_a_bounded_number_of_addresses(clock: ManualClock) -> None:
    attempts = Attempts(clock)
    for _ in range(MOST):
        attempts.note_failure("first")
    for number in range(REMEMBERED - 1):
        attempts.note_failure(str(number))
    assert attempts.wait("first") == 60
    attempts.note_failure("one more")
    assert attempts.wait("first") == 0


async def test_a_large_form_is_refused_unread(house: Any) -> None:
    answer = await house.browser().post("/console/sign-in", data={"token": "x" * 5000})
    assert answer.status_code == 413
