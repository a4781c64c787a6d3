"""A Bot API call from the name of its method to the answer: faults, limits, checks, the deed, the journal."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botyard.sandbox.errors import ApiError, bad_request
from botyard.sandbox.faults import Fault, FaultKind, Faults
from botyard.sandbox.journal import CallRecord
from botyard.sandbox.limits import Limits
from botyard.sandbox.methods import HANDLERS, Call
from botyard.sandbox.migration import migrate
from botyard.sandbox.params import METHODS, Upload, check, cleaned
from botyard.sandbox.state import Bot, Json
from botyard.sandbox.world import World

NOT_FOUND = ApiError(404, "Not Found")
UNANSWERED = 0
SECRETS = frozenset({"secret_token", "provider_token"})
MASK = "***"


@dataclass(frozen=True)
class Outcome:
    """What a call came to. Status 0: the connection is to be reset instead of answered."""

    status: int
    answer: Json
    applied: bool


class BotApi:
    """Carries out calls and keeps the journal of them."""

    def __init__(self, world: World, faults: Faults, limits: Limits) -> None:
        self._world = world
        self._faults = faults
        self._limits = limits

    async def call(
        self,
        bot: Bot,
        method: str,
        raw: Json,
        files: Mapping[str, Upload],
        *,
        still_listens: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """Carries out a call as Telegram would. Never raises `ApiError`: every refusal is an outcome.

        Whoever no longer listens when it is done is not answered.
        """
        name = method.lower()
        fault = self._faults.strike(bot.id, name, raw.get("chat_id"))
        if fault and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        params: Json = dict(raw)
        outcome = await self._outcome(bot, name, params, files, fault)
        if (fault and fault.kind is FaultKind.RESET_AFTER) or not still_listens():
            outcome = Outcome(UNANSWERED, outcome.answer, outcome.applied)
        self._record(bot, METHODS[name].__api_method__ if name in METHODS else method, params, files, outcome)
        return outcome

    async def _outcome(
        self, bot: Bot, name: str, params: Json, files: Mapping[str, Upload], fault: Fault | None
    ) -> Outcome:
        """What comes of the call; `params` become the checked ones on the way."""
        try:
            if fault:
                self._refuse(fault)
            if name not in METHODS:
                raise NOT_FOUND
            checked = check(name, params, files)
            params |= checked.values
            self._limits.spend(bot.id, name, checked.values)
            handler = HANDLERS.get(name)
            if handler is None:
                raise bad_request(f"the sandbox does not simulate {METHODS[name].__api_method__}")
            result: Any = handler(Call(self._world, bot, METHODS[name].__api_method__, checked))
            result = await result if inspect.isawaitable(result) else result
        except ConnectionResetError:
            return Outcome(UNANSWERED, {}, applied=False)
        except ApiError as error:
            return Outcome(error.status, error.answer(), applied=False)
        return Outcome(200, {"ok": True, "result": result}, applied=True)

    def _refuse(self, fault: Fault) -> None:
        """Raises what a fault does to a call before it is carried out."""
        if fault.kind is FaultKind.RESET_BEFORE:
            raise ConnectionResetError
        if fault.kind in {FaultKind.SLOW, FaultKind.RESET_AFTER}:
            return
        if fault.kind is FaultKind.MIGRATE:
            fault.migrate_to_chat_id = migrate(self._world, fault.chat_id, fault.migrate_to_chat_id)
        raise fault.error()

    def _record(
        self, bot: Bot, method: str, params: Json, files: Mapping[str, Upload], outcome: Outcome
    ) -> None:
        uploads = {name: f"<{upload.name}, {len(upload.data)} bytes>" for name, upload in files.items()}
        record = self._world.calls.append(
            lambda seq: CallRecord(
                seq,
                self._world.clock.now(),
                bot.id,
                method,
                _readable(params | uploads, bot.token),
                outcome.applied,
                outcome.status,
                outcome.answer if outcome.status else None,
            )
        )
        if self._world.events.listening:
            self._world.events.publish("call", record.json())


def _readable(params: Json, token: str) -> Json:
    """Parameters as the journal shows them: writable as UTF-8, and without secrets."""
    try:
        shown: Json = cleaned(params)
    except ApiError:
        return {"unreadable": "the parameters are not UTF-8 or nested too deeply"}
    for name, value in shown.items():
        if name in SECRETS and value:
            shown[name] = MASK
        elif isinstance(value, str):
            shown[name] = value.replace(token, MASK)
    return shown
