"""What follows from Telegram's answer: sent, once more, given up, or nobody knows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from botyard.ids import ChatId
from botyard.outbox.models import CallState, OnUnknown
from botyard.telegram.errors import (
    ChatMigrated,
    Conflict,
    Forbidden,
    NotSent,
    OutcomeUnknown,
    RetryAfter,
    ServerError,
    TelegramError,
    Unauthorized,
)
from botyard.telegram.methods import is_repeatable

MOST_TRIES = 20
"""With the longest backoff this is about a quarter of an hour."""
LONGEST_BACKOFF = 60.0
UNAUTHORIZED_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a failed attempt. `retry_in` (seconds) means: once more after that."""

    state: CallState
    kind: str
    retry_in: float | None = None
    pause_chat: float = 0.0
    pause_bot: float = 0.0
    unreachable: bool = False
    migrate_to: ChatId | None = None


def judge(
    error: TelegramError, *, method: str, attempts: int, on_unknown: OnUnknown, to_chat: bool
) -> Verdict:
    """The verdict on an attempt that failed; `attempts` counts it, `to_chat` says whether it had a chat."""
    match error:
        case RetryAfter():
            # The limit is the chat's where there is one: another chat's message would have passed.
            # 429 is no failure of the call: it waits as long as it takes.
            seconds = float(error.seconds)
            return Verdict(
                CallState.PENDING,
                "retry_after",
                retry_in=seconds,
                pause_chat=seconds if to_chat else 0.0,
                pause_bot=0.0 if to_chat else seconds,
            )
        case Forbidden():
            return Verdict(CallState.FAILED, "forbidden", unreachable=to_chat)
        case ChatMigrated():
            return _again("migrated", attempts, 0.0, migrate_to=error.to)
        case Unauthorized():
            return _again("unauthorized", attempts, UNAUTHORIZED_PAUSE, pause_bot=UNAUTHORIZED_PAUSE)
        case ServerError(from_telegram=True) | Conflict():
            return _again("server", attempts, _backoff(attempts))
        case NotSent():
            # No fault of the call: Telegram is out of reach, so all of the bot's calls wait, however long.
            seconds = _backoff(attempts)
            return Verdict(CallState.PENDING, "not_sent", retry_in=seconds, pause_bot=seconds)
        case OutcomeUnknown() | ServerError():  # behind a proxy's error page it may have been applied
            if on_unknown is OnUnknown.REPEAT or is_repeatable(method):
                return _again("unknown", attempts, _backoff(attempts))
            return Verdict(CallState.UNKNOWN, "unknown")
        case _:
            return Verdict(CallState.FAILED, "bad_request")


def retry_at(verdict: Verdict, now: datetime) -> datetime | None:
    """When the call may be tried again."""
    return None if verdict.retry_in is None else now + timedelta(seconds=verdict.retry_in)


def _again(
    kind: str, attempts: int, seconds: float, *, pause_bot: float = 0.0, migrate_to: ChatId | None = None
) -> Verdict:
    if attempts >= MOST_TRIES:
        return Verdict(CallState.FAILED, kind)
    return Verdict(CallState.PENDING, kind, retry_in=seconds, pause_bot=pause_bot, migrate_to=migrate_to)


def _backoff(attempts: int) -> float:
    # Full jitter: callers that failed together must not come back together.
    return random.uniform(0.5, 1.0) * min(LONGEST_BACKOFF, 2.0 ** (attempts - 1))  # noqa: S311 - no secret
