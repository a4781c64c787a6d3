"""The policy: for each answer of Telegram what becomes of the call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from botyard.clock import ManualClock
from botyard.delivery.policy import LONGEST_BACKOFF, MOST_TRIES, UNAUTHORIZED_PAUSE, Verdict, judge, retry_at
from botyard.ids import ChatId
from botyard.outbox.models import CallState, OnUnknown
from botyard.telegram.errors import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    MethodNotFound,
    NotSent,
    OutcomeUnknown,
    RetryAfter,
    ServerError,
    TelegramError,
    Unauthorized,
)

OWN_WORD = ServerError("Internal Server Error: restart", status=500, from_telegram=True)
PROXY_PAGE = ServerError("HTTP status 502", status=502, from_telegram=False)
MIGRATED = ChatMigrated(ChatId(-1001))
LOST = OutcomeUnknown("sent, but no answer came")

PENDING, FAILED, UNKNOWN, SENT = CallState.PENDING, CallState.FAILED, CallState.UNKNOWN, CallState.SENT

# The verdict on the first attempt of: sendMessage, sendMessage with 'repeat', and a repeatable method.
FIRST: list[tuple[TelegramError, tuple[CallState, CallState, CallState], str]] = [
    (RetryAfter(7), (PENDING, PENDING, PENDING), "retry_after"),
    (BadRequest("chat not found"), (FAILED, FAILED, FAILED), "bad_request"),
    (BadRequest("Bad Request: message is not modified: ..."), (SENT, SENT, SENT), "not_modified"),
    (MethodNotFound("method not found"), (FAILED, FAILED, FAILED), "bad_request"),
    (MIGRATED, (PENDING, PENDING, PENDING), "migrated"),
    (Forbidden("bot was blocked by the user"), (FAILED, FAILED, FAILED), "forbidden"),
    (Unauthorized("Unauthorized"), (PENDING, PENDING, PENDING), "unauthorized"),
    (Conflict("terminated by other getUpdates"), (PENDING, PENDING, PENDING), "server"),
    (OWN_WORD, (PENDING, PENDING, PENDING), "server"),
    (PROXY_PAGE, (UNKNOWN, PENDING, PENDING), "unknown"),
    (LOST, (UNKNOWN, PENDING, PENDING), "unknown"),
    (NotSent("refused"), (PENDING, PENDING, PENDING), "not_sent"),
    (TelegramError("something new"), (FAILED, FAILED, FAILED), "bad_request"),
]
# The same with the last attempt: what waits as long as it takes goes on waiting, the rest is given up.
LAST = {
    "migrated": (FAILED, FAILED, FAILED),
    "unauthorized": (FAILED, FAILED, FAILED),
    "server": (FAILED, FAILED, FAILED),
    "unknown": (UNKNOWN, UNKNOWN, UNKNOWN),
}
KINDS = [
    ("sendMessage", OnUnknown.LEAVE),
    ("sendMessage", OnUnknown.REPEAT),
    ("editMessageText", OnUnknown.LEAVE),
]


def verdict(error: TelegramError, *, attempts: int = 1, number: int = 0, **more: object) -> Verdict:
    method, on_unknown = KINDS[number]
    arguments = {"to_chat": True} | more
    return judge(error, method=method, attempts=attempts, on_unknown=on_unknown, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", range(3), ids=["send", "send and repeat", "edit"])
@pytest.mark.parametrize(
    ("error", "states", "kind"), FIRST, ids=lambda each: getattr(each, "description", "")
)
def test_the_first_attempt(
    error: TelegramError, states: tuple[CallState, ...], kind: str, number: int
) -> None:
    first = verdict(error, number=number)
    assert (first.state, first.kind) == (states[number], kind)
    assert (first.retry_in is not None) == (first.state is PENDING)


@pytest.mark.parametrize("number", range(3), ids=["send", "send and repeat", "edit"])
@pytest.mark.parametrize(
    ("error", "states", "kind"), FIRST, ids=lambda each: getattr(each, "description", "")
)
def test_the_last_attempt(
    error: TelegramError, states: tuple[CallState, ...], kind: str, number: int
) -> None:
    assert verdict(error, attempts=MOST_TRIES - 1, number=number).state == states[number]
    last = verdict(error, attempts=MOST_TRIES, number=number)
    assert last.state == LAST.get(kind, states)[number]


def test_every_error_class_has_its_line() -> None:
    def classes(parent: type[TelegramError]) -> set[type[TelegramError]]:
        return {parent}.union(*(classes(child) for child in parent.__subclasses__()))

    assert classes(TelegramError) == {type(error) for error, *_ in FIRST}


def test_a_429_pauses_exactly_what_it_names() -> None:
    of_chat, of_bot = verdict(RetryAfter(7)), verdict(RetryAfter(7), to_chat=False)
    assert (of_chat.retry_in, of_chat.pause_chat, of_chat.pause_bot) == (7.0, 7.0, 0.0)
    assert (of_bot.retry_in, of_bot.pause_chat, of_bot.pause_bot) == (7.0, 0.0, 7.0)
    of_both = verdict(RetryAfter(7), bot_is_refused=True)
    assert (of_both.retry_in, of_both.pause_chat, of_both.pause_bot) == (7.0, 7.0, 7.0)


@pytest.mark.parametrize("error", [RetryAfter(7), NotSent("refused")])
def test_what_is_no_fault_of_the_call_is_not_counted_against_it(error: TelegramError) -> None:
    for attempts in (1, MOST_TRIES, 10_000):
        judged = verdict(error, attempts=attempts)
        assert judged.state is PENDING
        assert not judged.counts
    assert verdict(OWN_WORD).counts


def test_403_marks_a_chat_only_where_there_was_one() -> None:
    assert verdict(Forbidden("bot was blocked by the user")).unreachable
    assert not verdict(Forbidden("bot was blocked by the user"), to_chat=False).unreachable
    assert not verdict(BadRequest("chat not found")).unreachable


def test_a_migrated_chat_is_tried_at_its_new_id_at_once() -> None:
    judged = verdict(MIGRATED)
    assert (judged.retry_in, judged.migrate_to) == (0.0, -1001)


def test_a_revoked_token_silences_the_bot() -> None:
    judged = verdict(Unauthorized("Unauthorized"))
    assert judged.retry_in == judged.pause_bot == UNAUTHORIZED_PAUSE


@pytest.mark.parametrize("attempts", range(1, MOST_TRIES))
def test_the_backoff_doubles_up_to_a_minute_with_jitter(attempts: int) -> None:
    longest = min(LONGEST_BACKOFF, 2.0 ** (attempts - 1))
    waits = [verdict(OWN_WORD, attempts=attempts).retry_in or 0.0 for _ in range(50)]
    assert all(longest / 2 <= wait <= longest for wait in waits)
    assert len(set(waits)) > 40
    assert not verdict(OWN_WORD, attempts=attempts).pause_bot


@pytest.mark.parametrize(("out_of_reach", "longest"), [(0.0, 1.0), (8.0, 8.0), (3600.0, 60.0), (1e9, 60.0)])
def test_an_outage_is_waited_out_as_long_again_as_it_has_lasted(out_of_reach: float, longest: float) -> None:
    judged = verdict(NotSent("refused"), out_of_reach=out_of_reach)
    assert judged.retry_in == judged.pause_bot
    assert longest / 2 <= judged.pause_bot <= longest


def test_the_moment_of_the_next_attempt(clock: ManualClock) -> None:
    assert retry_at(verdict(RetryAfter(7)), clock.now()) == clock.now() + timedelta(seconds=7)
    assert retry_at(verdict(LOST), clock.now()) is None
