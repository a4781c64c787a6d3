"""Refunds and disputes at Stripe: each takes its days away once, and what is undone brings them back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.features.billing.stripe.till import PRICE, Till
from tests.support.running import OWNER, PAUL

from botyard.features.billing.models import Order, RefundRequest, RefundState
from botyard.features.billing.service.refunds import NotRefundable
from botyard.features.billing.stripe import refunding
from botyard.features.billing.stripe.refunding import request_refund
from botyard.ids import UserId
from botyard.jobs.queue import enqueue
from botyard.members.entitlements import PaymentId

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _ask(till: Till, order: Order, amount: int | None = None) -> int:
    """An admin presses the button. Answers the request's number."""
    (row, *_) = await till.rows(order)
    async with till.house.database.session() as session:
        request = await request_refund(
            session, PaymentId(row.id), amount, UserId(OWNER), "asked for it", datetime.now(UTC)
        )
    return request.id


async def _state(till: Till, number: int) -> RefundState:
    async with till.house.database.reading() as session:
        state = await session.scalar(select(RefundRequest.state).where(RefundRequest.id == number))
    assert state is not None
    return state


async def test_refund_in_the_dashboard(till: Till) -> None:
    order, intent = await till.bought()
    refund = await till.stripe.refund(intent)
    await till.quiet()
    rows = await till.rows(order)
    assert [(row.external_id, row.refers_to) for row in rows[1:]] == [(refund, f"stripe:{intent}")]
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -PRICE)]
    assert await till.end(order) is None
    assert sum("goes back to you" in each for each in await till.texts(order)) == 1


async def test_refund_of_a_part_takes_that_part_of_the_days(till: Till) -> None:
    order, intent = await till.bought()
    await till.stripe.refund(intent, PRICE // 2)
    await till.quiet()
    left = await till.end(order)
    assert left is not None
    assert timedelta(days=13) < left - datetime.now(UTC) < timedelta(days=17)
    await till.stripe.refund(intent)
    await till.quiet()
    assert await till.kinds(order) == [
        ("charge", PRICE),
        ("refund", -(PRICE // 2)),
        ("refund", -(PRICE - PRICE // 2)),
    ]
    assert await till.end(order) is None


async def test_refund_that_the_bank_sends_back(till: Till) -> None:
    order, intent = await till.bought()
    end = await till.end(order)
    refund = await till.stripe.refund(intent)
    await till.quiet()
    await till.stripe.fail_refund(refund)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -PRICE), ("adjustment", PRICE)]
    assert await till.end(order) == end


async def test_refund_of_a_renewal_takes_only_its_days(till: Till) -> None:
    order, _ = await till.bought(renews=True)
    end = await till.end(order)
    renewal = await till.stripe.renew((await till.subscription(order)).reference)
    await till.quiet()
    assert await till.end(order) != end
    await till.stripe.refund(renewal)
    await till.quiet()
    assert await till.end(order) == end


async def test_dispute_won(till: Till) -> None:
    await till.house.ask(OWNER, "/start")
    order, intent = await till.bought()
    end = await till.end(order)
    dispute = await till.stripe.dispute(intent)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("chargeback", -PRICE)]
    assert await till.end(order) is None
    number = (await till.rows(order))[0].id

    async def admin_is_told() -> bool:
        texts = [str(each.get("text")) for each in await till.house.replies(OWNER)]
        return any(f"£147.00 of payment {number} back (fraudulent)" in each for each in texts)

    await till.house.until(admin_is_told)
    await till.stripe.close_dispute(dispute, "won")
    await till.quiet()
    assert [(row.kind.value, row.external_id) for row in await till.rows(order)][2:] == [
        ("adjustment", dispute)
    ]
    assert await till.end(order) == end


async def test_dispute_lost(till: Till) -> None:
    order, intent = await till.bought()
    dispute = await till.stripe.dispute(intent)
    await till.stripe.close_dispute(dispute, "lost")
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("chargeback", -PRICE)]
    assert await till.end(order) is None


async def test_an_inquiry_moves_nothing(till: Till) -> None:
    order, intent = await till.bought()
    dispute = await till.stripe.dispute(intent, status="warning_needs_response")
    await till.stripe.close_dispute(dispute, "warning_closed")
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE)]


async def test_admin_refunds(till: Till) -> None:
    order, intent = await till.bought()
    await till.house.ask(OWNER, "/start")
    number = await _ask(till, order)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -PRICE)]
    assert await _state(till, number) is RefundState.DONE
    assert await till.end(order) is None
    assert sum("goes back to you" in each for each in await till.texts(order)) == 1

    async def admin_is_told() -> bool:
        return "goes back to the member" in str((await till.house.replies(OWNER))[-1]["text"])

    await till.house.until(admin_is_told)
    (made,) = [each for each in till.stripe.made("/v1/refunds") if each[2]["payment_intent"] == intent]
    assert made[3] == f"botyard-refund-{intent}-{number}"
    with pytest.raises(NotRefundable, match="before"):
        await _ask(till, order)


async def test_two_admins_press_at_once(till: Till) -> None:
    order, _ = await till.bought()
    pressed = await asyncio.gather(
        _ask(till, order, 1000), _ask(till, order, 1000), _ask(till, order), return_exceptions=True
    )
    await till.quiet()
    assert sum(isinstance(each, NotRefundable) for each in pressed) == 2
    assert len(await till.kinds(order)) == 2


async def test_refund_that_times_out_after_it_was_applied(till: Till) -> None:
    order, intent = await till.bought()
    till.stripe.holds = True
    till.stripe.unanswered["/v1/refunds"] = 3  # a look, that look again, and then the refund itself
    number = await _ask(till, order, 4700)
    await till.quiet()
    assert till.stripe.unanswered["/v1/refunds"] == 0
    await till.stripe.release()
    await till.quiet()
    refunds = [each for each in till.stripe.all("re") if each["payment_intent"] == intent]
    assert len(refunds) == 1
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -4700)]
    assert await _state(till, number) is RefundState.DONE


async def test_refund_whose_idempotency_key_stripe_has_forgotten(till: Till) -> None:
    order, intent = await till.bought()
    till.stripe.holds = True
    (row,) = await till.rows(order)
    number = await _ask(till, order, 4700)
    await till.quiet()
    assert len(await till.kinds(order)) == 2
    # the same errand once more, as after a crash, a day later
    till.stripe._idempotent.clear()
    async with till.house.database.session() as session:
        await enqueue(session, refunding.JOB, {"request": number}, datetime.now(UTC))
    await till.quiet()
    await till.stripe.release()
    await till.quiet()
    assert len([each for each in till.stripe.all("re") if each["payment_intent"] == intent]) == 1
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -4700)]
    assert row.user_id == PAUL


async def test_refund_that_stripe_refuses(till: Till) -> None:
    order, intent = await till.bought()
    till.stripe.holds = True
    await till.stripe.refund(intent)  # in the dashboard, and nobody has told us yet
    number = await _ask(till, order)
    await till.quiet()
    assert await _state(till, number) is RefundState.REFUSED
    await till.stripe.release()
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -PRICE)]


@pytest.mark.parametrize("amount", [0, -5, PRICE + 1, 2**70])
async def test_amounts_that_cannot_be_given_back(till: Till, amount: int) -> None:
    order, _ = await till.bought()
    with pytest.raises(NotRefundable):
        await _ask(till, order, amount)
    assert len(await till.kinds(order)) == 1
