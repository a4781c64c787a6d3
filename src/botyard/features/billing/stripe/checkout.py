"""Opening a Checkout Session for an order, or the Customer Portal: asked at Stripe, then sent as a button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.models import Order, OrderState, Subscription, Way
from botyard.features.billing.service import orders
from botyard.features.billing.stripe.amounts import NotAtStripe, to_stripe
from botyard.features.billing.stripe.client import StripeOff, StripeRefused, StripeTrouble, ask, connected
from botyard.features.billing.stripe.marks import marks
from botyard.features.billing.telling import language_of
from botyard.features.billing.words import moment, price
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import ANSWER, enqueue
from botyard.money import Money
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Link, Rows, inline_keyboard
from botyard.routing.texts import TextArgument

if TYPE_CHECKING:
    from stripe.params.billing_portal import SessionCreateParams as PortalParams
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItemPriceDataRecurring

log = structlog.get_logger(__name__)

CHECKOUT_JOB = "billing.stripe.checkout"
PORTAL_JOB = "billing.stripe.portal"
SORRY_JOB = "billing.stripe.sorry"
LATER = "later"
FIRST_PAUSE = timedelta(seconds=3)
LONGEST_SESSION = timedelta(hours=23)
"""Stripe allows 24 h from its own clock's now; an order lives as long, from ours."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page at Stripe; `problem` says why there is none."""

    id: str = ""
    url: str = ""
    problem: str = ""


async def open_checkout(session: AsyncSession, order: Order, chat_key: ChatKey, now: datetime) -> None:
    """Has a Checkout Session opened for an order, and a message with its button sent to this chat.

    It only queues the work. Asked again, the button leads to the same session.
    """
    payload = {
        "order": order.id,
        "user": order.user_id,
        "bot": order.bot_id,
        "chat": chat_key,
        "customer": await _customer_of(session, UserId(order.user_id)),
    }
    await enqueue(session, CHECKOUT_JOB, payload, now)


async def open_portal(
    session: AsyncSession, user_id: UserId, bot_id: BotId, chat_key: ChatKey, now: datetime
) -> bool:
    """Has a link to the Customer Portal sent to this chat; False if the member has no subscription at Stripe.

    There he changes his card, and cancels or takes his cancelling back.
    """
    customer = await _customer_of(session, user_id)
    if customer is None:
        return False
    payload = {"user": user_id, "bot": bot_id, "chat": chat_key, "customer": customer}
    await enqueue(session, PORTAL_JOB, payload, now)
    return True


async def _customer_of(session: AsyncSession, user_id: UserId) -> str | None:
    """Stripe's newest name of a member: his next subscription is to be in the same portal."""
    return await session.scalar(
        select(Subscription.customer)
        .where(
            Subscription.user_id == user_id,
            Subscription.way == Way.STRIPE,
            Subscription.customer.is_not(None),
        )
        .order_by(Subscription.id.desc())
        .limit(1)
    )


async def _open_session(house: House, payload: Mapping[str, Any]) -> Opened:
    """The errand: the order's session, made once however often this is done."""
    async with house.database.reading() as session:
        order = await session.get_one(Order, payload["order"])
        signed = await orders.payload_of(session, order)
    if order.state is not OrderState.OPEN:
        return Opened(problem="ended")
    if order.url is not None:
        return Opened(order.reference or "", order.url)
    try:
        params = _params(house, order, signed, payload["customer"])
        return await _create(house, params, signed)
    except NotAtStripe as problem:
        return Opened(problem=str(problem))
    except StripeOff:
        return Opened(problem="off")
    except StripeTrouble:
        if payload.get("told"):
            raise  # he knows: it is tried again and again, after growing pauses
        return Opened(problem=LATER)
    except StripeRefused as refused:
        return Opened(problem="ended" if refused.param == "expires_at" else str(refused))


async def _create(house: House, params: SessionCreateParams, signed: str) -> Opened:
    async with connected(house.settings) as api:
        try:
            key = f"botyard-order-{signed}"
            made = await ask(api.v1.checkout.sessions.create_async(params, {"idempotency_key": key}))
        except StripeRefused as refused:
            if refused.param != "customer":
                raise
            params.pop("customer", None)  # somebody has deleted it at Stripe
            key = f"botyard-order-{signed}-new"
            made = await ask(api.v1.checkout.sessions.create_async(params, {"idempotency_key": key}))
    return Opened(made.id, made.url or "")


