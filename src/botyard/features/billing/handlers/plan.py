"""/plan: admins keep the catalog in chat, by words, by buttons, or asked for what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from botyard.errors import BotyardError
from botyard.features.billing import plan_cards, plan_words, shop_cards, whole_business
from botyard.features.billing.service import catalog, editing
from botyard.features.billing.service.editing import Editor
from botyard.features.billing.service.plan_drafts import PlanDraft, check_values
from botyard.ids import ChatId
from botyard.members import chats
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Screen, is_row_number
from botyard.routing.registry import button, command, dialog_step

NEW_STEP, SET_STEP = "plan-new", "plan-set"
NEW_FIELDS = ("title", "length", "prices", "features")
"""What a new plan is asked for, in this order; the last may be left out."""
NEEDED = 3
_VERBS = frozenset({"new", "set", "show", "archive", "restore", "help"})


@command(
    "plan",
    role=Role.ADMIN,
    description="What is sold: plans and prices",
    usage="[new | set | show | archive | restore] <code>",
)
async def plan_command(ctx: Context) -> None:
    """Lists all plans. /plan gold-3m shows one, with buttons to change it. /plan new gold-3m makes one;
    /plan set gold-3m prices 147.00 GBP, 9500 stars changes it. A new price is for new orders only.
    """
    if refusal := whole_business.refusal(ctx, "plan"):
        ctx.reply(refusal)
        return
    head, _, lines = ctx.args.partition("\n")
    verb, *words = head.split(maxsplit=3) or ["list"]
    try:
        screen = await _do(ctx, verb.lower(), words, lines)
    except BotyardError as problem:
        screen = Screen(ctx.text("plan-refused", problem=str(problem)))
    if screen is not None:
        ctx.reply(screen.html, buttons=screen.buttons)


async def _do(ctx: Context, verb: str, words: list[str], lines: str) -> Screen | None:
    match verb, words:
        case "list", []:
            return await plan_cards.list_screen(ctx, 0)
        case "new", [code]:
            return await _new(ctx, code.lower(), lines)
        case "set", [code, field, *value] if field.lower() in plan_cards.FIELDS:
            said = "\n".join(each for each in (*value, lines) if each)
            return await _set(ctx, code.lower(), field.lower(), said)
        case "show", [code]:
            offer = await catalog.find_offer(ctx.session, code, ctx.now)
            return await shop_cards.card(ctx, offer, "")
        case "archive" | "restore", [code]:
            return await _switch(ctx, code, archive=verb == "archive")
        case code, [] if code not in _VERBS:
            return await plan_cards.card_screen(ctx, await editing.get(ctx.session, code))
    return Screen(ctx.text("plan-usage"))


@button("plan", role=Role.ADMIN)
async def plan_button(ctx: Context) -> None:
    """A press beneath the list or a card."""
    if refusal := whole_business.refusal(ctx, "plan"):
        ctx.answer(refusal, alert=True)
        return
    screen: Screen | None = None
    try:
        match ctx.args.split(":"):
            case ["list", page] if is_row_number(page):
                screen = await plan_cards.list_screen(ctx, int(page))
            case ["card", code]:
                screen = await plan_cards.card_screen(ctx, await editing.get(ctx.session, code))
            case ["ask", field, code] if field in plan_cards.FIELDS:
                asked = await _ask(ctx, (await editing.get(ctx.session, code)).code, field)
                ctx.reply(asked.html)
                return
            case ["show", code]:
                offer = await catalog.find_offer(ctx.session, code, ctx.now)
                shown = await shop_cards.card(ctx, offer, "")
                ctx.reply(shown.html, buttons=shown.buttons)
                return
            case ["archive" | "restore" as verb, code]:
                screen = await _switch(ctx, code, archive=verb == "archive")
                ctx.answer(ctx.text(f"plan-{verb}d"))
            case _:
                ctx.answer(ctx.text("button-stale"))
                return
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return
    ctx.edit(screen.html, buttons=screen.buttons)


@dialog_step(NEW_STEP, role=Role.ADMIN)
async def plan_new(ctx: Context) -> None:
    """The answer to a question about a new plan."""
    if refusal := whole_business.refusal(ctx, "plan"):
        ctx.reply(refusal)
        return
    code, said = ctx.dialog_data["code"], list(ctx.dialog_data["said"])
    try:
        check_values(await changes(ctx, NEW_FIELDS[len(said)], ctx.args))
        screen = await _make(ctx, code, [*said, ctx.args])
    except BotyardError as problem:
        screen = Screen(ctx.text("plan-refused", problem=str(problem)))
        await ctx.ask(NEW_STEP, code=code, said=said)
    ctx.reply(screen.html, buttons=screen.buttons)


@dialog_step(SET_STEP, role=Role.ADMIN)
async def plan_set(ctx: Context) -> None:
    """The answer to a question about a plan that is there."""
    if refusal := whole_business.refusal(ctx, "plan"):
        ctx.reply(refusal)
        return
    code, field = ctx.dialog_data["code"], ctx.dialog_data["field"]
    try:
        screen = await _set(ctx, code, field, ctx.args)
    except BotyardError as problem:
        screen = Screen(ctx.text("plan-refused", problem=str(problem)))
        await ctx.ask(SET_STEP, code=code, field=field)
    ctx.reply(screen.html, buttons=screen.buttons)


async def _new(ctx: Context, code: str, lines: str) -> Screen:
    await editing.check_new_code(ctx.session, code)
    said = [line.strip() for line in lines.splitlines() if line.strip()]
    return await _make(ctx, code, said)


async def _make(ctx: Context, code: str, said: list[str]) -> Screen:
    """Keeps the plan if all that it needs was said, else asks for what comes next."""
    if len(said) < NEEDED:
        field = NEW_FIELDS[len(said)]
        await ctx.ask(NEW_STEP, code=code, said=said)
        return Screen(ctx.text("plan-ask", code=code, question=field))
    if len(said) > len(NEW_FIELDS):
        return Screen(ctx.text("plan-usage"))
    fields: dict[str, Any] = {}
    for name, value in zip(NEW_FIELDS, said, strict=False):
        fields |= await changes(ctx, name, value)
    await editing.add(ctx.session, PlanDraft(**{"code": code, **fields}), editor(ctx))
    return await _saved(ctx, code)


async def _set(ctx: Context, code: str, field: str, value: str) -> Screen:
    if not value.strip():
        return await _ask(ctx, (await editing.get(ctx.session, code)).code, field)
    fields = await changes(ctx, field, value)
    kept = await editing.revise(ctx.session, code, lambda draft: replace(draft, **fields), editor(ctx))
    return await _saved(ctx, kept.code)


async def _ask(ctx: Context, code: str, field: str) -> Screen:
    await ctx.ask(SET_STEP, code=code, field=field)
    return Screen(ctx.text("plan-ask", code=code, question=field))


async def _saved(ctx: Context, code: str) -> Screen:
    card = await plan_cards.card_screen(ctx, await editing.get(ctx.session, code))
    return Screen(f"{ctx.text('plan-saved', code=code)}\n\n{card.html}", card.buttons)


async def _switch(ctx: Context, code: str, *, archive: bool) -> Screen:
    await (editing.archive if archive else editing.restore)(ctx.session, code, editor(ctx))
    return await plan_cards.card_screen(ctx, await editing.get(ctx.session, code))


async def changes(ctx: Context, field: str, value: str) -> Mapping[str, Any]:
    """What of a draft becomes another by these words. Raises `BadPlan` and `NoSuchChat`."""
    return await _READERS[field](ctx, value)


def editor(ctx: Context) -> Editor:
    """Who asks."""
    return Editor(ctx.member.id, ctx.now, ctx.bot.id)


async def _chats(ctx: Context, value: str) -> Mapping[str, tuple[ChatId, ...]]:
    if value.strip().lower() in plan_words.NONE:
        return {"chats": ()}
    keys = await chats.named(ctx.session, value.replace(",", " ").split(), ctx.now)
    places = await chats.places_of(ctx.session, keys)
    return {"chats": tuple(places[key].telegram_id for key in keys)}


def _plainly(
    read: Callable[[str], Mapping[str, Any]],
) -> Callable[[Context, str], Awaitable[Mapping[str, Any]]]:
    async def reading(_ctx: Context, value: str) -> Mapping[str, Any]:
        return read(value)

    return reading


def _length(value: str) -> Mapping[str, Any]:
    return plan_words.read_length(value)._asdict()


def _window(value: str) -> Mapping[str, Any]:
    begins, ends = plan_words.read_window(value)
    return {"sold_from": begins, "sold_until": ends}


def _description(value: str) -> Mapping[str, str]:
    return {"description": "" if value.strip().lower() in plan_words.NONE else value.strip()}


_READERS: Mapping[str, Callable[[Context, str], Awaitable[Mapping[str, Any]]]] = {
    "title": _plainly(lambda value: {"title": value.strip()}),
    "description": _plainly(_description),
    "prices": _plainly(lambda value: {"prices": plan_words.read_prices(value)}),
    "length": _plainly(_length),
    "features": _plainly(lambda value: {"features": plan_words.read_features(value)}),
    "chats": _chats,
    "trial": _plainly(lambda value: {"trial_days": plan_words.read_trial(value)}),
    "window": _plainly(_window),
    "pack": _plainly(lambda value: {"pack": value.strip().lower()}),
    "stripe": _plainly(lambda value: {"stripe_subscription": plan_words.read_switch(value)}),
}
"""How the words for each field are read."""
