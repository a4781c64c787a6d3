"""The library in the console: what admins see, change, bring in and take out."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser
from tests.console.conftest import ANA, House, ana, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving
from tests.features.guides.library_of import add

from botyard.db.session import Database
from botyard.features.guides.models import Guide
from botyard.features.guides.pages import pages
from botyard.features.guides.service import library

__all__ = ["ana", "chromium", "house"]

FIELDS = {"title": "New", "category": "Basics", "url": "https://a.example", "language": "en"}


def pages_of(house: House) -> Any:
    return pages(house.site())


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    """The browser of an admin, on a library of three guides."""
    await house.add_member()
    async with house.database.session() as session:
        for title in ("A", "B"):
            await add(session, title)
        await add(session, "<Gold>", "Gold", body="text", tags="xau")
    browser = house.browser(pages=pages_of(house))
    await house.sign_in(browser)
    return browser


async def titles(database: Database) -> list[str]:
    async with database.reading() as session:
        return [each.title for each in await library.all_guides(session)]


async def one(database: Database, title: str) -> Guide:
    async with database.reading() as session:
        return next(each for each in await library.all_guides(session) if each.title == title)


async def test_the_list_has_all_guides_and_a_search(admin: httpx.AsyncClient) -> None:
    page = (await admin.get("/console/guides")).text
    assert "&lt;Gold&gt;" in page
    assert page.index("<h2>Basics") < page.index("<h2>Gold")
    found = (await admin.get("/console/guides?q=XAU")).text
    assert "&lt;Gold&gt;" in found
    assert "<h2>Basics" not in found
    assert "No guide has these words" in (await admin.get("/console/guides?q=nothing")).text


async def test_the_list_has_pages(house: House, admin: httpx.AsyncClient) -> None:
    async with house.database.session() as session:
        for number in range(60):
            await add(session, f"Number {number:02}", tags="many")
    first = (await admin.get("/console/guides")).text
    assert "1\u201350 of 63" in first
    assert "Number 47" in first
    assert "Number 48" not in first
    second = (await admin.get("/console/guides?page=1")).text
    assert "Number 48" in second
    assert "&lt;Gold&gt;" in second
    assert "Next →" not in second
    for odd in ("999", "9" * 50, "x", "-1", "²"):
        assert (await admin.get(f"/console/guides?page={odd}")).status_code == 200
    assert "q=many&amp;page=1" in (await admin.get("/console/guides?q=many")).text

    last = await one(house.database, "Number 59")
    for path, data in {
        f"{last.id}/move": {"step": "up"},
        f"{last.id}/active": {"active": "no"},
        f"{last.id}": {**FIELDS, "title": "The last"},
    }.items():
        answer = await admin.post(f"/console/guides/{path}", data=data)
        assert answer.headers["Location"] == "/console/guides?page=1", "one goes on where one was"


async def test_strangers_see_and_change_nothing(house: House, admin: httpx.AsyncClient) -> None:
    stranger = house.browser(pages=pages_of(house))
    for path in ("/console/guides", "/console/guides/guides.csv", "/console/guides/1"):
        assert (await stranger.get(path)).status_code == 303
    await stranger.post("/console/guides/1/active", data={"active": "no"})
    assert (await one(house.database, "A")).active


async def test_a_guide_is_added_edited_and_refused(house: House, admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/console/guides/new", data=FIELDS)).status_code == 303
    new = await one(house.database, "New")
    answer = await admin.post("/console/guides/new", data={**FIELDS, "url": "nowhere", "title": "<Odd>"})
    assert answer.status_code == 422
    assert "must be a full address" in answer.text
    assert 'value="&lt;Odd&gt;"' in answer.text, "what was typed is kept"
    assert (
        "already has a guide of this title in en"
        in (await admin.post("/console/guides/new", data=FIELDS)).text
    )
    form = {**FIELDS, "title": "Newer", "url": "", "body": "<b>text</b>"}
    assert (await admin.post(f"/console/guides/{new.id}", data=form)).status_code == 303
    assert (await one(house.database, "Newer")).body == "<b>text</b>"
    assert (await admin.post(f"/console/guides/{new.id}", data={**form, "title": ""})).status_code == 422
    for address in ("/console/guides/999", "/console/guides/99999999999999999999"):
        assert (await admin.get(address)).status_code == 404
        assert (await admin.post(address, data=FIELDS)).status_code == 404


async def test_guides_are_moved_retired_and_restored(house: House, admin: httpx.AsyncClient) -> None:
    guide = await one(house.database, "B")
    await admin.post(f"/console/guides/{guide.id}/move", data={"step": "up"})
    assert await titles(house.database) == ["B", "A", "<Gold>"]
    await admin.post(f"/console/guides/{guide.id}/move", data={"step": "sideways"})
    await admin.post(f"/console/guides/{guide.id}/active", data={"active": "no"})
    assert not (await one(house.database, "B")).active
    assert "Retired" in (await admin.get("/console/guides")).text
    await admin.post(f"/console/guides/{guide.id}/active", data={"active": "perhaps"})
    await admin.post(f"/console/guides/{guide.id}/active", data={"active": "yes"})
    assert await titles(house.database) == ["A", "B", "<Gold>"]


async def test_a_file_goes_out_and_in(house: House, admin: httpx.AsyncClient) -> None:
    for kind in ("csv", "json"):
        answer = await admin.get(f"/console/guides/guides.{kind}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="guides.{kind}"'
        back = await admin.post("/console/guides/import", files={"file": (f"guides.{kind}", answer.content)})
        assert back.status_code == 303
        assert "0 added, 0 changed, 3 unchanged." in (await admin.get("/console/guides")).text
    assert (await admin.get("/console/guides/guides.exe")).status_code == 404
    wrong = b"title,category,url\nC,Basics,https://a.example\n<D>,,https://a.example\n"
    answer = await admin.post("/console/guides/import", files={"file": ("guides.csv", wrong)})
    assert answer.status_code == 422
    assert "Line 3" in answer.text
    assert "The category is missing." in answer.text
    assert await titles(house.database) == ["A", "B", "<Gold>"]
    assert (await admin.post("/console/guides/import", data={})).status_code == 422


async def test_a_key_given_twice_is_no_crash(house: House, admin: httpx.AsyncClient) -> None:
    rows = [{"key": "k", "title": title, "category": "C", "url": "https://a.example"} for title in "XY"]
    file = {"file": ("guides.json", json.dumps(rows).encode())}
    answer = await admin.post("/console/guides/import", files=file)
    assert answer.status_code == 422
    assert "Entry 2" in answer.text
    assert "This is the guide of entry 1 again." in answer.text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
async def test_pages_fit_their_windows(
    house: House, chromium: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    await house.add_member()
    async with serving(house.database, house.clock, house.bots, pages_of(house)) as url:
        context = await chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
        )
        page = await context.new_page()
        await page.goto(await link(house.database, house.clock, url, ANA))
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(f"{url}/console/guides")
        await look(page, "guides-empty")
        async with house.database.session() as session:
            for title in ("First steps", "Risk, and how much of it to take on one trade", "x" * 120):
                await add(session, title, description="What to know")
            await add(session, "Золото: що рухає ціну", "Золото", active="no", language="uk")
        for path in ("", "/new", "/1", "/import"):
            await page.goto(f"{url}/console/guides{path}")
            await look(page, f"guides{path.replace('/', '-')}")
        await page.set_input_files("#file", {"name": "g.csv", "mimeType": "", "buffer": b"title\nA\n\nB\n"})
        await page.get_by_role("button", name="Import").click()
        await page.get_by_text("Line 4").wait_for()
        await look(page, "guides-import-faults")
