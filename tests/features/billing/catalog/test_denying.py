"""Who lacks a feature is told which plans have it, and is let in once he has one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.billing.catalog.shopping import buttons, data_of, now, record, restock
from tests.support.outcomes import GROUP, count_of, pressed, told, two_bots
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard import app
from botyard.feature import Feature
from botyard.features.billing.models import Direction, Kind, Source
from botyard.features.billing.service.entitling import Entry
from botyard.money import Money
from botyard.routing.context import Context
from botyard.routing.registry import command

pytestmark = pytest.mark.asyncio(loop_scope="module")


@command("gated", description="For who has signals", needs="signals")
async def gated(ctx: Context) -> None:
    """Says what only who has signals may read."""
    ctx.reply("Gold: buy")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service with one feature more, whose command needs signals."""
    with pytest.MonkeyPatch.context() as patch:
        features = (*app.FEATURES, Feature("gated", commands=(gated,)))
        patch.setattr(app, "FEATURES", features)
        patch.setattr(app, "REGISTRY", app.registry_of(features))
        folder = tmp_path_factory.mktemp("house")
        async with two_bots(sqlite_template, folder, telegram_payment_provider_token="1:TEST:x") as house:
            for user_id in (OWNER, PAUL, ANA):
                await told(house, user_id, "/start")
            yield house


async def test_the_packs_that_have_it_are_offered(house: Running) -> None:
    await restock(house)
    series = 'entitlement_denied_total{feature="signals"}'
    before = await count_of(house, series)
    outcome = await told(house, PAUL, "/gated")
    assert outcome.how == "command:gated:denied"
    assert outcome.texts == ["This needs <b>signals</b>. These have it:"]
    assert data_of(outcome)[:2] == ["plans:open:gold", "plans:open:crypto"]
    assert data_of(outcome)[-1] == "plans:open"
    assert await count_of(house, series) == before + 1
    opened = await pressed(house, PAUL, "Gold signals")
    assert opened.texts[0].startswith("<b>Gold signals</b>\n\nWith it: signals, gold")


async def test_few_plans_have_a_button_each(house: Running) -> None:
    await restock(
        house,
        '[[plan]]\ncode = "gold"\ntitle = "Gold"\ndays = 30\nfeatures = ["signals"]\nprices = { GBP = 100 }\n'
        '[[plan]]\ncode = "tea"\ntitle = "Tea"\ndays = 30\nfeatures = ["tea"]\nprices = { GBP = 100 }\n',
    )
    assert data_of(await told(house, PAUL, "/gated")) == ["plans:open:gold"]
    card = await pressed(house, PAUL, "Gold")
    assert "buy:gold:-:GBP" in data_of(card)
    (link,) = buttons(await told(house, PAUL, "/gated", chat_id=GROUP))
    assert link["url"].endswith("?start=plan-gold")


async def test_who_has_no_plan_is_offered_them_for_what_any_plan_has(house: Running) -> None:
    await restock(house)
    outcome = await told(house, PAUL, "/stats")
    assert outcome.how == "command:stats:denied"
    assert outcome.texts == ["This is for members who have a plan. These are sold:"]
    assert data_of(outcome)[:2] == ["plans:open:gold", "plans:open:crypto"]
    (link, *_) = buttons(await told(house, PAUL, "/stats", chat_id=GROUP))
    assert link["url"].endswith("?start=plan-gold")
    await restock(house, "")
    outcome = await told(house, PAUL, "/stats")
    assert outcome.texts == ["This is for members who have a plan. None is sold at the moment."]
    assert buttons(outcome) == []


async def test_what_nobody_sells_is_said(house: Running) -> None:
    await restock(house, "")
    outcome = await told(house, PAUL, "/gated")
    assert outcome.texts == ["This needs <b>signals</b>, which is not sold at the moment."]
    assert buttons(outcome) == []


async def test_who_has_it_is_let_in_and_so_are_admins(house: Running) -> None:
    await restock(house)
    assert (await told(house, OWNER, "/gated")).texts == ["Gold: buy"]
    entry = Entry(
        kind=Kind.GRANT,
        source=Source.ADMIN,
        direction=Direction.IN,
        external_id="gift",
        money=Money(0, "XTR"),
        at=now() - timedelta(days=1),
        plan="gold-1m",
        pack="gold",
        days=2,
    )
    await record(house, ANA, entry)
    assert (await told(house, ANA, "/gated")).texts == ["Gold: buy"]
