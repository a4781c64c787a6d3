"""An order that a newer one has taken the place of is not paid at Stripe any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from tests.features.billing.stripe.till import PRICE, Till
from tests.support.running import PAUL

from botyard.features.billing.models import Order, OrderState
from botyard.features.billing.service import codes
from botyard.features.billing.service.codes import CodeDraft
from botyard.features.billing.service.editing import Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def checkout(till: Till, plan: str, code: str, number: int) -> Order:
    """Paul's order no. so-and-so of this plan, once its session is open."""
    await till.house.say(PAUL, f"/buy {plan} {code}")
    found: list[Order] = []

    async def is_open() -> bool:
        await till.quiet()
        async with till.house.database.reading() as session:
            mine = select(Order).where(Order.plan == plan, Order.discount_id.is_not(None)).order_by(Order.id)
            found[:] = list(await session.scalars(mine))
        return len(found) == number and found[-1].reference is not None

    await till.house.until(is_open)
    return found[-1]


async def make_code(till: Till, code: str) -> None:
    """A code that works once."""
    async with till.house.database.session() as session:
        await codes.make(session, CodeDraft(code=code, percent=50, uses=1), Editor(None, datetime.now(UTC)))


async def test_a_new_order_with_the_code_closes_the_session_of_the_old(till: Till) -> None:
    plan = (await till.order()).plan
    await make_code(till, "ONCE")
    first = await checkout(till, plan, "ONCE", 1)
    second = await checkout(till, plan, "ONCE", 2)
    sessions = [till.stripe.things[str(each.reference)] for each in (first, second)]
    assert [each["status"] for each in sessions] == ["expired", "open"]
    assert (await till.read(first)).state is OrderState.CANCELLED
    await till.stripe.pay(str(second.reference))
    await till.quiet()
    assert await till.kinds(second) == [("charge", PRICE // 2)]
    third = await till.house.ask(PAUL, f"/buy {plan} ONCE")
    assert "used up" in third


async def test_what_was_paid_meanwhile_is_credited(till: Till) -> None:
    plan = (await till.order()).plan
    await make_code(till, "TWICE")
    first = await checkout(till, plan, "TWICE", 1)
    till.stripe.holds = True
    await till.stripe.pay(str(first.reference))  # nobody has told us yet
    second = await checkout(till, plan, "TWICE", 2)
    assert second.state is OrderState.OPEN
    await till.stripe.release()
    await till.quiet()
    assert await till.kinds(first) == [("charge", PRICE // 2)]
    assert (await till.read(first)).state is OrderState.PAID
    assert till.stripe.things[str(first.reference)]["status"] == "complete"
