"""Members who come to the bot by a link of a broadcast."""

from __future__ import annotations

from botyard.features.broadcasts.models import VisitKind
from botyard.features.broadcasts.service import attribution
from botyard.routing.context import Context
from botyard.routing.keyboard import is_row_number
from botyard.routing.registry import deep_link


@deep_link(attribution.PREFIX)
async def arrived(ctx: Context) -> None:
    """Notes which message led here, and goes on with what the link is for besides."""
    rest = ""
    match ctx.args.split("-", 2):
        case [number, variant, *more] if is_row_number(number) and is_row_number(variant):
            rest = more[0] if more else ""
            await attribution.visited(
                ctx.session, int(number), ctx.member.id, int(variant), VisitKind.START, ctx.now
            )
    prefix, _, ctx.args = rest.partition("-")
    opened = ctx.house.registry.deep_links.get(prefix)
    if opened is not None and opened is not arrived:
        await opened.handle(ctx)
        return
    bot = f"@{ctx.bot.username}" if ctx.bot.username else ctx.bot.name
    first_time = ctx.member.registered_at is None
    ctx.reply(ctx.text("welcome" if first_time else "welcome-back", name=ctx.member.name, bot=bot))
