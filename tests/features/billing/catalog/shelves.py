"""Plans, members and orders for the catalog's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Direction, Kind, Source
from botyard.features.billing.service import editing, ledger
from botyard.features.billing.service.editing import Editor
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.plan_drafts import PlanDraft
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members.models import Role, User
from botyard.money import Money
from botyard.telegram.bots import bots

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BY = Editor(None, NOW)
BOT = BotId(700)
EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "plans.toml"
NOBODY_LISTENS = Facts(())


def draft(code: str = "gold-3m", **fields: Any) -> PlanDraft:
    """A plan that can be kept, with some fields as a test wants them."""
    usual: dict[str, Any] = {
        "title": "Gold signals, 3 months",
        "months": 3,
        "features": ("signals",),
        "prices": {"GBP": 14700, "EUR": 17000, "XTR": 9500},
    }
    return PlanDraft(code=code, **{**usual, **fields})


async def shelve(session: AsyncSession, *drafts: PlanDraft) -> None:
    """Puts plans into the catalog."""
    for each in drafts:
        await editing.add(session, each, BY)


async def meet(session: AsyncSession, *users: int) -> None:
    """Members, and a bot."""
    for user_id in users:
        session.add(
            User(
                id=user_id, first_name="Ann", is_premium=False, role=Role.PUBLIC, created_at=NOW, seen_at=NOW
            )
        )
    await session.execute(insert(bots).values(id=BOT, name="shop", webhook_secret="s", created_at=NOW))
    await session.flush()


async def give(session: AsyncSession, user_id: int, plan: str, pack: str, days: int = 30) -> None:
    """Gives a member some days of a plan."""
    entry = Entry(
        kind=Kind.GRANT,
        source=Source.ADMIN,
        direction=Direction.IN,
        external_id=f"gift:{user_id}:{plan}",
        money=Money(0, "XTR"),
        at=NOW,
        plan=plan,
        pack=pack,
        days=days,
    )
    await ledger.record(session, NOBODY_LISTENS, entry, About(user_id=UserId(user_id)), NOW)
