"""All that is worth showing of a broadcast at the moment, by the state that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.service import book, drafts, figures
from botyard.features.broadcasts.service.book import Deleted
from botyard.features.broadcasts.service.drafts import Plan, Reach, Wording
from botyard.features.broadcasts.service.figures import Progress, VariantResult
from botyard.ids import BotId


@dataclass(frozen=True, slots=True)
class Overview:
    """A broadcast as it is now: `reach` before it begins, `progress` after, the others at rest."""

    broadcast: Broadcast
    plan: Plan
    wordings: Sequence[Wording]
    reach: Reach | None
    progress: Progress | None
    results: Sequence[VariantResult]
    deleted: Deleted

    @property
    def moves(self) -> bool:
        """Whether what is shown of it changes by itself."""
        if self.broadcast.trying_since is not None:
            return True
        if self.progress is None:
            return False
        states, state = self.progress.states, self.broadcast.state
        is_skipping = state is BroadcastState.CANCELLED and states[RecipientState.PENDING] > 0
        is_deleting = self.broadcast.deleted_through is not None
        return state.is_under_way or states[RecipientState.SENDING] > 0 or is_skipping or is_deleting


async def look(
    session: AsyncSession, counting: AsyncSession, broadcast: Broadcast, now: datetime
) -> Overview:
    """Looks at a broadcast. An audience is counted on the session `counting`, which only reads."""
    plan = drafts.plan_of(broadcast)
    wordings = await drafts.wordings_of(session, broadcast)
    reach, progress, results, deleted = None, None, [], Deleted()
    if broadcast.state.is_new:
        reach = await drafts.reach(counting, plan, BotId(broadcast.bot_id), now)
    else:
        progress = await figures.progress(session, broadcast, now)
        if not broadcast.state.is_under_way:
            results = await figures.results(session, broadcast)
            if broadcast.deleted_through is None:  # else it is looked at again and again
                deleted = await book.deleted(session, broadcast.id, now)
    return Overview(broadcast, plan, wordings, reach, progress, results, deleted)
