"""What admins see of the catalog: all plans, and one with everything that can be changed."""

from __future__ import annotations

from datetime import datetime

from botyard.features.billing import shop_cards, words
from botyard.features.billing.service import editing
from botyard.features.billing.service.editing import KeptPlan, PlanState
from botyard.ids import ChatId
from botyard.money import Money
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen

ON_A_PAGE = 10
FIELDS = (
    "title",
    "description",
    "prices",
    "length",
    "features",
    "chats",
    "trial",
    "window",
    "pack",
    "stripe",
)
"""What can be changed of a plan, by the words of `/plan set`."""


async def list_screen(ctx: Context, page: int) -> Screen:
    """A page of all plans, archived ones last."""
    found = await editing.listed(ctx.session)
    if not found:
        return Screen(f"{ctx.text('plan-list-none')}\n\n{ctx.text('plan-usage')}")
    last = (len(found) - 1) // ON_A_PAGE
    page = min(page, last)
    shown = found[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    lines = [
        ctx.text(
            "plan-line",
            code=each.code,
            title=each.draft.title,
            prices=_prices(ctx, each),
            state=each.state(ctx.now).value,
        )
        for each in shown
    ]
    presses = [Press(each.code, f"plan:card:{each.code}") for each in shown]
    rows = [presses[at : at + 2] for at in range(0, len(presses), 2)]
    turns = (("«", page - 1), ("»", page + 1))
    rows.append([Press(sign, f"plan:list:{to}") for sign, to in turns if 0 <= to <= last])
    title = ctx.text("plan-list-title", count=len(found))
    html = "\n".join([title, "", *lines, "", ctx.text("plan-list-more")])
    return Screen(html, [row for row in rows if row])


async def card_screen(ctx: Context, plan: KeptPlan) -> Screen:
    """One plan: what it is, and what can be done with it."""
    draft, state = plan.draft, plan.state(ctx.now)
    html = ctx.text(
        "plan-card",
        code=draft.code,
        title=draft.title,
        description=draft.description or "-",
        pack=draft.pack,
        length=words.length(draft, shop_cards.language_of(ctx)),
        stars="yes" if draft.stars_subscription else "no",
        stripe="yes" if draft.stripe_subscription else "no",
        prices=_prices(ctx, plan),
        features=", ".join(draft.features) or "-",
        chats=", ".join(await _chats(ctx, draft.chats)) or "-",
        trial=words.days(draft.trial_days, shop_cards.language_of(ctx)) if draft.trial_days else "-",
        window=_window(ctx, draft.sold_from, draft.sold_until),
        state=state.value,
        link=shop_cards.deep_link_to(ctx, draft.code) if ctx.bot.username else "-",
    )
    asks = [Press(ctx.text(f"plan-button-{each}"), f"plan:ask:{each}:{draft.code}") for each in FIELDS]
    rows = [asks[at : at + 3] for at in range(0, len(asks), 3)]
    switch = "restore" if state is PlanState.ARCHIVED else "archive"
    look = [Press(ctx.text("plan-button-show"), f"plan:show:{draft.code}")] if state is PlanState.SOLD else []
    rows.append([*look, Press(ctx.text(f"plan-button-{switch}"), f"plan:{switch}:{draft.code}")])
    rows.append([Press(ctx.text("plan-button-all"), "plan:list:0")])
    return Screen(html, rows)


def _prices(ctx: Context, plan: KeptPlan) -> str:
    language = shop_cards.language_of(ctx)
    return " · ".join(
        words.price(Money(amount, currency), language) for currency, amount in plan.draft.prices.items()
    )


async def _chats(ctx: Context, ids: tuple[ChatId, ...]) -> list[str]:
    """The chats by title, where that is known, with their ids."""
    titles = await editing.chat_titles(ctx.session, ids)
    return [f"{titles[each]} ({each})" if each in titles else str(each) for each in ids]


def _window(ctx: Context, begins: datetime | None, ends: datetime | None) -> str:
    language = shop_cards.language_of(ctx)
    if begins is None and ends is None:
        return shop_cards.plain(ctx, "plan-always")
    return shop_cards.plain(
        ctx,
        "plan-window",
        begins=words.moment(begins, language) if begins else "",
        ends=words.moment(ends, language) if ends else "",
        has="both" if begins and ends else "start" if begins else "end",
    )
