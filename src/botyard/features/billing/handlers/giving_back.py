"""/refund for admins, and what a member does with money that he paid once too often."""

from __future__ import annotations

from botyard.features.billing import renewing, returning
from botyard.features.billing.handlers import second_yes
from botyard.features.billing.models import Order, OrderId, Payment, Source, SubscriptionState, Way
from botyard.features.billing.service import granting, owing, refunding, subscriptions
from botyard.features.billing.service.refunding import NotReturnable, Returned
from botyard.features.billing.service.refunds import NotRefundable
from botyard.features.billing.stripe.refunding import request_refund
from botyard.features.billing.words import moment, price
from botyard.ids import BotId, UserId
from botyard.members import entitlements
from botyard.members.directory import names_of
from botyard.members.entitlements import PaymentId
from botyard.members.models import Role
from botyard.members.sign_in import business_role
from botyard.money import Money
from botyard.routing import dialogs
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import button, command, dialog_step

LONGEST_REASON = 200
SURE = "refund-sure"


@command(
    "refund", role=Role.ADMIN, hidden=True, description="Give a payment back", usage="<payment no.> <reason>"
)
async def refund(ctx: Context) -> None:
    """Gives a payment back, all of it, and takes the days that it bought. It asks before it does.
    /payments shows the numbers. What a provider of Telegram's took is returned in its dashboard;
    here it is only written down.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("time-private", command="refund"))
        return
    if not _may(ctx):
        ctx.reply(ctx.text("time-one-bot", bot=ctx.bot.name))
        return
    number, *words = ctx.words or [""]
    reason = " ".join(words)[:LONGEST_REASON]
    if not number.isdecimal() or not reason:
        ctx.reply(ctx.text("refund-usage"))
        return
    try:
        payment = await refunding.returnable(ctx.session, int(number[:18]))
    except NotReturnable as problem:
        ctx.reply(ctx.text("refund-problem", problem=str(problem)))
        return
    user_id = UserId(payment.user_id)
    name = (await names_of(ctx.session, [user_id]))[user_id]
    by_hand = payment.source is Source.TELEGRAM
    html = ctx.text(
        "refund-by-hand" if by_hand else "refund-sure",
        name=name,
        amount=price(Money(payment.amount, payment.currency), ctx.member.profile.language_code),
        bought=(bought := await _bought(ctx, payment)),
        known="yes" if bought else "no",
        renews="yes" if await _going_on(ctx, payment) else "no",
        reason=reason,
    )
    await ctx.ask(SURE, payment_id=payment.id, reason=reason)
    yes = ctx.text("refund-done" if by_hand else "refund-yes")
    ctx.reply(
        html, buttons=[[Press(yes, f"refund:{payment.id}")], [Press(ctx.text("refund-no"), "refund:no")]]
    )


def _may(ctx: Context) -> bool:
    """The money is the whole business's: who is an admin of one bot only gives none of it back."""
    return business_role(ctx.member, ctx.now) >= Role.ADMIN


async def _bought(ctx: Context, payment: Payment) -> str:
    """What the payment bought, for the admin who is asked; empty for nothing."""
    if payment.pack is None:
        return ""
    titles = await granting.titles_of(ctx.session, {payment.plan} if payment.plan else set())
    return titles.get(payment.plan or "", payment.pack)


async def _going_on(ctx: Context, payment: Payment) -> Order | None:
    """The order whose subscription would go on taking money after this payment was given back."""
    order = await ctx.session.get(Order, payment.order_id) if payment.order_id else None
    found = await subscriptions.of_order(ctx.session, OrderId(order.id)) if order else None
    return order if found is not None and found.state in subscriptions.GOING_ON else None


@dialog_step(SURE, role=Role.ADMIN)
async def not_refunded(ctx: Context) -> None:
    """Whatever is written instead of a press of the button is no yes."""
    ctx.reply(ctx.text("refund-not"))


