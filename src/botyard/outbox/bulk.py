"""Calls in bulk, whose sender keeps the book himself: what has ended is his, and leaves the outbox."""

from __future__ import annotations

from dataclasses import dataclass

from botyard.db.hot import HotConnection, HotStatement
from botyard.ids import ChatKey
from botyard.outbox.models import CallState


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second that a bot may send, for nothing and for Stars (Bot API, allow_paid_broadcast).

    0: no limit.
    """

    free: float
    paid: float


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a call. `message_ids` are those of what it made."""

    chat_key: ChatKey
    state: CallState
    message_ids: tuple[int, ...]
    error_kind: str | None
    error: str | None


_COLLECT = HotStatement(
    """
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox
        WHERE receipt = :receipt AND state IN ('sent', 'failed', 'unknown', 'expired')
        ORDER BY id LIMIT :most
    )
    RETURNING chat_key, state, message_ids, message_id, error_kind, error
    """
)
_WITHDRAW = HotStatement(
    "DELETE FROM outbox WHERE receipt = :receipt AND state = 'pending' RETURNING chat_key"
)


def collect(hot: HotConnection, receipt: str, *, most: int) -> list[Ended]:
    """Takes the calls under this receipt that have ended out of the outbox, on the caller's transaction."""
    return [
        Ended(
            chat_key,
            CallState(state),
            tuple(map(int, (message_ids or str(message_id or "")).split())),
            error_kind,
            error,
        )
        for chat_key, state, message_ids, message_id, error_kind, error in hot.execute(
            _COLLECT, receipt=receipt, most=most
        )
    ]


def withdraw(hot: HotConnection, receipt: str) -> list[ChatKey]:
    """Takes out the calls that nobody has begun to make; answers whose they were.

    Delivery may have them in hand: it asks the outbox before it makes one, and passes over what is gone.
    """
    return [chat_key for (chat_key,) in hot.execute(_WITHDRAW, receipt=receipt)]
