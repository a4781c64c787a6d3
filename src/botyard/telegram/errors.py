"""What can become of a call to the Bot API, one class for each thing to do about it."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.ids import ChatId


class TelegramError(BotyardError):
    """A call without a result. `description` is Telegram's word or ours; the token is never in it.

    `method` is the Bot API method that was called.
    """

    def __init__(self, description: str, *, method: str = "", remedy: str = "") -> None:
        super().__init__(f"{method}: {description}" if method else description, remedy=remedy)
        self.description = description
        self.method = method


class RetryAfter(TelegramError):
    """429: too many requests. Call again after `seconds` (at least 1), not before."""

    def __init__(self, seconds: int, description: str = "Too Many Requests", *, method: str = "") -> None:
        super().__init__(description, method=method, remedy=f"Call again in {seconds} s.")
        self.seconds = seconds


class BadRequest(TelegramError):
    """400 and other 4xx: the same call fails the same way again."""


class MethodNotFound(BadRequest):
    """404: this server has no such method: a name misspelled, or a Bot API server that is too old."""


class ChatMigrated(TelegramError):
    """400: the group became a supergroup. Forget its old id everywhere, call again with `to`."""

    def __init__(
        self, to: ChatId, description: str = "the group was upgraded to a supergroup", *, method: str = ""
    ) -> None:
        super().__init__(description, method=method, remedy=f"Use the chat's new id {to}.")
        self.to = to


class Forbidden(TelegramError):
    """403: blocked, kicked or never let in. The chat can't be reached until it writes or lets us in again."""


class Unauthorized(TelegramError):
    """401, or 404 for a token that is none: revoked or wrong. No call of this bot can succeed."""


class Conflict(TelegramError):
    """409: another program polls with this token, or a webhook is set."""


class ServerError(TelegramError):
    """5xx, or an answer that is not the Bot API's. Call again later.

    `status` is the HTTP status. `from_telegram` tells the Bot API's own word, after which the call was
    certainly not applied, from a proxy's page, behind which it may have been.
    """

    def __init__(self, description: str, *, status: int, from_telegram: bool, method: str = "") -> None:
        super().__init__(description, method=method)
        self.status = status
        self.from_telegram = from_telegram


class NotSent(TelegramError):
    """No connection: nothing of the request was written, so it was not applied. Call again later."""


class OutcomeUnknown(TelegramError):
    """The request may have arrived, the answer did not: nobody knows whether it was applied.

    Repeat only what is safe to repeat (`methods.is_repeatable`): the Bot API has no idempotency key.
    """
