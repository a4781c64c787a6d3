"""The conditions under which the sandbox runs: faults, limits and the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.faults import FaultKind, Faults
from botyard.sandbox.journal import iso
from botyard.sandbox.limits import Limits
from botyard.sandbox.state import Json
from botyard.sandbox.world import World

FASTEST = 100_000.0


FAULT_FIELDS = {
    *("kind", "method", "chat_id", "bot", "probability", "times", "seconds"),
    *("retry_after", "error_code", "description", "migrate_to_chat_id"),
}


class Weather:
    """The routes that change the conditions."""

    def __init__(self, faults: Faults, limits: Limits, world: World) -> None:
        self._faults = faults
        self._limits = limits
        self._clock = world.clock
        self._chance = world.chance

    def order(self, request: ControlRequest) -> Json:
        unknown = sorted(request.body.keys() - FAULT_FIELDS)
        if unknown:
            raise ControlError(
                f"a fault has no {', '.join(unknown)}. It has {', '.join(sorted(FAULT_FIELDS))}."
            )
        try:
            kind = FaultKind(request.field("kind", str))
        except ValueError as error:
            raise ControlError(f"kind must be one of {', '.join(FaultKind)}.") from error
        details: dict[str, Any] = {"method": request.optional("method", str)}
        chat_id = request.body.get("chat_id")
        details["chat_id"] = chat_id if isinstance(chat_id, str) else request.optional("chat_id", int)
        bot = request.optional_bot()
        details["bot"] = bot.id if bot else None
        for name in ("times", "retry_after", "error_code", "migrate_to_chat_id"):
            details[name] = request.optional(name, int)
        details["description"] = request.optional("description", str)
        details |= {name: request.number(name) for name in ("probability", "seconds")}
        _check(details)
        return self._faults.add(
            kind, **{name: value for name, value in details.items() if value is not None}
        ).json()

    def orders(self, _request: ControlRequest) -> list[Json]:
        return [fault.json() for fault in self._faults.orders]

    def clear(self, _request: ControlRequest) -> Json:
        self._faults.clear()
        return {}

    def set_seed(self, request: ControlRequest) -> Json:
        """From here on, the faults and waits of a run that began with this seed."""
        self._chance.reseed(request.field("seed", int))
        return self.seed(request)

    def seed(self, _request: ControlRequest) -> Json:
        return {"seed": self._chance.seed}

    def set_limits(self, request: ControlRequest) -> Json:
        self._limits.enforce = request.field("enforce", bool)
        return self.limits(request)

    def limits(self, _request: ControlRequest) -> Json:
        return {"enforce": self._limits.enforce}

    def set_clock(self, request: ControlRequest) -> Json:
        speed, advance, now = request.number("speed"), request.number("advance"), request.optional("now", str)
        if speed is not None and not 0 <= speed <= FASTEST:
            raise ControlError("speed must be between 0 (stands still) and 100000.")
        if advance is not None and not 0 <= advance <= 10 * 366 * 86_400:
            raise ControlError("advance must be seconds, 0 or more: the clock goes back only by 'now'.")
        if now is not None:
            self._clock.set_now(_moment(now))
        if advance is not None:
            self._clock.advance(advance)
        if speed is not None:
            self._clock.set_speed(speed)
        return self.clock(request)

    def clock(self, _request: ControlRequest) -> Json:
        return {"now": iso(self._clock.now()), "speed": self._clock.speed}


def _check(details: dict[str, Any]) -> None:
    probability, status = details["probability"], details["error_code"]
    if probability is not None and not 0 <= probability <= 1:
        raise ControlError("probability must be between 0 and 1.")
    if status is not None and not 400 <= status <= 599:
        raise ControlError("error_code must be between 400 and 599.")
    if details["times"] is not None and details["times"] < 1:
        raise ControlError("times must be 1 or more.")
    if details["seconds"] is not None and not 0 <= details["seconds"] <= 600:
        raise ControlError("seconds must be between 0 and 600.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlError("now must be a time in ISO 8601, such as 2026-11-23T12:00:00Z.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not 2000 <= moment.year <= 2100:
        raise ControlError("now must be between the years 2000 and 2100.")
    return moment
