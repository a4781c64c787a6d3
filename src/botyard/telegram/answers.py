"""Reading the Bot API's answers: a result, or the error that says what to do (Bot API, Making requests)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import msgspec

from botyard.ids import BotToken, ChatId
from botyard.telegram.errors import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    MethodNotFound,
    OutcomeUnknown,
    RetryAfter,
    ServerError,
    TelegramError,
    Unauthorized,
)

USUAL_RETRY_AFTER = 5
"""Seconds to wait after a 429 that does not say how long."""
LONGEST_RETRY_AFTER = 24 * 3600
LONGEST_DESCRIPTION = 500
REAL_SECRET = 16
"""A token's secret is looked for on its own from this length on: a shorter one may be a common word."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back over HTTP. `body` is empty where the connection broke after the headers."""

    status: int
    body: bytes
    retry_after: str | None = None
    """The `Retry-After` header."""


class _Parameters(msgspec.Struct, frozen=True):
    """Bot API, ResponseParameters."""

    migrate_to_chat_id: int | None = None
    retry_after: int | float | None = None


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: msgspec.Raw = msgspec.Raw()
    error_code: int = 0
    description: str = ""
    parameters: _Parameters | None = None


_decoder = msgspec.json.Decoder(_Answer)


def read_answer(token: BotToken, method: str, answer: HttpAnswer) -> bytes:
    """The `result`, still encoded. Raises the `TelegramError` that the answer stands for."""
    said = _read(answer.body)
    result = bytes(said.result) if said is not None and said.ok else b""
    if result:
        return result
    if said is None or said.ok:
        raise _without_a_word(method, answer)
    raise _refused(token, method, answer, said)


def _read(body: bytes) -> _Answer | None:
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _without_a_word(method: str, answer: HttpAnswer) -> TelegramError:
    """The error behind an answer that the Bot API did not write: only its status speaks."""
    if answer.status < 300:
        return OutcomeUnknown("the answer was success, but could not be read", method=method)
    if answer.status == 429:
        return RetryAfter(_seconds(None, answer.retry_after), method=method)
    if answer.status == 413:
        return BadRequest("Request Entity Too Large", method=method)
    return ServerError(
        f"HTTP status {answer.status} without an answer of the Bot API",
        status=answer.status,
        from_telegram=False,
        method=method,
    )


def _refused(token: BotToken, method: str, answer: HttpAnswer, said: _Answer) -> TelegramError:
    """The error that the Bot API spelled out."""
    status = said.error_code or answer.status
    description = _tellable(said.description, token) or f"error {status}"
    parameters = said.parameters or _Parameters()
    if status == 429:
        return RetryAfter(_seconds(parameters.retry_after, answer.retry_after), description, method=method)
    if parameters.migrate_to_chat_id is not None:
        return ChatMigrated(ChatId(parameters.migrate_to_chat_id), description, method=method)
    if status == 401 or (status == 404 and "method not found" not in description.lower()):
        return Unauthorized(description, method=method, remedy="Copy the token from BotFather again.")
    if status >= 500 or status < 400:
        return ServerError(description, status=status, from_telegram=True, method=method)
    return _REFUSALS.get(status, BadRequest)(description, method=method)


_REFUSALS: dict[int, type[BadRequest | Forbidden | Conflict]] = {
    403: Forbidden,
    404: MethodNotFound,
    409: Conflict,
}


def _tellable(description: str, token: BotToken) -> str:
    """The description as it may be stored and shown. A server may quote the path, and with it the token."""
    whole = token.reveal()
    secret = whole.partition(":")[2]
    description = description.replace("\0", "").replace(whole, "***")
    if len(secret) >= REAL_SECRET:
        description = description.replace(secret, "***")
    return description[:LONGEST_DESCRIPTION]


def _seconds(parameter: float | None, header: str | None) -> int:
    """Whole seconds to wait, at least 1: as the answer says, or its header, or the usual time."""
    if parameter is None and header is not None and header.isascii() and header.isdigit():
        parameter = int(header[:9])
    if parameter is None:
        parameter = USUAL_RETRY_AFTER
    return max(1, min(LONGEST_RETRY_AFTER, ceil(parameter)))
