"""What /status says of plans: what the member has, until when, what follows, and what renews."""

from __future__ import annotations

from collections.abc import Sequence

from botyard.features.billing import shop_cards, words
from botyard.features.billing.service import catalog, holdings
from botyard.features.billing.service.holdings import Holding, Renewal
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows


async def status(ctx: Context) -> tuple[Sequence[str], Rows]:
    """The lines and buttons that billing adds to /status."""
    held = await holdings.holdings(ctx.session, ctx.member.id, ctx.now)
    offers = await catalog.offers(ctx.session, ctx.now)
    lines = [line for each in held for line in _holding_lines(ctx, each)]
    lines += [
        _renewal_line(ctx, each) for each in await holdings.renewals(ctx.session, ctx.member.id, ctx.now)
    ]
    if not held and offers:
        lines.append(ctx.text("status-plan-none"))
    sold = {offer.code for offer in offers}
    rows = [
        [
            Press(
                shop_cards.plain(ctx, "status-button-extend", title=each.now.title),
                f"plans:open:{each.now.plan}",
            )
        ]
        for each in held
        if each.now.plan in sold
    ]
    if offers:
        rows.append([Press(ctx.text("status-button-plans"), "plans:open")])
    return lines, rows


def _holding_lines(ctx: Context, held: Holding) -> list[str]:
    language = shop_cards.language_of(ctx)
    said = [ctx.text("status-plan", title=held.now.title, until=words.moment(held.now.until, language))]
    said += [
        ctx.text("status-plan-then", title=part.title, until=words.moment(part.until, language))
        for part in held.then
    ]
    return said


def _renewal_line(ctx: Context, renewal: Renewal) -> str:
    language = shop_cards.language_of(ctx)
    return ctx.text(
        "status-renewal",
        title=renewal.title,
        price=words.price(renewal.money, language),
        state=renewal.state.value,
        day=words.day(renewal.ends_at, language) if renewal.ends_at else "",
        known="yes" if renewal.ends_at else "no",
    )
