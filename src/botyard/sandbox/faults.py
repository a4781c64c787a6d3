"""Faults that a tester orders: errors, lost connections, slow answers; by method, bot, chat and chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from botyard.sandbox.chance import Chance
from botyard.sandbox.errors import ApiError, too_many_requests
from botyard.sandbox.state import Json


class FaultKind(StrEnum):
    """What happens to a call instead of, or besides, being carried out."""

    RETRY_AFTER = "retry_after"
    SERVER_ERROR = "server_error"
    FORBIDDEN = "forbidden"
    BAD_REQUEST = "bad_request"
    MIGRATE = "migrate"
    RESET_BEFORE = "reset_before"
    """The connection is reset and nothing has happened."""
    RESET_AFTER = "reset_after"
    """The call is carried out, and then the connection is reset."""
    SLOW = "slow"


ERRORS = {
    FaultKind.SERVER_ERROR: (500, "Internal Server Error: restart"),
    FaultKind.FORBIDDEN: (403, "Forbidden: bot was blocked by the user"),
    FaultKind.BAD_REQUEST: (400, "Bad Request: chat not found"),
}


@dataclass
class Fault:
    """One order. `times` counts down to 0, where it ends; None goes on."""

    id: int
    kind: FaultKind
    method: str | None = None
    chat_id: int | str | None = None
    bot: int | None = None
    probability: float = 1.0
    times: int | None = None
    retry_after: int = 5
    seconds: float = 1.0
    error_code: int | None = None
    description: str | None = None
    migrate_to_chat_id: int | None = None

    def json(self) -> Json:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def concerns(self, bot_id: int, method: str, chat_id: object) -> bool:
        return (
            self.times != 0
            and (self.method is None or self.method.lower() == method)
            and (self.bot is None or self.bot == bot_id)
            and (self.chat_id is None or str(self.chat_id) == str(chat_id))
        )

    def error(self) -> ApiError:
        """The answer that this fault gives instead of carrying the call out."""
        if self.kind is FaultKind.RETRY_AFTER:
            return too_many_requests(self.retry_after)
        if self.kind is FaultKind.MIGRATE:
            return ApiError(
                400,
                self.description or "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.migrate_to_chat_id,
            )
        status, description = ERRORS[self.kind]
        return ApiError(self.error_code or status, self.description or description)


class Faults:
    """The orders in force. Chance comes from a seed, so a run can be repeated."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._next_id = 1
        self.orders: list[Fault] = []

    def add(self, kind: FaultKind, **details: object) -> Fault:
        fault = Fault(self._next_id, kind, **details)  # type: ignore[arg-type]  # the control API checks the types
        self._next_id += 1
        self.orders.append(fault)
        return fault

    def clear(self) -> None:
        self.orders.clear()

    def strike(self, bot_id: int, method: str, chat_id: object) -> Fault | None:
        """The fault that hits this call, if any: the first that concerns it and whose chance comes up."""
        for place, fault in enumerate(self.orders):
            if not fault.concerns(bot_id, method, chat_id):
                continue
            if self._chance.draw("fault", place, bot_id, method, str(chat_id)) < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
