"""Which function carries out which Bot API method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botyard.sandbox.params import Params
from botyard.sandbox.state import Bot
from botyard.sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One call of a method by a bot, parameters checked."""

    world: World
    bot: Bot
    method: str
    params: Params


Handler = Callable[[Call], Any]
"""Carries out a call and returns its result in the Bot API's shape, or an awaitable of it."""

HANDLERS: dict[str, Handler] = {}
"""By lower-case method name."""


Function = TypeVar("Function", bound=Handler)


def method(*names: str) -> Callable[[Function], Function]:
    """Registers a function as the one that carries out these methods."""

    def register(handler: Function) -> Function:
        for name in names:
            HANDLERS[name.lower()] = handler
        return handler

    return register
