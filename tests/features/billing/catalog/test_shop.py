"""/plans: packs, lengths, cards and prices in the member's language and currency; trials; and in groups."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.features.billing.catalog.shopping import buttons, data_of, now, restock
from tests.support.outcomes import GROUP, forged, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.billing.models import Payment, Source
from botyard.features.billing.service import editing
from botyard.features.billing.service.editing import Editor
from botyard.members import entitlements
from botyard.members.models import Chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPACE = "\xa0"


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The shop with the real price table; Paul's client is in English, Ana's in German."""
    for user_id, language in ((PAUL, "en"), (ANA, "de"), (OWNER, "en")):
        house.sandbox.world.users[user_id].language_code = language
        await told(house, user_id, "/start")
    await restock(house)
    return house


async def test_the_packs_are_shown_with_lengths_and_prices(shop: Running) -> None:
    outcome = await told(shop, PAUL, "/plans")
    (text,) = outcome.texts
    assert "<b>Gold signals</b>\n1 month £59.00 · 3 months £147.00 · 6 months £264.00" in text
    assert text.count("1 year") == 7
    assert data_of(outcome)[:2] == ["plans:pack:gold:GBP", "plans:pack:crypto:GBP"]
    assert [each["text"] for each in buttons(outcome)][-1] == "Prices in: £ British Pound"


@pytest.mark.parametrize("alias", ["shop", "catalog"])
async def test_it_has_other_names(shop: Running, alias: str) -> None:
    assert "Gold signals" in (await told(shop, PAUL, f"/{alias}")).texts[0]


async def test_prices_follow_language_and_choice(shop: Running) -> None:
    outcome = await told(shop, ANA, "/plans")
    assert f"3 months 170,00{SPACE}€" in outcome.texts[0]
    chooser = await pressed(shop, ANA, "plans:money:EUR")
    assert [each["text"] for each in buttons(chooser)] == [
        "✓ € Euro",
        "£ Britisches Pfund",
        "⭐ Telegram Stars",
    ]
    (text,) = (await pressed(shop, ANA, "⭐ Telegram Stars")).edits
    assert "3 months 9.500 ⭐" in text


async def test_from_the_packs_to_the_card_and_back(shop: Running) -> None:
    await told(shop, PAUL, "/plans")
    pack = await pressed(shop, PAUL, "Gold signals")
    assert "3 months \u2013 <b>£147.00</b> (£49.00 a month)" in pack.edits[0]
    assert "With it: signals, gold" in pack.edits[0]
    assert "plan-trial:gold-1m" in data_of(pack)
    card = await pressed(shop, PAUL, "3 months · £147.00")
    text = card.edits[0]
    assert text.startswith("<b>Gold signals, 3 months</b>\n\nAll signals of the gold desk.")
    assert "Lasts: 3 months" in text
    assert "Price: <b>£147.00 · €170.00 · 9,500 ⭐</b>" in text
    assert "Have a code? Send <code>/buy gold-3m CODE</code>" in text
    assert [(each["text"], each["callback_data"]) for each in buttons(card)] == [
        ("Buy for £147.00", "buy:gold-3m:-:GBP"),
        ("« Other lengths", "plans:pack:gold:GBP"),
    ]
    back = await pressed(shop, PAUL, "« Other lengths")
    assert back.edits == pack.edits
    assert "crypto" in (await pressed(shop, PAUL, "« All plans")).edits[0].lower()


@pytest.mark.parametrize("way", ["/start plan-gold-3m", "/plans gold-3m", "/plans GOLD-3M"])
async def test_a_link_or_a_word_opens_the_card(shop: Running, way: str) -> None:
    outcome = await told(shop, PAUL, way)
    assert outcome.texts[0].startswith("<b>Gold signals, 3 months</b>")
    assert "buy:gold-3m:-:GBP" in data_of(outcome)


async def test_a_link_to_a_pack_or_to_nothing_opens_what_there_is(shop: Running) -> None:
    pack = await told(shop, PAUL, "/start plan-gold-crypto")
    assert pack.texts[0].startswith("<b>Gold and crypto</b>")
    assert (await told(shop, PAUL, "/start plan")).texts[0].startswith("<b>Plans</b>")
    gone = await told(shop, PAUL, "/start plan-bronze-3m")
    assert gone.texts[0].startswith("<b>bronze-3m</b> is not sold here. These are:\n\n<b>Plans</b>")


async def test_an_empty_shop_says_so(shop: Running) -> None:
    await restock(shop, "")
    assert (await told(shop, PAUL, "/plans")).texts == ["There is nothing to buy at the moment."]


async def test_what_is_archived_meanwhile_is_gone(shop: Running) -> None:
    await told(shop, PAUL, "/plans gold")
    async with shop.database.session() as session:
        await editing.archive(session, "gold-3m", Editor(None, now()))
    outcome = await pressed(shop, PAUL, "3 months · £147.00")
    assert outcome.toasts == ["This is no longer sold."]
    assert data_of(outcome) == ["plans:list::0"]
    assert "gold-3m" not in str(data_of(await told(shop, PAUL, "/plans gold")))


