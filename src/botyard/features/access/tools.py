"""`botyard explain`: from which rows of the ledger each access of a member follows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Tools
from botyard.features.access.service import explaining
from botyard.features.access.service.chats import Terms
from botyard.features.access.service.explaining import ChatAccess, Explained
from botyard.ids import UserId
from botyard.members.entitlements import Entitlement
from botyard.routing.keyboard import is_row_number

WORDS = {
    "admin": "an admin, never removed",
    "paid": "paid",
    "grace": "their time is over, the grace is not",
    "expired": "their time and the grace are over",
    "nothing_left": "what was paid was taken back",
    "adopted": "an admin said that they may stay",
    "ignored": "an admin said to leave them alone",
    "decided": "an admin decided so",
    "unlisted": "had no time when they came in, and waits for an admin's decision",
    "banned": "an admin of the chat banned them",
    "never": "no time now",
}
MOVES = {
    "stays": "stays",
    "goes": "goes",
    "comes": "may come in",
    "away": "stays out",
    "asks": "stays until an admin decides",
}


def explain(tools: Tools) -> Callable[..., None]:
    """The command `botyard explain`."""

    def explain(
        telegram_id: Annotated[str, typer.Argument(help="The member's Telegram id, a number.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Tell from which payments a member's access follows, chat by chat: in or out, and why."""
        if not is_row_number(telegram_id) or not int(telegram_id):
            raise typer.BadParameter("a Telegram id is a number, such as 123456789; see 'botyard users list'")
        user_id = UserId(int(telegram_id))
        settings = tools.settings
        terms = Terms(settings.grace, settings.removal_brake, settings.two_person_above)
        now = SystemClock().now()

        async def look(database: Database) -> Explained:
            async with database.reading() as session:
                return await explaining.explain(session, user_id, terms, now)

        found = tools.with_database(look)
        if as_json:
            typer.echo(json.dumps(_as_json(found, now), ensure_ascii=False, indent=2))
        else:
            typer.echo("\n".join(_lines(found, now)))

    return explain


def _lines(found: Explained, now: datetime) -> Iterator[str]:
    yield f"{found.name} ({found.user_id})"
    yield ""
    yield "Ledger" if found.rows else "The ledger has nothing of this member."
    for row in found.rows:
        sign = "" if row.is_in else "-"
        effect = "" if row.gives else "  gives no time"
        about = f" of {row.refers_to}" if row.refers_to else ""
        reason = f"  ({row.reason})" if row.reason else ""
        yield (
            f"  {row.id}: {_moment(row.at)}  {row.kind}{about} {sign}{row.money}  by {row.source} "
            f"{row.external_id}  {row.plan or ''}{effect}{reason}".rstrip()
        )
    for each in found.entitlements:
        state = "active" if each.holds(now) else "over" if each.ends_at <= now else "later"
        yield (
            f"  row {each.payment_id} gives {each.plan}: {_moment(each.starts_at)} to "
            f"{_moment(each.ends_at)}, {state}"
        )
    yield ""
    yield "Chats" if found.chats else "No paid chat concerns this member."
    for chat in found.chats:
        yield from _chat_lines(chat)


def _chat_lines(chat: ChatAccess) -> Iterator[str]:
    verdict = chat.verdict
    what = f"{MOVES[verdict.move.value]}: {WORDS[verdict.why.value]}"
    yield f"  {chat.place.name} ({chat.place.telegram_id}): {chat.standing.value}; {what}"
    if chat.payments:
        rows = ", ".join(map(str, chat.payments))
        yield f"    by rows {rows} of the ledger (plans {', '.join(chat.plans)})"
    if verdict.due_at is not None:
        yield f"    has to go from {_moment(verdict.due_at)}, if nothing changes"
    if chat.is_being_removed:
        yield "    a removal is under way"
    if chat.problem is not None:
        yield f"    the bot cannot do its work there: {chat.problem.value}"
    elif chat.mode.value == "dry":
        yield "    dry run: nobody is removed from this chat"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _as_json(found: Explained, now: datetime) -> dict[str, Any]:
    return {
        "telegram_id": found.user_id,
        "name": found.name,
        "ledger": [
            {
                "row": row.id,
                "kind": row.kind,
                "source": row.source,
                "external_id": row.external_id,
                "direction": "in" if row.is_in else "out",
                "amount": row.money.amount,
                "currency": row.money.currency,
                "plan": row.plan,
                "at": row.at.isoformat(),
                "refers_to": row.refers_to,
                "reason": row.reason,
                "gives_time": row.gives,
            }
            for row in found.rows
        ],
        "entitlements": [_entitlement(each, now) for each in found.entitlements],
        "chats": [_chat(each) for each in found.chats],
    }


def _entitlement(each: Entitlement, now: datetime) -> dict[str, Any]:
    return {
        "row": each.payment_id,
        "plan": each.plan,
        "pack": each.pack,
        "features": list(each.features),
        "starts_at": each.starts_at.isoformat(),
        "ends_at": each.ends_at.isoformat(),
        "active": each.holds(now),
    }


def _chat(chat: ChatAccess) -> dict[str, Any]:
    return {
        "chat": chat.place.telegram_id,
        "name": chat.place.name,
        "mode": chat.mode.value,
        "problem": chat.problem.value if chat.problem else None,
        "plans": list(chat.plans),
        "rows": list(chat.payments),
        "standing": chat.standing.value,
        "came": chat.came.value,
        "decision": chat.decision.value if chat.decision else None,
        "move": chat.verdict.move.value,
        "why": chat.verdict.why.value,
        "goes_from": chat.verdict.due_at.isoformat() if chat.verdict.due_at else None,
        "removal_under_way": chat.is_being_removed,
    }
