"""/plans: the catalog for members, in one message that edits itself, and the trial."""

from __future__ import annotations

from botyard.features.billing import shop_cards, words
from botyard.features.billing.service import catalog, trials
from botyard.features.billing.service.catalog import NoSuchPlan
from botyard.features.billing.service.trials import NoTrial
from botyard.features.billing.ways import payable
from botyard.routing.context import Context
from botyard.routing.keyboard import Screen, is_row_number
from botyard.routing.registry import button, command, deep_link

LONGEST = 32


@command("plans", aliases=("shop", "catalog"), description="Plans and prices", usage="[plan]")
async def plans(ctx: Context) -> None:
    """Shows what there is to buy, for how long and at which price. /plans gold-3m shows one plan at once."""
    if not ctx.chat.is_private:
        screen = shop_cards.lead_to_private(ctx, await shop_cards.known(ctx, ctx.args))
    else:
        screen = await _opened(ctx, ctx.args)
    ctx.reply(screen.html, buttons=screen.buttons)


@deep_link("plan")
async def open_plan(ctx: Context) -> None:
    """Opens the card of the plan, or the pack, that a link names; a link without a name opens all."""
    screen = await _opened(ctx, ctx.args)
    ctx.reply(screen.html, buttons=screen.buttons)


@button("plans")
async def plans_button(ctx: Context) -> None:
    """A press in the catalog: `<what>:<of>:<currency>`; `open` shows it in a message of its own."""
    screen: Screen | None
    match ctx.args.split(":"):
        case ["open"]:
            screen = await _opened(ctx, "")
            ctx.reply(screen.html, buttons=screen.buttons)
            return
        case ["open", word]:
            screen = await _opened(ctx, word)
            ctx.reply(screen.html, buttons=screen.buttons)
            return
        case ["list", currency, page] if is_row_number(page):
            screen = shop_cards.shelf(ctx, await shop_cards.sold(ctx), currency, int(page))
        case ["money", currency]:
            screen = shop_cards.money(ctx, await shop_cards.sold(ctx), currency)
        case ["pack", pack, currency]:
            offers = await shop_cards.sold(ctx)
            screen = await shop_cards.pack_page(ctx, offers, pack, currency) or _gone(ctx)
        case ["card", code, currency]:
            screen = await _card(ctx, code, currency) or _gone(ctx)
        case _:
            screen = None
    if screen is None:
        ctx.answer(ctx.text("button-stale"))
    else:
        ctx.edit(screen.html, buttons=screen.buttons)


@button("plan-trial")
async def trial(ctx: Context) -> None:
    """A press on a plan's trial."""
    try:
        offer = await catalog.find_offer(ctx.session, ctx.args, ctx.now)
        until = await trials.start(ctx.session, ctx.house.facts, offer, ctx.member.id, ctx.bot.id, ctx.now)
    except (NoSuchPlan, NoTrial) as problem:
        ctx.answer(str(problem), alert=True)
        return
    ctx.after_commit(lambda: ctx.house.directory.forget(ctx.member.id))
    ctx.reply(
        ctx.text("trial-started", title=offer.title, until=words.moment(until, shop_cards.language_of(ctx)))
    )


async def _opened(ctx: Context, word: str) -> Screen:
    """The card of a plan, the page of a pack, or all packs; with a word that names nothing, all too."""
    word = word.strip().lower()
    offers = await shop_cards.sold(ctx)
    if not word:
        return shop_cards.shelf(ctx, offers)
    found = await _card(ctx, word, "") or await shop_cards.pack_page(ctx, offers, word, "")
    if found is not None:
        return found
    every = shop_cards.shelf(ctx, offers)
    return Screen(f"{ctx.text('plans-gone', plan=word[:LONGEST])}\n\n{every.html}", every.buttons)


async def _card(ctx: Context, code: str, currency: str) -> Screen | None:
    try:
        offer = await catalog.find_offer(ctx.session, code, ctx.now)
    except NoSuchPlan:
        return None
    if not payable(offer, ctx.house.settings).prices:
        return None
    return await shop_cards.card(ctx, offer, currency)


def _gone(ctx: Context) -> Screen:
    """What was pressed on is no longer sold."""
    ctx.answer(ctx.text("plans-gone-short"))
    return Screen(ctx.text("plans-gone-short"), [[shop_cards.all_button(ctx)]])
