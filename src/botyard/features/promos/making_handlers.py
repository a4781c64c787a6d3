"""/promo: makes promos, changes them, posts them, and shows how they did."""

from __future__ import annotations

from dataclasses import replace

from botyard.errors import BotyardError
from botyard.features.promos import drafts, outcomes, posting, service
from botyard.features.promos.handlers import card_screen, clicks_screen, list_screen, operator, show
from botyard.features.promos.posting import Shop
from botyard.features.promos.service import BadPromo, Draft, NoSuchPromo, Offer, PromoId
from botyard.members import chats, consent, reach
from botyard.members.consent import Topic
from botyard.members.models import Role
from botyard.routing import dialogs
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen, is_row_number
from botyard.routing.reach import warnings
from botyard.routing.registry import button, command, dialog_step
from botyard.telegram.content import read_content, read_replied

TEXT_STEP = "promo-text"
BUTTONS_STEP = "promo-buttons"
_VERBS = frozenset({"add", "edit", "show", "post", "clicks", "retire", "revive"})


@command(
    "promo",
    role=Role.ADMIN,
    description="Promos with call-to-action buttons",
    usage="[add | edit | show | post | clicks | retire] <code>",
)
async def promo_command(ctx: Context) -> None:
    """Lists promos and their clicks. /promo add <code> in reply to a text or photo makes one; the lines
    beneath it are its buttons. /promo post <code> to <chats> posts it now.
    """
    head, _, lines = ctx.args.partition("\n")
    verb, *words = head.split() or ["list"]
    try:
        screen = await _do(ctx, verb.lower(), words, lines)
    except BotyardError as problem:
        screen = Screen(ctx.text("promo-refused", problem=str(problem)))
    if screen is not None:
        ctx.reply(screen.html, buttons=screen.buttons)


async def _do(ctx: Context, verb: str, words: list[str], lines: str) -> Screen | None:
    match verb, words:
        case "list", []:
            return await list_screen(ctx, 0)
        case "add", [code]:
            return await _add(ctx, code.lower(), lines)
        case "edit", [code]:
            return await _edit(ctx, await service.find(ctx.session, code), lines)
        case "post", [code, to, *names] if to.lower() == "to" and names:
            await _post(ctx, await service.find(ctx.session, code), names)
            return None
        case "show", [code]:
            show(ctx, await service.find(ctx.session, code))
            return None
        case "clicks", [code]:
            return await clicks_screen(ctx, await service.find(ctx.session, code))
        case "retire" | "revive", [code]:
            return await _switch(ctx, await service.find(ctx.session, code), active=verb == "revive")
        case code, [] if code not in _VERBS:
            return await card_screen(ctx, await service.find(ctx.session, code))
    return Screen(ctx.text("promo-usage"))


async def _add(ctx: Context, code: str, lines: str) -> Screen | None:
    buttons = drafts.read_buttons(lines)
    replied = read_replied(ctx.body)
    await service.check_new_code(ctx.session, code)
    if replied is None:
        ctx.reply(ctx.text("promo-ask", code=code))
        await ctx.ask(TEXT_STEP, code=code, buttons=lines)
        return None
    return await _keep(ctx, code, drafts.with_content(Draft("", buttons), replied, ctx.bot.id))


@dialog_step(TEXT_STEP, role=Role.ADMIN)
async def promo_text(ctx: Context) -> None:
    """The answer to 'what shall it say?'."""
    content = read_content(ctx.body)
    code, lines = ctx.dialog_data["code"], ctx.dialog_data["buttons"]
    try:
        if content is None:
            raise BadPromo("This message could not be read.", remedy="Send a text, or a photo with one.")
        draft = drafts.with_content(Draft("", drafts.read_buttons(lines)), content, ctx.bot.id)
        promo_id = await service.add(ctx.session, code, draft, operator(ctx), ctx.now)
        offer = await service.get(ctx.session, promo_id)
        screen = await _saved(ctx, offer) if draft.buttons else await _ask_buttons(ctx, offer)
    except BotyardError as problem:
        screen = Screen(ctx.text("promo-refused", problem=str(problem)))
        await ctx.ask(TEXT_STEP, code=code, buttons=lines)
    ctx.reply(screen.html, buttons=screen.buttons)