def _params(house: House, order: Order, signed: str, customer: str | None) -> SessionCreateParams:
    """What the session is to be: the order's price, whatever has become of the plan. Raises `NotAtStripe`."""
    back = _way_back(house, BotId(order.bot_id))
    metadata = marks(order, signed)
    expires_at = min(order.expires_at, order.created_at + LONGEST_SESSION)
    params: SessionCreateParams = {
        "mode": "subscription" if order.renews else "payment",
        "client_reference_id": str(order.id),
        "metadata": metadata,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": to_stripe(Money(order.amount, order.currency)),
                    "product_data": {"name": order.title},
                },
            }
        ],
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(expires_at.timestamp()),
        "success_url": back,
        "cancel_url": back,
    }
    if order.renews:
        params["line_items"][0]["price_data"]["recurring"] = _interval(order)
        params["subscription_data"] = {"metadata": metadata, "description": order.title}
    else:
        params["payment_intent_data"] = {"metadata": metadata, "description": order.title}
    if customer:
        params["customer"] = customer
    return params


def _way_back(house: House, bot_id: BotId) -> str:
    """Where Stripe's page leads afterwards: to the chat with the bot."""
    bot = house.bots.get(bot_id)
    return f"https://t.me/{bot.username}" if bot and bot.username else "https://t.me"


def _interval(order: Order) -> SessionCreateParamsLineItemPriceDataRecurring:
    if order.months:
        return {"interval": "month", "interval_count": order.months}
    return {"interval": "day", "interval_count": order.days or 30}


async def _send_button(
    house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime
) -> None:
    opened: Opened = payload[ANSWER]
    order = await session.get_one(Order, payload["order"], with_for_update=True)
    if opened.problem == LATER:
        again = {name: value for name, value in payload.items() if name != ANSWER}
        await enqueue(session, CHECKOUT_JOB, {**again, "told": True}, now, run_at=now + FIRST_PAUSE)
        await _say(house, session, payload, "checkout-later", now)
        return
    if opened.problem or order.state is not OrderState.OPEN or order.expires_at <= now:
        problem = opened.problem or "ended"
        if problem != "ended":
            log.error("stripe.no_checkout", order=order.id, problem=problem)
        key = "checkout-ended" if problem == "ended" else "checkout-failed"
        await _say(house, session, payload, key, now)
        return
    if order.url is None:
        order.reference, order.url = opened.id, opened.url
    language = await language_of(session, UserId(order.user_id))
    words: dict[str, TextArgument] = {
        "title": order.title,
        "amount": price(Money(order.amount, order.currency), language),
        "until": moment(min(order.expires_at, order.created_at + LONGEST_SESSION), language),
        "renews": "yes" if order.renews else "no",
    }
    await _say(house, session, payload, "checkout", now, words, link=("pay-button", order.url or opened.url))


async def _open_portal(house: House, payload: Mapping[str, Any]) -> Opened:
    back = _way_back(house, BotId(payload["bot"]))
    try:
        async with connected(house.settings) as api:
            params: PortalParams = {"customer": payload["customer"], "return_url": back}
            made = await ask(api.v1.billing_portal.sessions.create_async(params))
    except StripeOff:
        return Opened(problem="off")
    except StripeRefused as refused:
        return Opened(problem=str(refused))
    return Opened(made.id, made.url)


async def _send_portal(
    house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime
) -> None:
    opened: Opened = payload[ANSWER]
    if opened.problem:
        log.error("stripe.no_portal", problem=opened.problem)
        await _say(house, session, payload, "checkout-failed", now)
        return
    await _say(house, session, payload, "portal", now, link=("portal-button", opened.url))


async def _say(
    house: House,
    session: AsyncSession,
    payload: Mapping[str, Any],
    key: str,
    now: datetime,
    words: Mapping[str, TextArgument] | None = None,
    *,
    link: tuple[str, str] | None = None,
) -> None:
    """Queues a text for the chat that asked. Twice is better than never: it is where the member can pay."""
    language = await language_of(session, UserId(payload["user"]))
    buttons: Rows = [[Link(house.texts.format(language, link[0]), link[1])]] if link else []
    params: dict[str, Any] = {
        "text": house.texts.format(language, key, **(words or {})),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if buttons:
        params["reply_markup"] = inline_keyboard(buttons)
    call = Call(
        BotId(payload["bot"]),
        "sendMessage",
        params,
        chat_key=ChatKey(payload["chat"]),
        priority=Priority.REPLY,
        on_unknown=OnUnknown.REPEAT,
    )
    await outbox_queue.add(await session.connection(), [call], now)


async def _give_up(session: AsyncSession, payload: Mapping[str, Any], _problem: str, now: datetime) -> None:
    told = {name: payload[name] for name in ("user", "bot", "chat")}
    await enqueue(session, SORRY_JOB, told, now)


async def _say_sorry(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    await _say(house, session, payload, "checkout-failed", now)


JOBS = (
    HouseJob(CHECKOUT_JOB, _send_button, gave_up=_give_up, errand=_open_session),
    HouseJob(PORTAL_JOB, _send_portal, gave_up=_give_up, errand=_open_portal),
    HouseJob(SORRY_JOB, _say_sorry),
)