@button("refund", role=Role.ADMIN)
async def refund_button(ctx: Context) -> None:
    """The yes to a refund: it is good for the question that is open, once."""
    if ctx.args == "no":
        await ctx.close_dialog()
        ctx.edit(ctx.text("refund-not"))
        return
    waiting = await dialogs.look_at_dialog(ctx.session, ctx.dialog_key, ctx.now)
    if waiting is None or waiting.step != SURE or str(waiting.data["payment_id"]) != ctx.args:
        ctx.answer(ctx.text("button-stale"))
        return
    asked = await dialogs.take_dialog(ctx.session, ctx.dialog_key, ctx.now)
    if asked is None or not _may(ctx):
        ctx.answer(ctx.text("button-stale"))
        return
    payment_id, reason = asked.data["payment_id"], asked.data["reason"]
    try:
        payment = await refunding.returnable(ctx.session, payment_id)
        if second_yes.needs_two(ctx, payment):
            asked_another = await second_yes.ask_another(ctx, payment, reason)
            ctx.edit(ctx.text("refund-waits" if asked_another else "refund-alone", number=payment_id))
            return
        await _give_back(ctx, payment, ctx.member.id, reason)
    except (NotReturnable, NotRefundable) as problem:
        ctx.edit(ctx.text("refund-problem", problem=str(problem)))
        return
    ctx.edit(ctx.text("refund-begun", number=payment_id))


@button("refund-second", role=Role.ADMIN)
async def second_button(ctx: Context) -> None:
    """Another admin's word on a large refund."""
    await second_yes.decide(ctx, _give_back)


@button("owed")
async def owed_button(ctx: Context) -> None:
    """What a member wants done with money that he paid once too often: its time, or the money itself."""
    deed, _, number = ctx.args.partition(":")
    payment = await ctx.session.get(Payment, int(number)) if number.isdecimal() else None
    if payment is None or payment.user_id != ctx.member.id or deed not in ("use", "back"):
        ctx.answer(ctx.text("button-stale"))
        return
    try:
        if deed == "use":
            _, order = await owing.use(ctx.session, ctx.house.facts, payment.id, ctx.member.id, ctx.now)
            ctx.after_commit(lambda: ctx.house.directory.forget(ctx.member.id))
            end = await entitlements.last_end(ctx.session, ctx.member.id, order.pack, ctx.now)
            until = moment(end or ctx.now, ctx.member.profile.language_code)
            ctx.edit(ctx.text("owed-used", title=order.title, until=until))
            return
        await _give_back_owed(ctx, payment)
    except (NotReturnable, NotRefundable) as problem:
        ctx.edit(ctx.text("owed-problem", problem=problem.message))


async def _give_back(ctx: Context, payment: Payment, by: UserId, reason: str) -> None:
    """By the way that it came, in the name of an admin. Raises `NotReturnable` and `NotRefundable`."""
    match payment.source:
        case Source.TELEGRAM:
            await _write_down(ctx, payment, by, reason)
        case Source.STRIPE:
            await request_refund(ctx.session, PaymentId(payment.id), None, by, reason, ctx.now)
        case _:
            await returning.give_back(ctx.session, payment.id, by, reason, ctx.now)
    order = await _going_on(ctx, payment)
    if order is not None and order.way is Way.STARS:  # else the next period would be taken all the same
        await renewing.change(ctx.session, order, SubscriptionState.CANCELLED, ctx.chat.key, ctx.now)
    ctx.audit("payment.refund", f"payment:{payment.id}", reason=reason, by=by)


async def _give_back_owed(ctx: Context, payment: Payment) -> None:
    if payment.pack is not None or await owing.is_used(ctx.session, payment.id):
        raise NotReturnable("The time of this payment is yours already.")
    await returning.give_back(ctx.session, payment.id, ctx.member.id, "paid twice", ctx.now)
    amount = price(Money(payment.amount, payment.currency), ctx.member.profile.language_code)
    ctx.edit(ctx.text("owed-returned", amount=amount))


async def _write_down(ctx: Context, payment: Payment, by: UserId, reason: str) -> None:
    """A refund that was made in the provider's dashboard."""
    returned = Returned(
        payment.source,
        payment.external_id,
        payment.amount,
        payment.currency,
        ctx.now,
        by=by,
        reason=reason,
    )
    bot_id = None if payment.bot_id is None else BotId(payment.bot_id)
    user_id = UserId(payment.user_id)
    refunded = await refunding.take_back(ctx.session, ctx.house.facts, returned, user_id, bot_id, ctx.now)
    if refunded is not None:
        await returning.tell_taken_back(ctx.house, ctx.session, refunded, ctx.now)
