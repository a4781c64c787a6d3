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
    if not found:
        return [], []
    ready = [way for way in found if way.url is not None]
    if not ready:
        return [ctx.text("access-status-soon")], []
    return [ctx.text("access-status", count=len(ready))], telling.way_rows(ready)
