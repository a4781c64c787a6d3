"""Buying in chat: the invoice, what Telegram asks before, the payment, and the ledger after it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.features.billing.shop import (
    KENJI,
    NAMES,
    buy,
    doubts,
    invoice,
    is_recorded,
    ledger,
    orders,
    pay,
    press_again,
    says,
    time_of,
)
from tests.support.outcomes import count_of, given, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.features.billing.models import Order, OrderState, Plan

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAUL_SAYS = {"id": PAUL, "is_bot": False, "first_name": "Paul", "language_code": "en"}


def charge_message(user_id: int, charge_id: str, payload: str, **more: Any) -> dict[str, Any]:
    """A service message with successful_payment."""
    paid = {
        "currency": "XTR",
        "total_amount": 3500,
        "invoice_payload": payload,
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": "",
    } | more
    return {
        "message_id": 90_000,
        "date": int(SystemClock().now().timestamp()),
        "chat": {"id": user_id, "type": "private", "first_name": "x"},
        "from": {"id": user_id, "is_bot": False, "first_name": NAMES[user_id], "language_code": "en"},
        "successful_payment": paid,
    }


async def payload_of(house: Running, message_id: int) -> str:
    """The payload of the last invoice that was sent."""
    calls = [
        each
        for each in await house.calls("sendInvoice")
        if each["answer"]["result"]["message_id"] == message_id
    ]
    return str(calls[-1]["params"]["payload"])


async def query(house: Running, **changed: Any) -> tuple[bool, str]:
    """The answer to a pre-checkout query of Paul's."""
    asked = {"id": "q1", "from": PAUL_SAYS, "currency": "XTR", "total_amount": 3500} | changed
    outcome = await given(house, pre_checkout_query=asked)
    ((method, params),) = outcome.calls
    assert method == "answerPreCheckoutQuery"
    return params["ok"], params.get("error_message", "")


async def test_stars_from_the_command_to_the_subscriber(house: Running) -> None:
    await told(house, PAUL, "/start")
    sent = await invoice(house, PAUL, "gold-1m")
    call = (await house.calls("sendInvoice"))[-1]["params"]
    assert (call["currency"], call["provider_token"], call["prices"]) == (
        "XTR",
        "",
        [{"label": "Gold, 1 month", "amount": 3500}],
    )
    assert re.fullmatch(r"[0-9]+\.[A-Za-z0-9_-]{22}", call["payload"])
    assert call["start_parameter"] == "plan-gold-1m"
    assert (await pay(house, PAUL, sent["message_id"]))["ok"]
    receipt = await says(house, PAUL, "Thank you!", "Gold, 1 month", "3,500 ⭐")
    assert "Until" in receipt
    row = (await ledger(house, PAUL))[-1]
    assert (row.kind, row.source, row.amount, row.currency) == ("charge", "stars", 3500, "XTR")
    had = (await time_of(house, PAUL))[-1]
    assert timedelta(days=28) <= had.ends_at - had.starts_at <= timedelta(days=31)
    assert "SUBSCRIBER" in (await told(house, PAUL, "/status")).texts[0]
    order = (await orders(house, PAUL))[-1]
    assert (order.state, order.paid_at) == (OrderState.PAID, row.at)
    assert await count_of(house, 'telegram_payments_total{result="credited"}') >= 1
    assert await count_of(house, 'telegram_payment_value_total{currency="XTR"}') >= 3500
    assert await count_of(house, 'billing_checkout_started_total{plan="gold-1m"}') >= 1


async def test_an_early_renewal_is_added_to_the_end(house: Running) -> None:
    await buy(house, PAUL, "gold-1m")
    before = (await time_of(house, PAUL))[-1].ends_at
    await buy(house, PAUL, "gold-3m")
    after = await time_of(house, PAUL)
    assert after[-1].starts_at == after[-2].ends_at
    assert after[-1].ends_at - before >= timedelta(days=88)


