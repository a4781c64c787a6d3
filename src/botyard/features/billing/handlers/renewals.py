"""Subscriptions: a member stops the renewal or lets it go on, with Stars here, with a card at Stripe."""

from __future__ import annotations

from botyard.features.billing import renewing
from botyard.features.billing.models import Order, Subscription, SubscriptionState, Way
from botyard.features.billing.stripe.checkout import open_portal
from botyard.features.billing.words import day
from botyard.routing.context import Context
from botyard.routing.registry import button

_WORDS = {"stop": SubscriptionState.CANCELLED, "go-on": SubscriptionState.ACTIVE}


@button("renewal")
async def renewal_button(ctx: Context) -> None:
    """Stops the renewal of a subscription in Stars, or takes that back; the paid time stays."""
    word, _, number = ctx.args.partition(":")
    if word == "portal":
        opens = await open_portal(ctx.session, ctx.member.id, ctx.bot.id, ctx.chat.key, ctx.now)
        ctx.answer(ctx.text("renewal-portal" if opens else "button-stale"))
        return
    state = _WORDS.get(word)
    found = await ctx.session.get(Subscription, int(number)) if number.isdecimal() else None
    if state is None or found is None or found.user_id != ctx.member.id or found.way is not Way.STARS:
        ctx.answer(ctx.text("button-stale"))
        return
    order = await ctx.session.get_one(Order, found.order_id)
    await renewing.change(ctx.session, order, state, ctx.chat.key, ctx.now)
    until = day(found.period_ends_at or ctx.now, ctx.member.profile.language_code)
    said = ctx.text(f"renewal-{word}", title=order.title, until=until)
    ctx.answer()
    ctx.edit(said)  # the button has done what it is for
