"""A large refund needs two: who asks for it, and another admin who agrees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from botyard.errors import BotyardError
from botyard.features.billing.doubting import say_to_admins
from botyard.features.billing.models import Payment, RefundId, RefundRequest
from botyard.features.billing.service import refunding, refunds
from botyard.features.billing.service.refunds import NotRefundable
from botyard.ids import BotId, UserId
from botyard.members import chats, two_person
from botyard.members.directory import names_of
from botyard.members.models import Role
from botyard.members.sign_in import business_role
from botyard.money import Money
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows, is_row_number
from botyard.routing.texts import TextArgument

GiveBack = Callable[[Context, Payment, UserId, str], Awaitable[None]]
"""Gives a payment back in the name of an admin, for a reason."""


def needs_two(ctx: Context, payment: Payment) -> bool:
    """Whether one admin is not enough to give this payment back."""
    limits = {each.currency: each.amount for each in ctx.house.settings.large_refund}
    return payment.currency in limits and payment.amount > limits[payment.currency]


async def ask_another(ctx: Context, payment: Payment, reason: str) -> bool:
    """Asks the other admins; False if there is none whom this bot can write to."""
    if not await two_person.others(ctx.session, ctx.bot.id, {ctx.member.id}, ctx.now):
        return False
    request = await refunds.hold(ctx.session, payment, ctx.member.id, reason, ctx.now)
    user_id = UserId(payment.user_id)
    words: dict[str, TextArgument | Money] = {
        "who": ctx.member.name,
        "name": (await names_of(ctx.session, [user_id]))[user_id],
        "number": str(payment.id),
        "amount": Money(payment.amount, payment.currency),
        "reason": reason,
    }
    await say_to_admins(
        ctx.house,
        ctx.session,
        ctx.bot.id,
        "refund-second",
        words,
        ctx.now,
        buttons=_choice(ctx, request),
        without={ctx.member.id},
    )
    return True


async def decide(ctx: Context, give_back: GiveBack) -> None:
    """The other admin's press: `<yes | no>:<request>`."""
    verb, _, number = ctx.args.partition(":")
    if verb not in ("yes", "no") or not is_row_number(number):
        ctx.answer(ctx.text("button-stale"))
        return
    try:
        if business_role(ctx.member, ctx.now) < Role.ADMIN:
            raise NotRefundable("That is for admins of the whole business.")
        agrees = verb == "yes"
        request = await refunds.decide(
            ctx.session, RefundId(int(number)), ctx.member.id, ctx.now, agrees=agrees
        )
        if agrees:
            payment = await refunding.returnable(ctx.session, request.payment_id)
            await give_back(ctx, payment, UserId(request.by_id), request.reason)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return
    ctx.audit("payment.refund-second", f"payment:{request.payment_id}", agrees=agrees, by=request.by_id)
    ctx.edit(ctx.text("refund-second-said", said=verb, number=request.payment_id))
    await _tell_who_asked(ctx, request, verb)


async def _tell_who_asked(ctx: Context, request: RefundRequest, verb: str) -> None:
    place = await chats.private_chat(ctx.session, UserId(request.by_id), ctx.bot.id)
    if place is None or request.by_id == ctx.member.id:
        return
    html = ctx.text("refund-second-told", said=verb, who=ctx.member.name, number=request.payment_id)
    params = {"text": html, "parse_mode": "HTML"}
    ctx.queue(
        Call(
            BotId(ctx.bot.id),
            "sendMessage",
            params,
            chat_key=place,
            priority=Priority.TRANSACTIONAL,
            on_unknown=OnUnknown.REPEAT,
        )
    )


def _choice(ctx: Context, request: RefundRequest) -> Rows:
    yes = Press(ctx.text("refund-second-yes"), f"refund-second:yes:{request.id}")
    return [[yes], [Press(ctx.text("refund-second-no"), f"refund-second:no:{request.id}")]]
