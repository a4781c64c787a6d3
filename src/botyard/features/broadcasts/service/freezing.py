"""Writing down an audience: one row for each recipient, with the message that he is to get.

In steps by members' ids, each one statement and one transaction. One statement over a million members
would hold SQLite's only writer for seconds, in which no update could be stored. Who joined after the start
is left out, so the steps make the same audience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, case, func, insert, literal, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import in_one_trip
from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts.audience import speaks
from botyard.features.broadcasts.models import Broadcast, Recipient, RecipientState
from botyard.features.broadcasts.service import drafts, tallies
from botyard.features.broadcasts.service.drafts import Wording
from botyard.ids import BotId
from botyard.members.models import Chat, User

STEP = 20_000
"""Recipients written down in one transaction."""
MOST_LOOKED_AT = 100_000
"""Members looked at in one transaction: of few who are meant, the next may be far away."""
_PRIME, _SPREAD, _SALT = 1_000_003, 7_919, 104_729
NOBODY_ELSE = 0
"""The variant of those for whose language there is none, and no message for all others either."""


async def freeze_step(session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """Writes down the next recipients; whether that was the last of them."""
    plan = drafts.plan_of(broadcast)
    started = broadcast.started_at or now
    through = await _stretch(session, broadcast)
    meant = audiences.members(plan.audience, BotId(broadcast.bot_id), plan.topic, started)
    for number in (User.id, Chat.telegram_id):  # the same, for a merge that begins and ends at both
        meant = meant.where(number > broadcast.frozen_through)
        if through is not None:
            meant = meant.where(number <= through)
    found = meant.order_by(User.id).limit(STEP).subquery()
    wordings = await drafts.wordings_of(session, broadcast)
    variant = variant_of(broadcast.id, wordings, found.c.id, found.c.language)
    rows = select(
        literal(broadcast.id),
        func.row_number().over(order_by=found.c.id) + broadcast.size,
        found.c.chat_key,
        found.c.id,
        variant,
        case((variant == NOBODY_ELSE, RecipientState.SKIPPED.value), else_=RecipientState.PENDING.value),
        case((variant == NOBODY_ELSE, "no message in the member's language"), else_=None),
        literal(False),
        literal(now, Recipient.at.type),
    )
    columns = ["broadcast_id", "position", "chat_key", "user_id", "variant", "state", "reason", "gone", "at"]
    await session.execute(insert(Recipient).from_select(columns, rows))
    written = await _written(session, broadcast)
    if written == STEP:
        return False
    if through is not None:
        broadcast.frozen_through = through
        return False
    broadcast.frozen_at = now
    return True


async def _stretch(session: AsyncSession, broadcast: Broadcast) -> int | None:
    """The last member who is looked at in this step; None where it comes to the last of all."""
    ahead = select(User.id).where(User.id > broadcast.frozen_through).order_by(User.id)
    return await session.scalar(ahead.offset(MOST_LOOKED_AT - 1).limit(1))


async def _written(session: AsyncSession, broadcast: Broadcast) -> int:
    """Counts the recipients that the last step has added."""
    new = (Recipient.broadcast_id == broadcast.id) & (Recipient.position > broadcast.size)
    rows = await session.execute(
        select(
            Recipient.variant, Recipient.state, func.count().label("recipients"), func.max(Recipient.user_id)
        )
        .where(new)
        .group_by(Recipient.variant, Recipient.state)
    )
    counted: Counter[tuple[int, RecipientState]] = Counter()
    for variant, state, recipients, last in rows:
        counted[variant, state] = recipients
        broadcast.frozen_through = max(broadcast.frozen_through, last)
    broadcast.size += counted.total()
    connection = await session.connection()
    await in_one_trip(connection, lambda hot: tallies.add(hot, broadcast.id, counted))
    return counted.total()


def variant_of(
    broadcast_id: int, wordings: Sequence[Wording], user_id: ColumnElement[int], language: ColumnElement[str]
) -> ColumnElement[int]:
    """The number of the message that a member gets: by language, and among its like by their shares.

    Always the same one for the same member and broadcast, so that nobody changes sides.
    """
    languages = {each.language for each in wordings}
    choices = [
        (
            speaks(language, code),
            _share([each for each in wordings if each.language == code], broadcast_id, user_id),
        )
        for code in sorted(filter(None, languages), key=len, reverse=True)  # de-at before de
    ]
    others = [each for each in wordings if each.language is None]
    otherwise = _share(others, broadcast_id, user_id) if others else literal(NOBODY_ELSE)
    return case(*choices, else_=otherwise) if choices else otherwise


def _share(wordings: Sequence[Wording], broadcast_id: int, user_id: ColumnElement[int]) -> ColumnElement[int]:
    total = sum(each.share for each in wordings)
    if len(wordings) == 1:
        return literal(wordings[0].number)
    place = (user_id % _PRIME * _SPREAD + broadcast_id * _SALT % _PRIME) % _PRIME % total
    limit, choices = 0, []
    for each in wordings:
        limit += each.share
        choices.append((place < limit, each.number))
    return type_coerce(case(*choices), Integer)
