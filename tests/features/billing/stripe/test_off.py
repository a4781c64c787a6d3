"""Without Stripe's keys; and what a wrong key, or a Stripe that says no, gives away: nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import stripe
from tests.features.billing.stripe.till import open_till
from tests.support.fake_stripe import KEY, fake_stripe
from tests.support.running import PAUL, running

from botyard.features.billing.stripe.amounts import NotAtStripe, from_stripe, to_stripe
from botyard.features.billing.stripe.client import StripeRefused, StripeTrouble, ask, connected, is_on
from botyard.features.billing.stripe.webhook import PATH
from botyard.money import Money
from botyard.settings import Settings, load_settings


async def test_without_a_key_the_webhook_says_so(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        assert not is_on(house.settings)
        async with house.http.post(f"{house.url}{PATH}", data=b"{}") as response:
            assert response.status == 404
            assert "STRIPE_SECRET_KEY" in (await response.json())["detail"]


async def test_without_the_webhooks_secret_stripe_sends_it_again(sqlite_url: str, tmp_path: Path) -> None:
    async with (
        running(sqlite_url, tmp_path, stripe_secret_key=KEY) as house,
        house.http.post(f"{house.url}{PATH}", data=b"{}") as response,
    ):
        assert response.status == 503


async def test_a_member_is_told_when_stripe_says_no(sqlite_url: str, tmp_path: Path) -> None:
    async with open_till(sqlite_url, tmp_path) as till:
        order = await till.order(amount=0)  # nothing that Stripe takes
        await till.ask_for_checkout(order)
        await till.quiet()

        async def is_told() -> bool:
            return "Nothing was charged" in str((await till.house.replies(PAUL))[-1]["text"])

        await till.house.until(is_told)


def _settings(folder: Path, address: str, key: str) -> Settings:
    return load_settings(environ={}, cwd=folder, stripe_secret_key=key, stripe_api_base=address)


async def test_a_wrong_key_is_named_and_not_shown(tmp_path: Path) -> None:
    async with fake_stripe() as (_, address), connected(_settings(tmp_path, address, "sk_test_wrong")) as api:
        with pytest.raises(StripeTrouble) as raised:
            await ask(api.v1.balance.retrieve_async())
    assert "STRIPE_SECRET_KEY" in str(raised.value)
    assert "sk_test" not in str(raised.value)
    assert raised.value.__suppress_context__


async def test_a_refusal_keeps_stripes_words_and_nothing_of_the_request(tmp_path: Path) -> None:
    async with fake_stripe() as (_, address), connected(_settings(tmp_path, address, KEY)) as api:
        with pytest.raises(StripeRefused) as raised:
            await ask(api.v1.refunds.create_async({"payment_intent": "pi_nobody"}))
    assert raised.value.is_unknown
    assert str(raised.value) == (
        "Stripe refused: resource_missing (about payment_intent). Stripe's dashboard says more."
    )


async def test_nobody_there(tmp_path: Path) -> None:
    async with connected(_settings(tmp_path, "http://127.0.0.1:9", KEY)) as api:
        with pytest.raises(StripeTrouble):
            await ask(api.v1.balance.retrieve_async())


def test_telemetry_is_off() -> None:
    assert stripe.enable_telemetry is False


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(14700, "GBP"), 14700),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50000),
        (Money(500, "UGX"), 50000),
        (Money(700, "MGA"), 7),
        (Money(1230, "KWD"), 1230),
    ],
)
def test_amounts_there_and_back(money: Money, amount: int) -> None:
    assert to_stripe(money) == amount
    assert from_stripe(amount, money.currency.lower()) == money


def test_amounts_that_stripe_does_not_know() -> None:
    with pytest.raises(NotAtStripe):
        to_stripe(Money(750, "MGA"))
    with pytest.raises(NotAtStripe):
        from_stripe(50050, "isk")


async def test_what_was_taken_before_a_crash_is_handled_after_it(sqlite_url: str, tmp_path: Path) -> None:
    async with open_till(sqlite_url, tmp_path) as till:
        order = await till.order(renews=True)
        session = await till.checkout(order)
        await till.house.stop()
        await till.stripe.pay(session)  # the pages still answer; nobody works
        assert till.stripe.answers[-1] == 200
        assert await till.kinds(order) == []
        await till.house.restart()
        await till.quiet()
        assert [kind for kind, _ in await till.kinds(order)] == ["charge"]
        assert await till.end(order) is not None


async def test_events_are_answered_while_stripe_hangs(sqlite_url: str, tmp_path: Path) -> None:
    async with open_till(sqlite_url, tmp_path) as till:
        orders = [await till.order() for _ in range(3)]
        sessions = [await till.checkout(order) for order in orders]
        till.stripe.hangs = True
        started = time.monotonic()
        for session in sessions:
            await till.stripe.pay(session)
        took = time.monotonic() - started
        assert set(till.stripe.answers) == {200}
        assert took < 3  # six answers, beside errands that wait for Stripe
        till.stripe.hangs = False
        await till.quiet()
        for order in orders:
            assert [kind for kind, _ in await till.kinds(order)] == ["charge"]
