"""What a member sees, and what every answer carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.console.demonstration_pages import PAGES
from tests.support.paid import give_time

from botyard.console import Page, Templates, signed_in
from botyard.ids import BotId, UserId
from botyard.inbox.models import UpdateState, updates
from botyard.members.models import BotChat, Chat, Role
from botyard.outbox import queue

ANA = UserId(1001)
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


async def add_updates(house: Any, bot_id: BotId, state: UpdateState, ids: range) -> None:
    async with house.database.begin() as connection:
        await connection.execute(
            insert(updates),
            [
                {
                    "bot_id": bot_id,
                    "update_id": number,
                    "kind": "message",
                    "lane": "l",
                    "slot": 1,
                    "urgent": False,
                    "body": b"{}",
                    "received_at": house.clock.now(),
                    "state": state,
                    "attempts": 0,
                }
                for number in ids
            ],
        )


async def add_calls(house: Any, bot_id: BotId, count: int) -> None:
    async with house.database.begin() as connection:
        priorities = [queue.Priority.REPLY, queue.Priority.BROADCAST]
        calls = [queue.Call(bot_id, "getMe", {}, priority=priorities[number % 2]) for number in range(count)]
        await queue.add(connection, calls, house.clock.now())


async def start_bot(house: Any, bot_id: BotId) -> None:
    now = house.clock.now()
    async with house.database.session() as session:
        chat = Chat(telegram_id=55, type="private", created_at=now)
        session.add(chat)
        await session.flush()
        session.add(BotChat(bot_id=bot_id, chat_key=chat.id, status="member", reachable=True, changed_at=now))


async def home(browser: Any) -> str:
    page = await browser.get("/console/")
    assert page.status_code == 200
    return " ".join(page.text.split())


def figure(page: str, name: str) -> list[str]:
    """Every number that the page shows under a name."""
    return [part.split("<dd>")[1].split("</dd>")[0] for part in page.split(f"<dt>{name}</dt>")[1:]]


async def test_home_says_who_is_signed_in(house: Any) -> None:
    await house.add_member(role=Role.OWNER, last_name="Bell")
    browser = house.browser()
    await house.sign_in(browser)
    assert "You are signed in as <b>Ana Bell</b>, Owner." in await home(browser)


async def test_without_a_bot_home_says_how_to_get_one(ana: Any) -> None:
    page = await home(ana)
    assert "Add your first bot" in page
    assert "TELEGRAM_BOT_TOKEN" in page


async def test_a_bot_that_nobody_has_started_says_so(house: Any, ana: Any) -> None:
    bot_id = await house.add_bot()
    page = await home(ana)
    assert "Add your first bot" not in page
    assert "Nobody has written yet. Send <code>/start</code> to @main_bot" in page
    await start_bot(house, bot_id)
    assert "Nobody has written yet" not in await home(ana)


async def test_home_shows_each_bot_with_what_waits_and_what_died(house: Any, ana: Any) -> None:
    main = await house.add_bot()
    shop = await house.add_bot(800, "shop", None)
    await add_updates(house, main, UpdateState.PENDING, range(1, 4))
    await add_updates(house, main, UpdateState.DONE, range(4, 10))
    await add_updates(house, shop, UpdateState.DEAD, range(1, 3))
    await add_calls(house, shop, 5)
    page = await home(ana)
    assert figure(page, "Updates waiting") == ["3", "0"]
    assert figure(page, "Calls waiting") == ["0", "5"]
    assert figure(page, "Dead letters") == ["0", "2"]
    assert page.count("botyard replay") == 1
    assert page.count('<span class="tag">Polling</span>') == 2
    assert 'href="https://t.me/main_bot"' in page
    assert "None" not in page
    for secret in ("not-to-be-shown", "hook-secret"):
        assert secret not in page


async def test_home_counts_members_and_subscribers(house: Any, ana: Any) -> None:
    for number, role in enumerate([Role.PUBLIC, Role.PUBLIC, Role.PUBLIC, Role.PUBLIC, Role.OWNER]):
        await house.add_member(UserId(2000 + number), role)
    now = house.clock.now()
    async with house.database.session() as session:
        for user_id, days in [(2000, 30), (2001, 0), (2004, 1)]:
            await give_time(session, user_id, now, days)
    page = await home(ana)
    assert figure(page, "Members") == ["6"]
    assert figure(page, "Subscribers") == ["2"]


async def test_names_are_text_and_not_markup(house: Any) -> None:
    await house.add_member(name='<script>alert(1)</script>"&')
    await house.add_bot(name="<b>bot</b>", username='x"><img src=x>')
    browser = house.browser()
    await house.sign_in(browser)
    page = await home(browser)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for markup in ("<script", "<b>bot", "<img src=x"):
        assert markup not in page


async def show_guides(request: Request) -> Response:
    return Response(f"guides for {signed_in(request).role.name}")


async def break_down(request: Request) -> Response:
    raise RuntimeError("a detail that no page may show")


async def test_pages_of_features_stand_behind_the_sign_in(house: Any) -> None:
    await house.add_member()
    browser = house.browser(pages=[Route("/guides", show_guides, methods=["GET", "POST"])])
    for answer in (await browser.get("/console/guides"), await browser.post("/console/guides")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    await house.sign_in(browser)
    assert (await browser.get("/console/guides")).text == "guides for ADMIN"
    assert (await browser.post("/console/guides")).status_code == 200
    assert (
        await browser.post("/console/guides", headers={"Origin": "http://evil.example"})
    ).status_code == 403


async def test_a_page_has_its_place_in_the_navigation_and_the_layout(house: Any, tmp_path: Path) -> None:
    (tmp_path / "guides.html").write_text(
        "{% extends 'console/layout.html' %}{% block title %}Guides{% endblock %}"
        "{% block content %}<p>{{ text }}</p>{% endblock %}"
    )
    templates = Templates(tmp_path)

    async def guides(request: Request) -> Response:
        return templates.show(request, "guides.html", text="a <guide>")

    await house.add_member()
    pages = [Page("/guides", guides, title="Guides"), Route("/guides/{name}", guides)]
    browser = house.browser(pages=pages)
    await house.sign_in(browser)
    assert '<a href="/console/guides">Guides</a>' in await home(browser)
    assert '<a href="/console/" aria-current="page">Home</a>' in await home(browser)
    for path in ("/console/guides", "/console/guides/first"):
        page = (await browser.get(path)).text
        assert '<a href="/console/guides" aria-current="page">Guides</a>' in page
        assert '<a href="/console/">Home</a>' in page
        assert "<h1>Guides</h1>" in page
        assert "<p>a &lt;guide&gt;</p>" in page


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 403), (Role.OWNER, 200)])
async def test_a_page_may_need_a_higher_role(house: Any, role: Role, status: int) -> None:
    await house.add_member(role=role)
    browser = house.browser(pages=PAGES)
    await house.sign_in(browser)
    answer = await browser.get("/console/guides/owners")
    assert answer.status_code == status
    if status == 403:
        assert "This needs the role OWNER." in answer.text
        assert "Ask an owner of the business to do it." in answer.text


@pytest.mark.parametrize(
    ("path", "status", "caching"),
    [
        ("/console/", 200, "no-store"),
        ("/console/sign-in", 200, "no-store"),
        ("/console/sign-in?token=x", 403, "no-store"),
        ("/console/nothing", 404, "no-store"),
        ("/console/broken", 500, "no-store"),
        ("/console/static/theme.css", 200, "no-cache"),
        ("/console/static/vendor/htmx.min.js", 200, "no-cache"),
        ("/console/static/nothing.css", 404, "no-cache"),
        ("/console/static/../app.py", 404, "no-store"),
        ("/console/static/%2e%2e/app.py", 404, "no-cache"),
    ],
)
async def test_every_answer_is_strict(house: Any, path: str, status: int, caching: str) -> None:
    await house.add_member()
    browser = house.browser(pages=[Route("/broken", break_down)])
    await house.sign_in(browser)
    answer = await browser.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == caching
    assert "no page may show" not in answer.text
    if status in (404, 500):
        assert "Go to the console" in answer.text


async def test_a_stranger_is_shown_the_way_in_wherever_he_goes(house: Any) -> None:
    browser = house.browser(pages=[Route("/broken", break_down)])
    for path in ("/console/", "/console/nothing", "/console/broken", "/console/openapi.json"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
        assert answer.headers["content-security-policy"] == POLICY
    assert (await browser.get("/console")).headers["location"].endswith("/console/")


async def test_a_part_that_renews_itself_brings_a_stranger_to_the_way_in(house: Any) -> None:
    """Not into the part: htmx would put the page for signing in where the part stood."""
    answer = await house.browser().get("/console/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"], answer.text) == (401, "true", "")


@pytest.mark.parametrize(
    "name", ["document", "home", "kit", "layout", "no_link", "notice", "refusal", "sign_in"]
)
def test_no_template_has_a_script_or_style_of_its_own_or_needs_the_network(name: str) -> None:
    import botyard.console

    text = (Path(botyard.console.__file__).parent / "templates" / f"{name}.html").read_text()
    text = text.replace('<script src="/console/static/', "")
    for forbidden in ("<script", "<style", "style=", "onclick", 'src="http', "@import", "|safe"):
        assert forbidden not in text
