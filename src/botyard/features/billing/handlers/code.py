"""/code: admins make, look at and end discount codes."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.billing import code_words, shop_cards, whole_business, words
from botyard.features.billing.handlers.plan import editor
from botyard.features.billing.service import codes
from botyard.features.billing.service.codes import KeptCode
from botyard.ids import UserId
from botyard.members import roles
from botyard.members.models import Role
from botyard.money import Money
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen, is_row_number
from botyard.routing.registry import button, command, dialog_step

NEW_STEP = "code-new"
ON_A_PAGE = 10
_VERBS = frozenset({"new", "end", "help"})


@command("code", role=Role.ADMIN, description="Discount codes", usage="[new | end] <code>")
async def code_command(ctx: Context) -> None:
    """Lists discount codes and how often they were used. /code new SPRING 20% uses 100 once until 2027-04-01
    for gold makes one, /code SPRING shows it, /code end SPRING ends it.
    """
    if refusal := whole_business.refusal(ctx, "code"):
        ctx.reply(refusal)
        return
    verb, _, rest = ctx.args.strip().partition(" ")
    try:
        screen = await _do(ctx, verb.lower(), rest.strip())
    except BotyardError as problem:
        screen = Screen(ctx.text("code-refused", problem=str(problem)))
    ctx.reply(screen.html, buttons=screen.buttons)


async def _do(ctx: Context, verb: str, rest: str) -> Screen:
    if not verb:
        return await _list(ctx, 0)
    if verb == "new":
        if not rest:
            await ctx.ask(NEW_STEP)
            return Screen(ctx.text("code-ask"))
        return await _make(ctx, rest)
    if verb == "end" and rest:
        await codes.end(ctx.session, rest, editor(ctx))
        return await _card(ctx, rest)
    if verb not in _VERBS and not rest:
        return await _card(ctx, verb)
    return Screen(ctx.text("code-usage"))


@dialog_step(NEW_STEP, role=Role.ADMIN)
async def code_new(ctx: Context) -> None:
    """The answer to 'which code, and what does it take off?'."""
    if refusal := whole_business.refusal(ctx, "code"):
        ctx.reply(refusal)
        return
    try:
        screen = await _make(ctx, ctx.args)
    except BotyardError as problem:
        screen = Screen(ctx.text("code-refused", problem=str(problem)))
        await ctx.ask(NEW_STEP)
    ctx.reply(screen.html, buttons=screen.buttons)


@button("code", role=Role.ADMIN)
async def code_button(ctx: Context) -> None:
    """A press beneath the list or a card; `ending` asks once more."""
    if refusal := whole_business.refusal(ctx, "code"):
        ctx.answer(refusal, alert=True)
        return
    try:
        match ctx.args.split(":"):
            case ["list", page] if is_row_number(page):
                screen = await _list(ctx, int(page))
            case ["card", code]:
                screen = await _card(ctx, code)
            case ["ending", code]:
                screen = await _ending(ctx, code)
            case ["end", code]:
                await codes.end(ctx.session, code, editor(ctx))
                ctx.answer(ctx.text("code-ended"))
                screen = await _card(ctx, code)
            case _:
                ctx.answer(ctx.text("button-stale"))
                return
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return
    ctx.edit(screen.html, buttons=screen.buttons)


async def _make(ctx: Context, text: str) -> Screen:
    found = {name: await roles.find_user(ctx.session, name) for name in code_words.usernames_in(text)}
    members = {name: UserId(user.id) for name, user in found.items() if user is not None}
    kept = await codes.make(ctx.session, code_words.read_code(text, members), editor(ctx))
    card = await _card(ctx, kept.code)
    return Screen(f"{ctx.text('code-saved', code=kept.code)}\n\n{card.html}", card.buttons)


async def _list(ctx: Context, page: int) -> Screen:
    found = await codes.listed(ctx.session, ctx.now, skip=page * ON_A_PAGE, most=ON_A_PAGE + 1)
    if not found and page == 0:
        return Screen(f"{ctx.text('code-list-none')}\n\n{ctx.text('code-usage')}")
    shown = found[:ON_A_PAGE]
    lines = [
        ctx.text(
            "code-line",
            code=each.code,
            worth=_worth(ctx, each),
            used=each.used,
            works="yes" if each.works(ctx.now) else "no",
        )
        for each in shown
    ]
    presses = [Press(each.code, f"code:card:{each.code}") for each in shown]
    rows = [presses[at : at + 2] for at in range(0, len(presses), 2)]
    back = [Press("«", f"code:list:{page - 1}")] if page else []
    on = [Press("»", f"code:list:{page + 1}")] if len(found) > ON_A_PAGE else []
    html = "\n".join([ctx.text("code-list-title"), "", *lines, "", ctx.text("code-list-more")])
    return Screen(html, [row for row in (*rows, [*back, *on]) if row])


async def _card(ctx: Context, code: str) -> Screen:
    kept = await codes.get(ctx.session, code, ctx.now)
    draft, language = kept.draft, shop_cards.language_of(ctx)
    html = ctx.text(
        "code-card",
        code=draft.code,
        worth=_worth(ctx, kept),
        used=kept.used,
        uses=draft.uses or 0,
        once="yes" if draft.once_per_member else "no",
        plans=", ".join(draft.plans) or "-",
        has_plans="yes" if draft.plans else "no",
        member=str(draft.member or ""),
        has_member="yes" if draft.member else "no",
        until=words.moment(draft.expires, language) if draft.expires else "-",
        has_end="yes" if draft.expires else "no",
        state=_state(ctx, kept),
    )
    end = [[Press(ctx.text("code-button-end"), f"code:ending:{draft.code}")]] if kept.active else []
    return Screen(html, [*end, [Press(ctx.text("code-button-all"), "code:list:0")]])


async def _ending(ctx: Context, code: str) -> Screen:
    kept = await codes.get(ctx.session, code, ctx.now)
    row = [
        Press(ctx.text("code-button-really"), f"code:end:{kept.code}"),
        Press(ctx.text("code-button-keep"), f"code:card:{kept.code}"),
    ]
    return Screen(ctx.text("code-ending", code=kept.code), [row])


def _worth(ctx: Context, kept: KeptCode) -> str:
    worth = code_words.worth_of(kept.draft)
    return words.price(worth, shop_cards.language_of(ctx)) if isinstance(worth, Money) else f"{worth}%"


def _state(ctx: Context, kept: KeptCode) -> str:
    if not kept.active:
        return "ended"
    return "works" if kept.works(ctx.now) else "over"