async def test_the_same_payment_told_ten_times_counts_once(house: Running) -> None:
    sent = await invoice(house, KENJI, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    for _ in range(10):
        await given(house, message=charge_message(KENJI, "stTEN", payload))
    assert [row.external_id for row in await ledger(house, KENJI)].count("stTEN") == 1
    assert len({each.payment_id for each in await time_of(house, KENJI)}) == len(await time_of(house, KENJI))
    texts = [each.get("text", "") for each in await house.replies(KENJI)]
    await says(house, KENJI, "Thank you!")
    assert sum("Thank you!" in text for text in texts) <= 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"total_amount": 1}, "amount"),
        ({"total_amount": -3500}, "amount"),
        ({"total_amount": 2**53}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"from": PAUL_SAYS | {"id": KENJI}}, "somebody else"),
        ({"invoice_payload": "1.AAAAAAAAAAAAAAAAAAAAAA"}, "not one of ours"),
        ({"invoice_payload": "999999.AAAAAAAAAAAAAAAAAAAAAA"}, "do not know"),
        ({"invoice_payload": "x" * 128}, "not one of ours"),
        ({"invoice_payload": "9" * 18 + ".AAAAAAAAAAAAAAAAAAAAAA"}, "do not know"),
    ],
    ids=[
        "altered",
        "negative",
        "huge",
        "currency",
        "other payer",
        "forged",
        "unknown",
        "nonsense",
        "large id",
    ],
)
async def test_what_was_not_ordered_is_refused_with_a_reason(
    house: Running, changed: dict[str, Any], reason: str
) -> None:
    sent = await invoice(house, PAUL, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    assert await query(house, invoice_payload=payload) == (True, "")
    who = changed.get("from", PAUL_SAYS)["id"]
    before = len(await doubts(house, who))
    ok, said = await query(house, **{"invoice_payload": payload, **changed})
    assert not ok
    assert reason in said
    noted = await doubts(house, who)
    assert len(noted) == before + 1
    assert noted[-1].kind == "refused"


async def test_an_order_that_is_too_old_or_paid_or_not_sold_any_more_is_refused(house: Running) -> None:
    sent = await invoice(house, PAUL, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    mine = (Order.__table__.c.id == int(payload.partition(".")[0]),)
    async with house.database.session() as session:
        await session.execute(update(Order).where(*mine).values(expires_at=SystemClock().now()))
    assert "a day old" in (await query(house, invoice_payload=payload))[1]
    later = SystemClock().now() + timedelta(days=1)
    async with house.database.session() as session:
        await session.execute(update(Order).where(*mine).values(expires_at=later))
        await session.execute(update(Plan).where(Plan.code == "gold-1m").values(archived_at=later))
    assert "not sold any more" in (await query(house, invoice_payload=payload))[1]
    async with house.database.session() as session:
        await session.execute(update(Plan).where(Plan.code == "gold-1m").values(archived_at=None))
        await session.execute(update(Order).where(*mine).values(state=OrderState.PAID))
    assert "paid already" in (await query(house, invoice_payload=payload))[1]


async def test_an_invoice_is_not_paid_twice_by_its_button(house: Running) -> None:
    sent = await invoice(house, PAUL, "gold-1m")
    await is_recorded(house, (await pay(house, PAUL, sent["message_id"]))["charge_id"])
    again = await pay(house, PAUL, sent["message_id"])
    assert not again["ok"]
    assert "paid already" in again["error"]


async def test_a_second_charge_is_kept_and_its_time_can_be_added(house: Running) -> None:
    sent = await invoice(house, ANA, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    await given(house, message=charge_message(ANA, "stONE", payload))
    await given(house, message=charge_message(ANA, "stTWO", payload))
    rows = await ledger(house, ANA)
    assert [(row.external_id, row.pack) for row in rows[-2:]] == [("stONE", "gold"), ("stTWO", None)]
    before = len(await time_of(house, ANA))
    await says(house, ANA, "the order was paid before")
    await says(house, OWNER, "A payment needs a look", "Ana")
    (doubt,) = [each for each in await doubts(house, ANA) if each.kind == "paid_twice"]
    assert doubt.settled_at is None
    await pressed(house, ANA, "Add the time")
    had = await time_of(house, ANA)
    assert len(had) == before + 1
    assert had[-1].starts_at == had[-2].ends_at
    shown = (await house.replies(ANA))[-1]["message_id"]
    again = await press_again(house, ANA, shown, f"owed:use:{rows[-1].id}")
    assert "has bought what it was for" in again.edits[0] or "used already" in again.edits[0]
    assert len(await time_of(house, ANA)) == before + 1, "a second press adds nothing"
    (doubt,) = [each for each in await doubts(house, ANA) if each.kind == "paid_twice"]
    assert doubt.settled_by == ANA


async def test_money_for_no_order_of_ours_is_kept_and_told(house: Running) -> None:
    await given(house, message=charge_message(ANA, "stALIEN", "somebody's own payload", total_amount=77))
    row = (await ledger(house, ANA))[-1]
    assert (row.external_id, row.amount, row.pack) == ("stALIEN", 77, None)
    await says(house, ANA, "we do not know what it is for")
    await says(house, OWNER, "it is for no order of ours")


async def test_a_banned_member_cannot_buy_but_what_he_paid_is_written_down(house: Running) -> None:
    from botyard.ids import UserId
    from botyard.members import roles

    sent = await invoice(house, KENJI, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    async with house.database.session() as session:
        await roles.ban(session, UserId(KENJI), "", SystemClock().now(), by=None)
    kenji = PAUL_SAYS | {"id": KENJI}
    assert await query(house, invoice_payload=payload, **{"from": kenji}) == (False, "You cannot buy here.")
    await given(house, message=charge_message(KENJI, "stBAN", payload))
    assert [row.external_id for row in await ledger(house, KENJI)][-1] == "stBAN"
    async with house.database.session() as session:
        await roles.unban(session, UserId(KENJI), SystemClock().now(), by=None)


async def test_a_provider_of_telegram_takes_money_in_the_members_currency(house: Running) -> None:
    sent = await invoice(house, PAUL, "silver-30d")
    call = (await house.calls("sendInvoice"))[-1]["params"]
    assert call["provider_token"] == "***"  # the sandbox shows no secret
    assert call["currency"] in ("GBP", "EUR")
    assert (await pay(house, PAUL, sent["message_id"]))["ok"]

    async def is_there() -> bool:
        return any(row.source == "telegram" for row in await ledger(house, PAUL))

    await house.until(is_there)
    assert "silver" in [each.pack for each in await time_of(house, PAUL)]


async def test_with_two_ways_to_pay_the_member_is_asked_first(house: Running) -> None:
    asked = await told(house, PAUL, "/buy both-30d")
    assert "How would you like to pay?" in asked.texts[0]
    keys = [key["text"] for row in asked.calls[0][1]["reply_markup"]["inline_keyboard"] for key in row]
    assert keys == ["Telegram Stars, 4,000 ⭐", "Card, in Telegram, €20.00"]
    chosen = await pressed(house, PAUL, keys[1])
    assert [method for method, _ in chosen.calls] == ["sendInvoice", "answerCallbackQuery"]
    assert (await orders(house, PAUL))[-1].currency == "EUR"


async def test_words_for_what_cannot_be_bought(house: Running) -> None:
    assert "/plans" in (await told(house, PAUL, "/buy")).texts[0]
    assert "no plan “gold-9x”" in (await told(house, PAUL, "/buy gold-9x")).texts[0]
    assert "no code NONE" in (await told(house, PAUL, "/buy gold-1m NONE")).texts[0]


@pytest.mark.parametrize(
    ("amount", "currency"), [(10**30, "XTR"), (-7, "XTR"), (0, "XTR"), (5, "<b>"), (5, "xtr")]
)
async def test_what_is_no_money_is_written_down_once_and_holds_nothing_up(
    house: Running, amount: int, currency: str
) -> None:
    charge = f"stODD{amount}{currency}"
    for _ in range(2):
        message = charge_message(KENJI, charge, "x", total_amount=amount, currency=currency)
        assert (await given(house, message=message)).how == "watched"
    assert [row for row in await ledger(house, KENJI) if row.external_id == charge] == []
    assert len([each for each in await doubts(house, KENJI) if charge in each.reason]) == 1


async def test_an_admin_of_one_bot_gives_no_money_back(house: Running) -> None:
    charge = await buy(house, ANA, "gold-1m")
    row = next(each for each in await ledger(house, ANA) if each.external_id == charge)
    await told(house, KENJI, "/start")
    await told(house, OWNER, f"/role {KENJI} ADMIN bot:shop")
    try:
        refused = await told(house, KENJI, f"/refund {row.id} stolen")
        assert "shop only" in refused.texts[0]
        pressed_anyway = await press_again(house, KENJI, 1, f"refund:{row.id}")
        assert pressed_anyway.edits == []
    finally:
        await told(house, OWNER, f"/role {KENJI} PUBLIC")
    assert not await house.calls("refundStarPayment")
