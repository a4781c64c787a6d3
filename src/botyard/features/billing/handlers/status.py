"""What /status says of plans: what the member has, until when, what follows, and what renews."""

from __future__ import annotations

from collections.abc import Sequence

from botyard.features.billing import shop_cards, words
from botyard.features.billing.models import SubscriptionState, Way
from botyard.features.billing.service import holdings
from botyard.features.billing.service.holdings import Holding, Renewal
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows


async def status(ctx: Context) -> tuple[Sequence[str], Rows]:
    """The lines and buttons that billing adds to /status."""
    held = await holdings.holdings(ctx.session, ctx.member.id, ctx.now)
    offers = await shop_cards.sold(ctx)
    lines = [line for each in held for line in _holding_lines(ctx, each)]
    renewals = await holdings.renewals(ctx.session, ctx.member.id, ctx.now)
    lines += [_renewal_line(ctx, each) for each in renewals]
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
    rows += [[_renewal_button(ctx, each)] for each in renewals]
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


def _renewal_button(ctx: Context, renewal: Renewal) -> Press:
    """What the member can do about it: by himself with Stars, on Stripe's page with a card."""
    if renewal.way is Way.STRIPE:
        return Press(ctx.text("renewal-button-portal"), "renewal:portal")
    word = "go-on" if renewal.state is SubscriptionState.CANCELLED else "stop"
    text = shop_cards.plain(ctx, f"renewal-button-{word}", title=renewal.title)
    return Press(text, f"renewal:{word}:{renewal.id}")


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
