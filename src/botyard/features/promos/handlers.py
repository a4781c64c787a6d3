"""Presses on promos, and /promo for those who make them: a list and a card each, in one message."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.promos import posting, service
from botyard.features.promos.service import NoSuchPromo, Offer, PromoId, Result
from botyard.features.tracking.service import CLICKS
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen, is_row_number
from botyard.routing.registry import button
from botyard.routing.texts import Html
from botyard.telegram.content import ContentKind

ON_A_PAGE = 8
FANS_SHOWN = 15


@button("promo")
async def promo_pressed(ctx: Context) -> None:
    """A press on a promo, wherever it was posted; `try` is the operator's own in his preview."""
    words = ctx.args.split(":")
    is_trial = words[0] == "try"
    match words[1:] if is_trial else words:
        case [promo, number] if is_row_number(promo) and is_row_number(number):
            found = await service.pressed(ctx.session, PromoId(int(promo)), int(number))
        case _:
            ctx.answer(ctx.text("button-stale"))
            return
    if found is None:
        ctx.answer(ctx.text("promo-over"))
        return
    if not is_trial:
        await service.count_press(ctx.session, found, ctx.member.id, ctx.now)
        ctx.after_commit(ctx.house.metrics.counter(CLICKS).inc)
    ctx.answer(found.answer or "")


@button("promos", role=Role.ADMIN)
async def promos_button(ctx: Context) -> None:
    """A press beneath the operator's list, a card or the results."""
    screen: Screen | None
    match ctx.args.split(":"):
        case ["list", page] if is_row_number(page):
            screen = await list_screen(ctx, int(page))
        case ["card" | "clicks" | "show" | "retire" | "revive" as verb, promo] if is_row_number(promo):
            screen = await _pressed(ctx, verb, PromoId(int(promo)))
        case _:
            ctx.answer(ctx.text("button-stale"))
            return
    if screen is not None:
        ctx.edit(screen.html, buttons=screen.buttons)


async def _pressed(ctx: Context, verb: str, promo_id: PromoId) -> Screen | None:
    try:
        if verb in ("retire", "revive"):
            active = verb == "revive"
            await service.set_active(ctx.session, promo_id, operator(ctx), ctx.now, active=active)
            ctx.answer(ctx.text(f"promo-{verb}d"))
        offer = await service.get(ctx.session, promo_id)
        if verb == "show":
            show(ctx, offer)
            return None
        return await (clicks_screen if verb == "clicks" else card_screen)(ctx, offer)
    except NoSuchPromo:
        ctx.answer(ctx.text("promo-gone"))
        return await list_screen(ctx, 0)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return None


def show(ctx: Context, offer: Offer) -> None:
    """Sends the promo as it will look. Raises `BadPromo`."""
    message = posting.preview_of(offer, ctx.bot.id)
    ctx.call(message.method, message.params)


async def list_screen(ctx: Context, page: int) -> Screen:
    """All promos, with their clicks."""
    offers = await service.listed(ctx.session)
    if not offers:
        return Screen(f"{ctx.text('promos-none')}\n\n{ctx.text('promo-usage')}")
    last_page = (len(offers) - 1) // ON_A_PAGE
    page = min(page, last_page)
    shown = offers[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    clicks = await service.clicks_on(ctx.session, shown)
    lines = [
        ctx.text(
            "promos-line" if each.active else "promos-line-retired", code=each.code, clicks=clicks[each.id]
        )
        for each in shown
    ]
    rows: list[list[Press]] = [[Press(each.code, f"promos:card:{each.id}")] for each in shown]
    ways = (("«", page - 1), ("»", page + 1))
    turns = [Press(sign, f"promos:list:{to}") for sign, to in ways if 0 <= to <= last_page]
    html = "\n".join([ctx.text("promos-title"), "", *lines])
    return Screen(html, [*rows, turns] if turns else rows)


async def card_screen(ctx: Context, offer: Offer) -> Screen:
    """One promo: what it is, and what can be done with it."""
    clicks = await service.clicks_on(ctx.session, [offer])
    kind = ContentKind.PHOTO if offer.photo else ContentKind.TEXT
    html = ctx.text(
        "promo-card",
        code=offer.code,
        state="active" if offer.active else "retired",
        kind=kind,
        buttons=", ".join(each.text for each in offer.buttons) or "-",
        clicks=clicks[offer.id],
    )
    switch = "retire" if offer.active else "revive"
    rows = [
        [
            Press(ctx.text("promo-button-show"), f"promos:show:{offer.id}"),
            Press(ctx.text("promo-button-clicks"), f"promos:clicks:{offer.id}"),
        ],
        [Press(ctx.text(f"promo-button-{switch}"), f"promos:{switch}:{offer.id}")],
        [Press(ctx.text("promo-button-all"), "promos:list:0")],
    ]
    return Screen(html, rows)


async def clicks_screen(ctx: Context, offer: Offer) -> Screen:
    """Who clicked what."""
    results = await service.results_of(ctx.session, offer, most=FANS_SHOWN)
    blocks = [_result_block(ctx, each) for each in results] or [ctx.text("promo-no-buttons")]
    html = "\n\n".join([ctx.text("promo-clicks-title", code=offer.code), *blocks])
    again = Press(ctx.text("promo-button-refresh"), f"promos:clicks:{offer.id}")
    return Screen(html, [[again, Press(ctx.text("promo-button-back"), f"promos:card:{offer.id}")]])


def _result_block(ctx: Context, result: Result) -> str:
    kind = "link" if result.button.url else "press"
    clicks = result.clicks
    head = ctx.text(
        "promo-clicks", text=result.button.text, kind=kind, total=clicks.total, unique=clicks.unique
    )
    fans = [
        ctx.text("promo-fan", id=str(fan.user_id), name=fan.name, clicks=fan.clicks) for fan in result.fans
    ]
    if clicks.unique > len(fans) > 0:
        fans.append(ctx.text("promo-more-fans", count=clicks.unique - len(fans)))
    return ctx.text("promo-clicked-by", head=Html(head), fans=Html(", ".join(fans))) if fans else head


def operator(ctx: Context) -> Actor:
    """Who asks."""
    return Actor(ctx.member.id, ctx.bot.id)