@pytest.mark.parametrize(
    "data",
    ["plans", "plans:", "plans:list:GBP:x", "plans:list:GBP:-1", "plans:a:b:c:d", "plans:card:gold-3m"],
)
async def test_forged_presses_do_nothing(shop: Running, data: str) -> None:
    outcome = await forged(shop, PAUL, data)
    assert [method for method, _ in outcome.calls] == ["answerCallbackQuery"]


@pytest.mark.parametrize(
    "data", ["plans:list:XXX:99999", "plans:money:'", "plans:card:gold-3m:ZZZ", "plans:pack:gold:"]
)
async def test_a_currency_that_is_none_becomes_the_usual_one(shop: Running, data: str) -> None:
    outcome = await forged(shop, PAUL, data)
    assert "GBP" in str(data_of(outcome))


async def test_texts_of_plans_are_escaped(shop: Running) -> None:
    await restock(
        shop,
        '[[plan]]\ncode = "a"\ntitle = "Tom & <b>"\ndescription = "x < y"\n'
        "days = 30\nprices = { GBP = 100 }\n",
    )
    listed = await told(shop, PAUL, "/plans")
    assert "<b>Tom &amp; &lt;b&gt;</b>" in listed.texts[0]
    assert buttons(listed)[0]["text"] == "Tom & <b>"
    assert "x &lt; y" in (await told(shop, PAUL, "/plans a")).texts[0]


async def test_chats_and_renewals_are_on_the_card(shop: Running) -> None:
    await restock(
        shop,
        '[[plan]]\ncode = "star"\ntitle = "Star"\nstars_subscription = true\nprices = { XTR = 500 }\n'
        f"chats = [{GROUP}, -1009999]\n"
        '[[plan]]\ncode = "card"\ntitle = "Card"\nmonths = 1\nprices = { GBP = 500 }\n'
        "stripe_subscription = true\n"
        f"chats = [{GROUP}]\n",
    )
    star = (await told(shop, PAUL, "/plans star")).texts[0]
    assert "Opens 2 private chats" in star
    assert "Stars renew it every 30 days until you stop it." in star
    assert "Price: <b>500 ⭐</b>" in star
    card = (await told(shop, PAUL, "/plans card")).texts[0]
    async with shop.database.reading() as session:
        title = await session.scalar(select(Chat.title).where(Chat.telegram_id == GROUP))
    assert (f"Opens: {title}" if title else "Opens a private chat") in card
    assert "renews by itself" in card


async def test_many_packs_have_pages(shop: Running) -> None:
    plan = '[[plan]]\ncode = "p{0}"\ntitle = "Pack {0}"\ndays = 30\nprices = {{ GBP = 100 }}\n'
    await restock(shop, "".join(plan.format(number) for number in range(20)))
    outcome = await told(shop, PAUL, "/plans")
    assert "Pack 7" in outcome.texts[0]
    assert "Pack 8" not in outcome.texts[0]
    assert "Pack 8" in (await pressed(shop, PAUL, "»")).edits[0]
    assert "Pack 19" in (await pressed(shop, PAUL, "»")).edits[0]


async def test_in_a_group_it_leads_to_the_private_chat(shop: Running) -> None:
    outcome = await told(shop, PAUL, "/plans gold-3m", chat_id=GROUP)
    assert outcome.texts == ["Let us talk about plans in private."]
    (link,) = buttons(outcome)
    assert link["url"].endswith("?start=plan-gold-3m")
    (link,) = buttons(await told(shop, PAUL, "/plans a b<c", chat_id=GROUP))
    assert link["url"].endswith("?start=plan")


# trials


async def test_a_trial_starts_with_a_press_and_only_once(shop: Running) -> None:
    card = await told(shop, PAUL, "/plans gold-1m")
    assert ("Try it: 7 days free", "plan-trial:gold-1m") in [
        (each["text"], each.get("callback_data")) for each in buttons(card)
    ]
    outcome = await pressed(shop, PAUL, "plan-trial:gold-1m")
    assert outcome.texts[0].startswith("<b>Gold signals, 1 month</b> is yours to try until ")
    async with shop.database.reading() as session:
        (row,) = await session.scalars(select(Payment).where(Payment.user_id == PAUL))
        assert (row.source, row.external_id, row.days) == (Source.TRIAL, f"trial:{PAUL}:gold", 7)
        assert await entitlements.has(session, PAUL, "signals", now())
    again = await forged(shop, PAUL, "plan-trial:gold-1m")
    assert again.texts == []
    assert "had this already" in again.toasts[0]
    for page in ("/plans gold-1m", "/plans gold"):
        assert "plan-trial:gold-1m" not in data_of(await told(shop, PAUL, page))
    assert "SUBSCRIBER" in (await told(shop, PAUL, "/status")).texts[0]


@pytest.mark.parametrize(
    ("data", "said"), [("plan-trial:none", "There is no plan"), ("plan-trial:gold-3m", "no trial")]
)
async def test_there_is_no_trial_of_what_has_none(shop: Running, data: str, said: str) -> None:
    outcome = await forged(shop, ANA, data)
    assert said in outcome.toasts[0]
