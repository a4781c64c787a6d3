"""/plan in chat: listed, made at once or by questions, changed by words and buttons, archived, refused."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.features.billing.catalog.shopping import buttons, data_of, now, restock
from tests.support.outcomes import GROUP, forged, pressed, told
from tests.support.running import OWNER, PAUL, Running

from botyard.features.billing.service import catalog, editing
from botyard.features.billing.service.catalog import NoSuchPlan
from botyard.features.billing.service.plan_drafts import PlanDraft
from botyard.members import entitlements
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOLD = """
[[plan]]
code = "gold-3m"
title = "Gold signals, 3 months"
months = 3
features = ["signals"]
prices = { GBP = 14700, XTR = 9500 }
"""


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The shop with one plan."""
    for user_id in (OWNER, PAUL):
        house.sandbox.world.users[user_id].language_code = "en"
        await told(house, user_id, "/start")
    await restock(house, GOLD)
    return house


async def kept(house: Running, code: str = "gold-3m") -> PlanDraft:
    """The plan as it is kept."""
    async with house.database.reading() as session:
        return (await editing.get(session, code)).draft


async def test_all_plans_are_listed_archived_ones_too(shop: Running) -> None:
    await restock(shop)
    async with shop.database.session() as session:
        await editing.archive(session, "gold-1m", editing.Editor(None, now()))
    outcome = await told(shop, OWNER, "/plan")
    assert outcome.texts[0].startswith("<b>35 plans</b>")
    assert "<b>gold-3m</b> – Gold signals, 3 months: €170.00 · £147.00 · 9,500 ⭐" in outcome.texts[0]  # noqa: RUF001
    for _ in range(3):
        outcome = await pressed(shop, OWNER, "»")
    assert "<s>gold-1m</s> – archived" in outcome.edits[0]  # noqa: RUF001
    card = await pressed(shop, OWNER, "gold-1m")
    assert "Sell it again" in [each["text"] for each in buttons(card)]
    assert (await pressed(shop, OWNER, "« All plans")).edits[0].startswith("<b>35 plans</b>")


async def test_others_do_not_see_it(shop: Running) -> None:
    assert (await told(shop, PAUL, "/plan")).how == "command:plan:denied"
    assert (await forged(shop, PAUL, "plan:archive:gold-3m")).toasts == ["This button is for admins."]
    assert "/plan " not in (await told(shop, PAUL, "/help")).texts[0]
    async with shop.database.reading() as session:
        assert await catalog.offers(session, now())


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ("100001 stars", "The price in Stars must be 1 to 100,000."),
        ("0 GBP", "The price in GBP must be 0.01 to 999,999.99."),
        ("0 JPY", "The price in JPY must be 1 to 99,999,999."),
        ("0 KWD", "The price in KWD must be 0.001 to 99,999.999."),
    ],
)
async def test_what_a_price_may_be_is_said_in_plain_words(shop: Running, prices: str, said: str) -> None:
    assert said in (await told(shop, OWNER, f"/plan set gold-3m prices {prices}")).texts[0]


async def test_plans_are_no_talk_for_a_group(shop: Running) -> None:
    said = await told(shop, OWNER, "/plan set gold-3m prices 1.00 GBP", chat_id=GROUP)
    assert said.texts == ["Write to me about plans and codes in our private chat: /plan"]
    assert (await kept(shop)).prices == {"GBP": 14700, "XTR": 9500}


async def test_an_admin_of_one_bot_only_changes_nothing(shop: Running) -> None:
    await told(shop, OWNER, f"/role {PAUL} ADMIN bot:shop")
    try:
        for words in ("", " set gold-3m prices 1.00 GBP", " archive gold-3m", " set gold-3m title"):
            assert "admin of shop only" in (await told(shop, PAUL, f"/plan{words}")).texts[0]
        assert "admin of shop only" in (await forged(shop, PAUL, "plan:archive:gold-3m")).toasts[0]
        assert "admin of shop only" in (await forged(shop, PAUL, "plan:ask:title:gold-3m")).toasts[0]
    finally:
        await told(shop, OWNER, f"/role {PAUL} PUBLIC bot:shop")
    async with shop.database.reading() as session:
        plan = await editing.get(session, "gold-3m")
    assert (plan.draft.prices, plan.archived_at) == ({"GBP": 14700, "XTR": 9500}, None)


