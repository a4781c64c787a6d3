"""/buy: a plan, a way to pay for it, and the invoice."""

from __future__ import annotations

from dataclasses import dataclass

from botyard.features.billing import invoices, shop_cards
from botyard.features.billing.counters import CHECKOUTS_STARTED
from botyard.features.billing.linking import queue_link
from botyard.features.billing.models import Order, Way
from botyard.features.billing.service import catalog, discounts, orders, subscriptions
from botyard.features.billing.service.catalog import STARS, NoSuchPlan, Offer
from botyard.features.billing.service.discounts import NotValid
from botyard.features.billing.service.orders import Buyer
from botyard.features.billing.stripe.checkout import open_checkout
from botyard.features.billing.stripe.closing import close_replaced
from botyard.features.billing.ways import ANY_WAY, Choice, choices, payable, read_choice
from botyard.features.billing.words import length, price
from botyard.money import Money
from botyard.outbox.models import OnUnknown
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import button, command
from botyard.telegram.text import CALLBACK_DATA_LIMIT

ONE_MORE = "+"
"""In a button, behind the way: the member knows that he has such a subscription already."""


@dataclass(frozen=True, slots=True)
class _Fitting:
    """A way to pay that can be taken, and what the plan costs in it, with the code."""

    choice: Choice
    cost: Money


@command("buy", description="Buy a plan", usage="<plan> [code]")
async def buy(ctx: Context) -> None:
    """Sends you an invoice for a plan of /plans. With a code behind the plan's name it is cheaper.
    Where there are several ways to pay, it asks you first.
    """
    if not ctx.chat.is_private:
        word = await shop_cards.known(ctx, ctx.words[0] if ctx.words else "")
        screen = shop_cards.lead_to_private(ctx, word, why="buy-private")
        ctx.reply(screen.html, buttons=screen.buttons)
        return
    if not ctx.words:
        ctx.reply(ctx.text("buy-which"))
        return
    await _offer(ctx, ctx.words[0], " ".join(ctx.words[1:2]))


@button("buy")
async def buy_button(ctx: Context) -> None:
    """A plan's button, with the currency that its price was shown in; or that of a way to pay for it."""
    code, letter, currency, discount = [*ctx.args.split(":"), "", "", ""][:4]
    if letter in ("", ANY_WAY):
        await _offer(ctx, code, "", currency)
        return
    offer = await _find(ctx, code)
    if offer is None:
        return
    choice = read_choice(offer, ctx.house.settings, f"{letter.removesuffix(ONE_MORE)}:{currency}")
    if choice is None:
        ctx.answer(ctx.text("buy-way-gone"), alert=True)
        return
    await _place(ctx, offer, choice, discount, one_more=letter.endswith(ONE_MORE))


async def _offer(ctx: Context, code: str, discount: str, currency: str = "") -> None:
    """Asks how to pay, in this currency if the plan has a price in it; where there is one way, takes that."""
    offer = await _find(ctx, code)
    if offer is None:
        return
    language = ctx.member.profile.language_code
    try:
        ways = await _fitting(ctx, offer, discount, currency)
        if len(ways) == 1:
            await _place(ctx, offer, ways[0].choice, discount)
            return
        rows = [[_way(ctx, offer, each, discount)] for each in ways]
    except NotValid as problem:
        ctx.reply(ctx.text("buy-code-problem", problem=str(problem)))
        return
    html = ctx.text(
        "buy-how",
        title=offer.title,
        length=length(offer, language),
        says_length="yes" if _says_length(offer, language) else "no",
    )
    ctx.reply(html, buttons=rows)


