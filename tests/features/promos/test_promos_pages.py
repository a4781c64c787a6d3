"""/console/promos: added, edited, retired; each button's clicks, and who clicked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.console import Browser, signed_in
from tests.support.outcomes import forged, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.promos.models import Promo, PromoButton
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUTTONS = "Join | https://example.com/join\nInterested | press | Thanks"


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: Running) -> AsyncIterator[Browser]:
    """The owner's, without any promo."""
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        for table in (PromoButton, Promo):
            await session.execute(delete(table))
    async with signed_in(house, OWNER) as browser:
        yield browser


async def only(house: Running) -> Promo:
    async with house.database.reading() as session:
        return (await session.scalars(select(Promo))).one()


async def test_a_promo_is_added_and_listed(house: Running, browser: Browser) -> None:
    assert "No promos yet" in (await browser.get("/promos")).text
    added = await browser.post("/promos/new", code="spring", html="<b>Spring</b>", buttons=BUTTONS)
    assert (added.status, added.path) == (200, "/console/promos")
    assert "spring is saved." in added.text
    assert "Join, Interested" in added.text
    promo = await only(house)
    assert (promo.html, promo.created_by, promo.active) == ("<b>Spring</b>", OWNER, True)
    async with house.database.reading() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.actor_id, entry.bot_id) == ("promo.add", OWNER, None)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"code": "Spring!"}, "A code is 1 to 32"),
        ({"code": ""}, "Fill this in."),
        ({"html": "<b>x"}, "&lt;b&gt; is never closed."),
        ({"html": "<script>x</script>"}, "Telegram has no &lt;script&gt;."),
        ({"html": "x" * 4097}, "at most 4096 characters; this has 4097"),
        ({"buttons": "Join"}, "neither a link nor a press"),
    ],
)
async def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(
    house: Running, browser: Browser, fields: dict[str, str], problem: str
) -> None:
    shown = await browser.post("/promos/new", **{"code": "spring", "html": "x", "buttons": "", **fields})
    assert (shown.status, problem in shown.text) == (422, True), shown.text
    async with house.database.reading() as session:
        assert (await session.scalars(select(Promo))).all() == []


async def test_a_code_is_taken_once(browser: Browser) -> None:
    await browser.post("/promos/new", code="spring", html="x", buttons="")
    shown = await browser.post("/promos/new", code="spring", html="x", buttons="")
    assert (shown.status, "There is a promo spring already." in shown.text) == (422, True)


async def test_clicks_by_button_and_by_name(house: Running, browser: Browser) -> None:
    await browser.post("/promos/new", code="spring", html="x & y", buttons=BUTTONS)
    promo = await only(house)
    for user_id in (PAUL, PAUL, ANA):
        await forged(house, user_id, f"promo:{promo.id}:2")
    shown = (await browser.get(f"/promos/{promo.id}")).text
    assert "Interested an answer: Thanks 3 2" in shown
    assert "Join https://example.com/join 0 0" in shown
    assert "Who pressed Interested" in shown
    assert f"Sousa {ANA} 1" in shown
    assert f"{PAUL} 2" in shown


async def test_it_is_edited_retired_and_brought_back(house: Running, browser: Browser) -> None:
    await browser.post("/promos/new", code="spring", html="x", buttons=BUTTONS)
    promo = await only(house)
    form = await browser.get(f"/promos/{promo.id}/edit")
    assert "Interested | press | Thanks" in form.text
    edited = await browser.post(f"/promos/{promo.id}/edit", html="new", buttons="Interested | press | Bye")
    assert "spring is saved." in edited.text
    assert (await only(house)).html == "new"
    wrong = await browser.post(f"/promos/{promo.id}/edit", html="", buttons="")
    assert (wrong.status, (await only(house)).html) == (422, "new")
    assert (await forged(house, PAUL, f"promo:{promo.id}:2")).toasts == ["Bye"]
    assert "spring is retired." in (await browser.post(f"/promos/{promo.id}/retire")).text
    assert (await forged(house, PAUL, f"promo:{promo.id}:2")).toasts == ["This offer is over."]
    assert "spring is back." in (await browser.post(f"/promos/{promo.id}/revive")).text


@pytest.mark.parametrize("number", ["999999", "99999999999999999999"])
async def test_what_is_gone_is_said(browser: Browser, number: str) -> None:
    shown = await browser.get(f"/promos/{number}")
    assert (shown.status, "This promo is gone." in shown.text) == (404, True)
