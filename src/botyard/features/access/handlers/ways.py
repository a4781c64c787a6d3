"""/status: the ways into the chats that a member has paid for."""

from __future__ import annotations

from collections.abc import Sequence

from botyard.features.access import telling
from botyard.features.access.service import entering
from botyard.routing.context import Context
from botyard.routing.keyboard import Rows


async def status_part(ctx: Context) -> tuple[Sequence[str], Rows]:
    """A line and a button for each chat that the member may enter and is not in."""
    found = await entering.ways(ctx.session, ctx.member.id, ctx.house.bots, ctx.now)
    banned = [
        ctx.text("access-status-banned", chat=place.name)
        for place in await entering.shut_out(ctx.session, ctx.member.id, ctx.now)
    ]
    if not found:
        return banned, []
    ready = [way for way in found if way.url is not None]
    if not ready:
        return [*banned, ctx.text("access-status-soon")], []
    return [*banned, ctx.text("access-status", count=len(ready))], telling.way_rows(ready)
