"""/newsletter: what the member gets, topic by topic; one tap to join or leave each."""

from __future__ import annotations

from collections.abc import Collection

from botyard.members import consent
from botyard.members.consent import MARKETING, Topic
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
    """Shows which of our offers, news and guides you get, and lets you join or leave each with one tap.
    /newsletter on and /newsletter off do it at once for all of them.
    """
    granted = _WORDS.get(ctx.args.strip().lower())
    if granted is not None:
        await _say(ctx, MARKETING, granted=granted, source="/newsletter")
    elif not ctx.chat.is_private:
        ctx.reply(ctx.text("newsletter-private"))  # what he gets is nobody else's business
        return
    html, buttons = await _screen(ctx)
    ctx.reply(html, buttons=buttons if ctx.chat.is_private else ())


@button("newsletter")
async def newsletter_button(ctx: Context) -> None:
    """Joins or leaves one topic or all marketing, for whoever presses."""
    word, *names = ctx.args.split(":")
    granted = _WORDS.get(word)
    topics = [topic for topic in Topic if topic in names] if names else MARKETING
    if granted is None or len(names) > 1 or not topics:
        ctx.answer(ctx.text("button-stale"))
        return
    await _say(ctx, topics, granted=granted, source="button")
    ctx.answer(ctx.text("newsletter-joined" if granted else "newsletter-left"))
    html, buttons = await _screen(ctx)
    ctx.edit(html, buttons=buttons)


async def _say(ctx: Context, topics: Collection[Topic], *, granted: bool, source: str) -> None:
    await consent.say(ctx.session, ctx.member.id, topics, ctx.now, granted=granted, source=source)


async def _screen(ctx: Context) -> tuple[str, Rows]:
    """What the member gets, a line and a button for each topic."""
    got = await consent.received_topics(ctx.session, ctx.member.id)
    lines = {topic: ctx.text("newsletter-topic", topic=topic, gets=_flag(topic in got)) for topic in Topic}
    marketing = "\n".join(lines[topic] for topic in MARKETING)
    html = "\n\n".join([ctx.text("newsletter"), marketing, lines[Topic.SERVICE]])
    rows = [[_change(ctx, topic, granted=topic not in got)] for topic in Topic]
    every = []
    if got.intersection(MARKETING):
        every.append(Press(ctx.text("newsletter-leave"), "newsletter:off"))
    if not got.issuperset(MARKETING):
        every.append(Press(ctx.text("newsletter-join"), "newsletter:on"))
    return html, [*rows, every]


def _change(ctx: Context, topic: Topic, *, granted: bool) -> Press:
    text = ctx.text("newsletter-join-topic" if granted else "newsletter-leave-topic", topic=topic)
    return Press(text, f"newsletter:{'on' if granted else 'off'}:{topic}")


def _flag(value: bool) -> str:
    return "yes" if value else "no"
