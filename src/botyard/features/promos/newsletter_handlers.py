"""/newsletter: whether the member gets marketing messages; one tap to join or leave."""

from __future__ import annotations

from botyard.members import consent
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows
from botyard.routing.registry import button, command

_WORDS = {"on": True, "off": False}


@command(
    "newsletter",
    aliases=("news", "updates"),
    description="Offers and news: join or leave",
    usage="[on | off]",
)
async def newsletter(ctx: Context) -> None:
    """Shows whether you get offers, news and guides from us, and lets you join or leave with one tap.
    /newsletter on and /newsletter off do it at once.
    """
    granted = _WORDS.get(ctx.args.strip().lower())
    if granted is not None:
        await _say(ctx, granted=granted, source="/newsletter")
    elif not ctx.chat.is_private:
        ctx.reply(ctx.text("newsletter-private"))  # what he gets is nobody else's business
        return
    html, buttons = await _screen(ctx)
    ctx.reply(html, buttons=buttons if ctx.chat.is_private else ())


@button("newsletter")
async def newsletter_button(ctx: Context) -> None:
    """Joins or leaves, for whoever presses."""
    granted = _WORDS.get(ctx.args)
    if granted is None:
        ctx.answer(ctx.text("button-stale"))
        return
    await _say(ctx, granted=granted, source="button")
    ctx.answer(ctx.text("newsletter-joined" if granted else "newsletter-left"))
    html, buttons = await _screen(ctx)
    ctx.edit(html, buttons=buttons)


async def _say(ctx: Context, *, granted: bool, source: str) -> None:
    await consent.say(ctx.session, ctx.member.id, consent.MARKETING, ctx.now, granted=granted, source=source)


async def _screen(ctx: Context) -> tuple[str, Rows]:
    """What the member sees: it is on as soon as he gets anything at all."""
    granted = await consent.granted_topics(ctx.session, ctx.member.id)
    if granted:
        return ctx.text("newsletter-on"), [[Press(ctx.text("newsletter-leave"), "newsletter:off")]]
    return ctx.text("newsletter-off"), [[Press(ctx.text("newsletter-join"), "newsletter:on")]]