async def test_a_plan_is_made_at_once(shop: Running) -> None:
    outcome = await told(
        shop,
        OWNER,
        "/plan new silver-1y\nSilver, 1 year\n1 year\n99.00 GBP, 110 EUR, 7000 stars\nsignals, max_devices=3",
    )
    assert outcome.texts[0].startswith("<b>silver-1y is saved.</b>")
    draft = await kept(shop, "silver-1y")
    assert (draft.title, draft.months, draft.pack) == ("Silver, 1 year", 12, "silver")
    assert draft.prices == {"EUR": 11000, "GBP": 9900, "XTR": 7000}
    assert draft.features == ("signals", "max_devices=3")
    async with shop.database.reading() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.subject, entry.actor_id) == ("plan.add", "plan:silver-1y", OWNER)


async def test_what_is_missing_is_asked_for(shop: Running) -> None:
    assert "What is <b>tea-1m</b> called?" in (await told(shop, OWNER, "/plan new tea-1m")).texts[0]
    wrong = await told(shop, OWNER, "T" * 33)
    assert "1 to 32 characters" in wrong.texts[0]
    assert "How long does" in (await told(shop, OWNER, "Tea & cake")).texts[0]
    assert "is no length" in (await told(shop, OWNER, "ages")).texts[0]
    assert "cost?" in (await told(shop, OWNER, "stars")).texts[0]
    assert "needs a price in Stars" in (await told(shop, OWNER, "5 GBP")).texts[0]
    done = await told(shop, OWNER, "500 stars")
    assert "tea-1m is saved" in done.texts[0]
    assert "Title: Tea &amp; cake" in done.texts[0]
    draft = await kept(shop, "tea-1m")
    assert (draft.stars_subscription, draft.days, draft.prices) == (True, 30, {"XTR": 500})
    assert (await told(shop, OWNER, "signals")).how != "dialog"


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("title Gold, a quarter", "title", "Gold, a quarter"),
        ("description All signals <b>& more</b>", "description", "All signals <b>& more</b>"),
        ("description none", "description", ""),
        ("prices 1.00 GBP", "prices", {"GBP": 100}),
        ("length 90 days", "days", 90),
        ("features signals, analytics=pro", "features", ("signals", "analytics=pro")),
        (f"chats {GROUP}, -1001234567890", "chats", (-1001234567890, GROUP)),
        ("chats none", "chats", ()),
        ("trial 7 days", "trial_days", 7),
        ("pack metals", "pack", "metals"),
        ("stripe on", "stripe_subscription", True),
    ],
)
async def test_each_part_is_changed_by_words(shop: Running, words: str, field: str, value: Any) -> None:
    outcome = await told(shop, OWNER, f"/plan set gold-3m {words}")
    assert outcome.texts[0].startswith("<b>gold-3m is saved.</b>"), outcome.texts
    assert getattr(await kept(shop), field) == value


async def test_a_length_takes_the_other_away(shop: Running) -> None:
    await told(shop, OWNER, "/plan set gold-3m length 90 days")
    draft = await kept(shop)
    assert (draft.days, draft.months) == (90, None)


async def test_a_window_opens_and_closes_the_sale(shop: Running) -> None:
    outcome = await told(shop, OWNER, "/plan set gold-3m window from 2099-01-01 until 2099-02-01")
    assert "gold-3m</b> – not sold yet" in outcome.texts[0]  # noqa: RUF001
    assert "Sold: from January 1, 2099, 00:00 UTC until February 1, 2099, 00:00 UTC" in outcome.texts[0]
    async with shop.database.reading() as session:
        with pytest.raises(NoSuchPlan):
            await catalog.find_offer(session, "gold-3m", now())
    await told(shop, OWNER, "/plan set gold-3m window always")
    assert (await kept(shop)).sold_from is None


