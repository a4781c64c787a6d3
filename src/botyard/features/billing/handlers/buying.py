"""/buy: a plan, a way to pay for it, and the invoice."""

from __future__ import annotations

from botyard.features.billing import invoices
from botyard.features.billing.counters import CHECKOUTS_STARTED
from botyard.features.billing.linking import queue_link
from botyard.features.billing.models import Order, Way
from botyard.features.billing.service import catalog, discounts, orders
from botyard.features.billing.service.catalog import NoSuchPlan, Offer
from botyard.features.billing.service.discounts import NotValid
from botyard.features.billing.service.orders import Buyer
from botyard.features.billing.stripe.checkout import open_checkout
from botyard.features.billing.ways import Choice, choices, read_choice
from botyard.features.billing.words import length, price, usual_currency
from botyard.money import Money
from botyard.outbox.models import OnUnknown
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import button, command
from botyard.telegram.text import CALLBACK_DATA_LIMIT


@command("buy", description="Buy a plan", usage="<plan> [code]")
async def buy(ctx: Context) -> None:
    """Sends you an invoice for a plan of /plans. With a code behind the plan's name it is cheaper.
    Where there are several ways to pay, it asks you first.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("buy-private"))
        return
    if not ctx.words:
        ctx.reply(ctx.text("buy-which"))
        return
    await _offer(ctx, ctx.words[0], " ".join(ctx.words[1:2]))


@button("buy")
async def buy_button(ctx: Context) -> None:
    """A plan's button, or that of a way to pay for it."""
    code, _, rest = ctx.args.partition(":")
    if not rest:
        await _offer(ctx, code, "")
        return
    letter, currency, *more = [*rest.split(":"), ""][:3]
    offer = await _find(ctx, code)
    if offer is None:
        return
    choice = read_choice(offer, ctx.house.settings, f"{letter}:{currency}")
    if choice is None:
        ctx.answer(ctx.text("buy-way-gone"), alert=True)
        return
    await _place(ctx, offer, choice, more[0])


async def _offer(ctx: Context, code: str, discount: str) -> None:
    offer = await _find(ctx, code)
    if offer is None:
        return
    language = ctx.member.profile.language_code
    ways = choices(offer, ctx.house.settings, usual_currency(language, offer.prices))
    if not ways:
        ctx.reply(ctx.text("buy-no-way", title=offer.title))
        return
    if len(ways) == 1:
        await _place(ctx, offer, ways[0], discount)
        return
    try:
        rows = [[await _way(ctx, offer, each, discount)] for each in ways]
    except NotValid as problem:
        ctx.reply(ctx.text("buy-code-problem", problem=str(problem)))
        return
    html = ctx.text("buy-how", title=offer.title, length=length(offer, language))
    ctx.reply(html, buttons=rows)


async def _way(ctx: Context, offer: Offer, choice: Choice, discount: str) -> Press:
    """The button of a way to pay, with what it would cost. Raises `NotValid`."""
    cost = choice.price
    if discount:
        taken = await discounts.take(ctx.session, discount, offer, cost, ctx.member.id, ctx.now)
        cost = Money(cost.amount - taken.off, cost.currency)
    text = ctx.text("buy-way", way=choice.way.value, price=price(cost, ctx.member.profile.language_code))
    data = ":".join(["buy", offer.code, choice.data, *([discount] if discount else [])])
    if len(data) > CALLBACK_DATA_LIMIT:
        raise NotValid("This code is too long.")
    return Press(text, data)


async def _find(ctx: Context, code: str) -> Offer | None:
    try:
        return await catalog.find_offer(ctx.session, code, ctx.now)
    except NoSuchPlan:
        ctx.reply(ctx.text("buy-no-plan", plan=code[:32]))
        return None


async def _place(ctx: Context, offer: Offer, choice: Choice, discount: str) -> None:
    buyer = Buyer(ctx.member.id, ctx.bot.id)
    try:
        order = await orders.place(ctx.session, buyer, offer, choice.way, choice.price, discount, ctx.now)
    except NotValid as problem:
        ctx.reply(ctx.text("buy-code-problem", problem=str(problem)))
        return
    ctx.after_commit(ctx.house.metrics.counter(CHECKOUTS_STARTED).labels(offer.code).inc)
    await _ask_for_money(ctx, order, offer)


async def _ask_for_money(ctx: Context, order: Order, offer: Offer) -> None:
    """The invoice; for what Telegram cannot put into one, a link that a job sends as soon as it is there."""
    if order.way is Way.STRIPE:
        await open_checkout(ctx.session, order, ctx.chat.key, ctx.now)
        return
    payload = await orders.payload_of(ctx.session, order)
    description = offer.description or length(offer, ctx.member.profile.language_code)
    if order.renews:
        await queue_link(ctx, order, description, payload)
        return
    params = invoices.in_chat(order, description, payload, ctx.house.settings)
    ctx.call("sendInvoice", params, on_unknown=OnUnknown.REPEAT)
