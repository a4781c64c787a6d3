"""The audit log: who did what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import BotId, UserId
from botyard.members.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a member, through a bot or, without one, in the console."""

    user_id: UserId
    bot_id: BotId | None = None


def record(
    session: AsyncSession,
    *,
    at: datetime,
    action: str,
    subject: str,
    actor_id: UserId | None = None,
    bot_id: BotId | None = None,
    **detail: str | int | bool | None,
) -> None:
    """Adds an entry on the caller's transaction. `action` is dotted: `role.change`, `command.denied`."""
    session.add(
        AuditEntry(at=at, actor_id=actor_id, bot_id=bot_id, action=action, subject=subject, detail=detail)
    )