@pytest.mark.parametrize(
    ("field", "answer", "shown"),
    [
        ("Prices", "137.00 GBP", "Prices: £137.00"),
        ("Chats", str(GROUP), f"({GROUP})"),
        ("Trial", "14 days", "Trial: 14 days"),
        ("When sold", "until 2099-01-01", "Sold: until January 1, 2099"),
        ("Stripe renews", "on", "renewed by Stripe"),
    ],
)
async def test_a_button_asks_and_the_answer_changes(
    shop: Running, field: str, answer: str, shown: str
) -> None:
    await told(shop, OWNER, "/plan gold-3m")
    asked = await pressed(shop, OWNER, field)
    assert "<b>gold-3m</b>" in asked.texts[0]
    assert "/cancel leaves it." in asked.texts[0]
    done = await told(shop, OWNER, answer)
    assert done.how == "dialog"
    assert shown in done.texts[0]


async def test_a_wrong_answer_is_asked_again(shop: Running) -> None:
    await told(shop, OWNER, "/plan set gold-3m prices")
    assert "is no price" in (await told(shop, OWNER, "cheap")).texts[0]
    assert "Prices: £1.00" in (await told(shop, OWNER, "1 GBP")).texts[0]


async def test_a_plan_is_archived_and_restored_by_buttons(shop: Running) -> None:
    await told(shop, OWNER, "/plan gold-3m")
    assert (await pressed(shop, OWNER, "Archive")).toasts == ["Archived. Who has it keeps it."]
    assert (await told(shop, PAUL, "/plans")).texts == ["There is nothing to buy at the moment."]
    back = await pressed(shop, OWNER, "Sell it again")
    assert back.toasts == ["It is sold again."]
    shown = await pressed(shop, OWNER, "As members see it")
    assert "buy:gold-3m:-:GBP" in data_of(shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("new gold-3m", "There is a plan gold-3m already."),
        ("new Gold!", "The code must be"),
        ("new x\nX\n3 months\n0 GBP", "price in GBP must be"),
        ("new x\nX\n3 months\n5 GBP\nsignals\nmore", "To make a plan"),
        ("nothing", "There is no plan nothing."),
        ("set nothing title X", "There is no plan nothing."),
        ("set gold-3m colour red", "To make a plan"),
        ("set gold-3m chats @nobody_knows", "No chat @nobody_knows is known."),
        ("set gold-3m prices 1000000 XTR", "1 to 100,000"),
        ("set gold-3m stripe on", "saved"),
        ("archive nothing", "There is no plan nothing."),
        ("help", "To make a plan"),
    ],
)
async def test_what_does_not_work_is_said(shop: Running, words: str, said: str) -> None:
    before = await kept(shop)
    assert said in (await told(shop, OWNER, f"/plan {words}")).texts[0]
    if said != "saved":
        assert await kept(shop) == before


@pytest.mark.parametrize("data", ["plan", "plan:", "plan:card", "plan:list:x", "plan:ask:colour:gold-3m"])
async def test_forged_presses_do_nothing(shop: Running, data: str) -> None:
    outcome = await forged(shop, OWNER, data)
    assert [method for method, _ in outcome.calls] == ["answerCallbackQuery"]


async def test_members_get_new_features_soon_after(shop: Running) -> None:
    await told(shop, OWNER, "/plan set gold-3m trial 7")
    await pressed_trial(shop)
    await told(shop, OWNER, "/plan set gold-3m features signals, analytics=pro")

    async def has_it() -> bool:
        async with shop.database.reading() as session:
            return await entitlements.has(session, PAUL, "analytics", now())

    await shop.until(has_it)


async def pressed_trial(house: Running) -> None:
    """Paul begins the trial."""
    await told(house, PAUL, "/plans gold-3m")
    assert "yours to try" in (await pressed(house, PAUL, "Try it: 7 days free")).texts[0]
