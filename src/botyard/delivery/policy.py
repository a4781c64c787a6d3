"""What follows from Telegram's answer: sent, once more, given up, or nobody knows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from botyard.ids import ChatId
from botyard.outbox.models import CallState, OnUnknown
from botyard.telegram.errors import (
    BadRequest,
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
"""With the backoff between them this is about ten minutes."""
LONGEST_BACKOFF = 60.0
FIRST_BACKOFF = 1.0
UNAUTHORIZED_PAUSE = 60.0
NOT_MODIFIED = "message is not modified"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a failed attempt. `retry_in` (seconds) means: once more after that.

    An attempt that `counts` is one of `MOST_TRIES`; others say nothing about the call.
    """

    state: CallState
    kind: str
    retry_in: float | None = None
    counts: bool = True
    pause_chat: float = 0.0
    pause_bot: float = 0.0
    unreachable: bool = False
    migrate_to: ChatId | None = None


def judge(
    error: TelegramError,
    *,
    method: str,
    attempts: int,
    on_unknown: OnUnknown,
    to_chat: bool,
    bot_is_refused: bool = False,
    out_of_reach: float = 0.0,
) -> Verdict:
    """The verdict on an attempt that failed; `attempts` counts it, `to_chat` says whether it had a chat.

    `bot_is_refused`: a 429 is for the bot, though the call had a chat. `out_of_reach`: for how many seconds
    there has been no connection to Telegram at all.
    """
    match error:
        case RetryAfter():
            # The limit is the chat's where there is one: another chat's message would have passed.
            # 429 is no failure of the call: it waits as long as it takes.
            seconds = float(error.seconds)
            return Verdict(
                CallState.PENDING,
                "retry_after",
                retry_in=seconds,
                counts=False,
                pause_chat=seconds if to_chat else 0.0,
                pause_bot=seconds if bot_is_refused or not to_chat else 0.0,
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
            # Waiting as long again as it has lasted is a backoff that does not depend on how many calls fail.
            seconds = _jittered(out_of_reach)
            return Verdict(CallState.PENDING, "not_sent", retry_in=seconds, counts=False, pause_bot=seconds)
        case OutcomeUnknown() | ServerError():  # behind a proxy's error page it may have been applied
            if on_unknown is OnUnknown.REPEAT or is_repeatable(method):
                return _again("unknown", attempts, _backoff(attempts), at_last=CallState.UNKNOWN)
            return Verdict(CallState.UNKNOWN, "unknown")
        case BadRequest() if NOT_MODIFIED in error.description.lower():
            # What the edit asked for is there: it was applied before, when nobody knew.
            return Verdict(CallState.SENT, "not_modified")
        case _:
            return Verdict(CallState.FAILED, "bad_request")


def retry_at(verdict: Verdict, now: datetime) -> datetime | None:
    """When the call may be tried again."""
    return None if verdict.retry_in is None else now + timedelta(seconds=verdict.retry_in)


def _again(
    kind: str,
    attempts: int,
    seconds: float,
    *,
    pause_bot: float = 0.0,
    migrate_to: ChatId | None = None,
    at_last: CallState = CallState.FAILED,
) -> Verdict:
    if attempts >= MOST_TRIES:
        return Verdict(at_last, kind, pause_bot=pause_bot, migrate_to=migrate_to)
    return Verdict(CallState.PENDING, kind, retry_in=seconds, pause_bot=pause_bot, migrate_to=migrate_to)


def _backoff(attempts: int) -> float:
    return _jittered(FIRST_BACKOFF * 2.0 ** min(attempts - 1, 10))


def _jittered(seconds: float) -> float:
    # Callers that failed together must not come back together.
    most = min(LONGEST_BACKOFF, max(FIRST_BACKOFF, seconds))
    return random.uniform(0.5, 1.0) * most  # noqa: S311 - no secret
