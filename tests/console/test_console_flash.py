"""The notice after a change: shown once, to the browser that made it, and never anybody else's text."""

from __future__ import annotations

from typing import Any

import pytest
from tests.console.demonstration_pages import PAGES

from botyard.console.flash import MOST_CHARACTERS, NOTICE_COOKIE
from botyard.ids import UserId
from botyard.members.models import Role
from botyard.members.sign_in import SESSION_COOKIE

BORIS = UserId(1002)


@pytest.fixture
async def browser(house: Any) -> Any:
    """A browser that is signed in to a console with the demonstration's pages."""
    await house.add_member()
    browser = house.browser(pages=PAGES)
    await house.sign_in(browser)
    return browser


async def save(browser: Any, title: str) -> Any:
    fields = {"title": title, "order": "1", "level": "beginner", "chats": "7"}
    answer = await browser.post("/console/guides/new", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/guides")
    return answer


async def shown(browser: Any, path: str = "/console/guides") -> str:
    page = await browser.get(path)
    assert page.status_code == 200
    return page.text


@pytest.mark.parametrize("title", ["Gold", "Золото: 金 🥇", '"; Path=/; <b>&'])
async def test_a_notice_is_shown_once_as_text(browser: Any, title: str) -> None:
    answer = await save(browser, title)
    cookie = answer.headers["set-cookie"]
    for attribute in ("Max-Age=60", "Path=/console", "HttpOnly", "SameSite=lax"):
        assert attribute in cookie
    page = await shown(browser)
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert f'<p class="banner good" role="status">“{escaped}” is saved.</p>' in page
    assert "is saved." not in await shown(browser)


async def test_a_page_that_shows_no_notice_leaves_it_for_the_next(browser: Any) -> None:
    await save(browser, "Gold")
    assert (await browser.get("/console/nothing")).status_code == 404
    assert (await browser.get("/console/guides/7")).text == "guide 8 for ADMIN"
    assert "is saved." in await shown(browser, "/console/")


async def test_a_long_notice_still_fits_into_a_cookie(browser: Any) -> None:
    answer = await browser.post("/console/guides/long", headers={"X-Length": str(MOST_CHARACTERS + 1)})
    assert 1600 < len(answer.headers["set-cookie"]) < 4096
    assert "🥇" * (MOST_CHARACTERS - 1) + "…</p>" in await shown(browser)
    await browser.post("/console/guides/long", headers={"X-Length": str(MOST_CHARACTERS)})
    assert "🥇" * MOST_CHARACTERS + "</p>" in await shown(browser)


@pytest.mark.parametrize(
    "forged",
    [
        "Z29vZDpQYXkgbWU=.",
        "Z29vZDpQYXkgbWU=",
        "Z29vZDpQYXkgbWU=." + "0" * 64,
        "Pay me",
        "é.é",
        ".",
        "%00",
    ],
)
async def test_a_text_from_elsewhere_is_never_shown(browser: Any, forged: str) -> None:
    cookies = f"{SESSION_COOKIE}={browser.cookies[SESSION_COOKIE]}; {NOTICE_COOKIE}={forged}"
    page = await browser.get("/console/guides", headers={"Cookie": cookies.encode("latin-1")})
    assert page.status_code == 200
    assert page.text.count('class="banner') == 1  # the page's own
    assert "Pay me" not in page.text


async def test_a_notice_of_one_session_is_none_in_another(house: Any, browser: Any) -> None:
    await save(browser, "Pay me")
    sealed = browser.cookies.get(NOTICE_COOKIE)
    await house.add_member(BORIS, Role.OWNER, "Boris")
    other = house.client(browser._transport.app)
    await house.sign_in(other, BORIS)
    other.cookies.set(NOTICE_COOKIE, sealed, path="/console")
    assert "Pay me" not in await shown(other)
    assert "Pay me" in await shown(browser)


async def test_the_cookie_keeps_to_https_where_the_browser_does(house: Any) -> None:
    await house.add_member()
    for scheme, secure in (("https", True), ("http", False)):
        address = f"{scheme}://console.test"
        browser = house.browser(base_url=address, origin=address, pages=PAGES)
        await house.sign_in(browser)
        answer = await save(browser, "Gold")
        assert ("Secure" in answer.headers["set-cookie"]) == secure
        assert "is saved." in await shown(browser)
