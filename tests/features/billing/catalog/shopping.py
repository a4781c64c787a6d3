"""A shop that is open, in the running service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from tests.features.billing.catalog.shelves import EXAMPLE
from tests.support.outcomes import Outcome
from tests.support.running import Running

from botyard.clock import SystemClock
from botyard.features.billing.models import Discount, Order, Plan, PlanChat, PlanPrice, Subscription
from botyard.features.billing.service import importing, ledger
from botyard.features.billing.service.editing import Editor
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.plans_file import FileKind
from botyard.ids import UserId
from botyard.jobs.facts import Facts
from botyard.members.entitlements import EntitlementRow


def now() -> datetime:
    """The running service's clock."""
    return SystemClock().now()


async def restock(house: Running, toml: str | None = None) -> None:
    """Puts the plans of a file, by default of the example, in the place of all that is sold."""
    content = EXAMPLE.read_bytes() if toml is None else toml.encode()
    async with house.database.session() as session:
        for table in (Subscription, Order, PlanPrice, PlanChat, Discount, EntitlementRow, Plan):
            await session.execute(delete(table))
        await importing.import_file(session, content, FileKind.TOML, Editor(None, now()))


async def record(house: Running, user_id: int, entry: Entry) -> None:
    """Adds a row to a member's ledger."""
    async with house.database.session() as session:
        await ledger.record(session, Facts(()), entry, About(user_id=UserId(user_id)), now())


def buttons(outcome: Outcome) -> list[dict[str, Any]]:
    """The buttons of the last message, or text, that came of an update."""
    markups = [
        params["reply_markup"]
        for method, params in outcome.calls
        if method in ("sendMessage", "editMessageText") and "reply_markup" in params
    ]
    return [each for row in markups[-1]["inline_keyboard"] for each in row] if markups else []


def data_of(outcome: Outcome) -> list[str]:
    """What its buttons carry."""
    return [each["callback_data"] for each in buttons(outcome) if "callback_data" in each]