@dialog_step(BUTTONS_STEP, role=Role.ADMIN)
async def promo_buttons(ctx: Context) -> None:
    """The answer to 'which buttons?'."""
    content = read_content(ctx.body)
    try:
        offer = await service.get(ctx.session, PromoId(ctx.dialog_data["promo"]))
    except NoSuchPromo as problem:
        ctx.reply(ctx.text("promo-refused", problem=str(problem)))
        return
    try:
        buttons = drafts.read_buttons(content.text if content else "")
        if not buttons:
            raise BadPromo("These are no buttons.", remedy="Send a line for each.")
        draft = replace(offer.draft, buttons=buttons)
        await service.edit(ctx.session, offer.id, draft, operator(ctx), ctx.now)
        screen = await _saved(ctx, await service.get(ctx.session, offer.id))
    except BotyardError as problem:
        again = await _ask_buttons(ctx, offer)
        screen = Screen(ctx.text("promo-refused", problem=str(problem)), again.buttons)
    ctx.reply(screen.html, buttons=screen.buttons)


@button("promo-plain", role=Role.ADMIN)
async def promo_plain(ctx: Context) -> None:
    """A press on 'No buttons', where they are asked for."""
    if not is_row_number(ctx.args):
        ctx.answer(ctx.text("button-stale"))
        return
    await _stop_asking(ctx, int(ctx.args))
    try:
        offer = await service.get(ctx.session, PromoId(int(ctx.args)))
    except NoSuchPromo:
        ctx.answer(ctx.text("promo-gone"))
        return
    ctx.edit(ctx.text("promo-plain", code=offer.code))
    screen = await _saved(ctx, offer)
    ctx.reply(screen.html, buttons=screen.buttons)


async def _ask_buttons(ctx: Context, offer: Offer) -> Screen:
    await ctx.ask(BUTTONS_STEP, promo=offer.id)
    plain = Press(ctx.text("promo-button-plain"), f"promo-plain:{offer.id}")
    return Screen(ctx.text("promo-ask-buttons", code=offer.code), [[plain]])


async def _stop_asking(ctx: Context, promo_id: int) -> None:
    """Ends the question for this promo's buttons, and no other that may be open by now."""
    found = await dialogs.take_dialog(ctx.session, ctx.dialog_key, ctx.now)
    if found is not None and (found.step, found.data.get("promo")) != (BUTTONS_STEP, promo_id):
        await ctx.ask(found.step, **found.data)


async def _keep(ctx: Context, code: str, draft: Draft) -> Screen:
    promo_id = await service.add(ctx.session, code, draft, operator(ctx), ctx.now)
    return await _saved(ctx, await service.get(ctx.session, promo_id))


async def _edit(ctx: Context, offer: Offer, lines: str) -> Screen:
    replied = read_replied(ctx.body)
    if replied is None and not lines.strip():
        return Screen(ctx.text("promo-edit-usage", code=offer.code))
    draft = offer.draft
    if lines.strip():
        draft = replace(draft, buttons=drafts.read_buttons(lines))
    if replied is not None:
        draft = drafts.with_content(draft, replied, ctx.bot.id)
    await service.edit(ctx.session, offer.id, draft, operator(ctx), ctx.now)
    return await _saved(ctx, await service.get(ctx.session, offer.id))


async def _saved(ctx: Context, offer: Offer) -> Screen:
    """Shows the promo as it will look, and then its card."""
    try:
        show(ctx, offer)
        saved = ctx.text("promo-saved", code=offer.code)
    except BadPromo as problem:
        saved = ctx.text("promo-saved-unseen", code=offer.code, problem=str(problem))
    card = await card_screen(ctx, offer)
    return Screen(f"{saved}\n\n{card.html}", card.buttons)


async def _post(ctx: Context, offer: Offer, names: list[str]) -> None:
    """Posts it, and says so in a message that tells later what became of it."""
    keys = await chats.named(ctx.session, names, ctx.now)
    await reach.require_met(ctx.session, keys)
    willing = await consent.willing(ctx.session, keys, Topic.OFFERS)
    shop = Shop(ctx.house.base_url, ctx.house.counts_clicks)
    receipt = f"promo:{offer.id}@{ctx.now:%Y%m%d%H%M%S%f}"
    await posting.post(ctx.session, shop, offer, ctx.bot.id, willing, receipt, ctx.now)
    service.record_post(ctx.session, offer, operator(ctx), ctx.now, chats=len(willing))
    unwilling = len(keys) - len(willing)
    lines = [ctx.text("promo-posted", code=offer.code, count=len(willing))]
    card = None
    if willing:
        card = await outcomes.follow(ctx, offer, receipt, chats=len(willing), unwilling=unwilling)
    else:
        lines = [ctx.text("promo-posted-nowhere", code=offer.code)]
    if unwilling:
        lines.append(ctx.text("promo-unwilling", count=unwilling))
    lines += await warnings(ctx.session, ctx.text, willing, ctx.bot.id)
    ctx.reply("\n".join(lines), receipt=card)


async def _switch(ctx: Context, offer: Offer, *, active: bool) -> Screen:
    await service.set_active(ctx.session, offer.id, operator(ctx), ctx.now, active=active)
    return await card_screen(ctx, await service.get(ctx.session, offer.id))