async def _fitting(ctx: Context, offer: Offer, discount: str, currency: str) -> list[_Fitting]:
    """The ways to pay that fit the code: in the member's currency, else in the first other that has any.

    Raises `NotValid` if none fits: what is wrong with the first.
    """
    usual = shop_cards.currency_of(ctx, [offer], currency)
    problem: NotValid | None = None
    for each in [usual, *(other for other in offer.prices if other not in (usual, STARS))]:
        found = []
        for choice in choices(offer, ctx.house.settings, each):
            try:
                found.append(_Fitting(choice, await _cost(ctx, offer, choice, discount)))
            except NotValid as why:
                problem = problem or why
        if found:
            return found
    assert problem is not None, "a plan that was found has a price that can be paid"
    raise problem


async def _cost(ctx: Context, offer: Offer, choice: Choice, discount: str) -> Money:
    """What it would cost in this way. Raises `NotValid`."""
    if not discount:
        return choice.price
    taken = await discounts.take(ctx.session, discount, offer, choice.price, ctx.member.id, ctx.now)
    return Money(choice.price.amount - taken.off, choice.price.currency)


def _way(ctx: Context, offer: Offer, way: _Fitting, discount: str) -> Press:
    """The button of a way to pay, with what it would cost. Raises `NotValid`."""
    cost = price(way.cost, ctx.member.profile.language_code)
    text = shop_cards.plain(ctx, "buy-way", way=way.choice.way.value, price=cost)
    return Press(text, _data(offer, way.choice, discount))


def _data(offer: Offer, choice: Choice, discount: str, *, one_more: bool = False) -> str:
    """What the button of a way to pay carries. Raises `NotValid`."""
    letter, _, currency = choice.data.partition(":")
    parts = ["buy", offer.code, f"{letter}{ONE_MORE if one_more else ''}", currency]
    data = ":".join([*parts, *([discount] if discount else [])])
    if len(data) > CALLBACK_DATA_LIMIT:
        raise NotValid("This code is too long.")
    return data


def _says_length(offer: Offer, language: str | None) -> bool:
    """Whether the plan's title tells its length already, in the member's language or in English."""
    told = {length(offer, language), length(offer, None), f"{offer.months} month"}
    return any(each.casefold() in offer.title.casefold() for each in told)


async def _find(ctx: Context, code: str) -> Offer | None:
    """The plan, with the prices that can be paid here. None if there is none, which the member is told."""
    try:
        offer = payable(await catalog.find_offer(ctx.session, code, ctx.now), ctx.house.settings)
    except NoSuchPlan:
        ctx.reply(ctx.text("buy-no-plan", plan=code[:32]))
        return None
    if not offer.prices:
        ctx.reply(ctx.text("buy-no-way", title=offer.title))
        return None
    return offer


async def _place(
    ctx: Context, offer: Offer, choice: Choice, discount: str, *, one_more: bool = False
) -> None:
    """Places the order and asks for the money. Who has such a subscription is asked first, unless he was."""
    buyer = Buyer(ctx.member.id, ctx.bot.id)
    try:
        if not one_more and await _asked(ctx, offer, choice, discount):
            return
        order = await orders.place(ctx.session, buyer, offer, choice.way, choice.price, discount, ctx.now)
    except NotValid as problem:
        ctx.reply(ctx.text("buy-code-problem", problem=str(problem)))
        return
    await close_replaced(ctx.session, order, ctx.now)
    ctx.after_commit(ctx.house.metrics.counter(CHECKOUTS_STARTED).labels(offer.code).inc)
    await _ask_for_money(ctx, order, offer)


async def _asked(ctx: Context, offer: Offer, choice: Choice, discount: str) -> bool:
    """Whether the member had to be asked if he wants one more subscription of the same plan.

    Raises `NotValid`.
    """
    if not orders.renews(offer, choice.way):
        return False
    running = await subscriptions.running(ctx.session, ctx.member.id, offer.code, ctx.now)
    if running is None:
        return False
    html = ctx.text("buy-again", title=offer.title, **shop_cards.running_words(ctx, running))
    data = _data(offer, choice, discount, one_more=True)
    ctx.reply(html, buttons=[[Press(shop_cards.plain(ctx, "buy-again-yes"), data)]])
    return True


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
