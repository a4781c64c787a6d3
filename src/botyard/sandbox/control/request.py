"""Reading the control API's requests: JSON fields with the type that they must have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from botyard.sandbox.errors import ApiError, ControlError
from botyard.sandbox.params import cleaned
from botyard.sandbox.state import Bot, Json, User
from botyard.sandbox.world import World

Value = TypeVar("Value")
LARGEST_NUMBER = 2**63 - 1
NAMES = {int: "a whole number", str: "a string", bool: "true or false", dict: "an object", list: "a list"}


@dataclass(frozen=True)
class ControlRequest:
    """One request: its JSON body, its query and its path, and the world that it is about."""

    world: World
    body: Json
    query: dict[str, str]
    path: dict[str, Any]

    def field(self, name: str, kind: type[Value]) -> Value:
        """A field that must be there. Raises `ControlError` if it is missing or of another type."""
        value = self.optional(name, kind)
        if value is None:
            raise ControlError(f"{name} is missing: it must be {NAMES.get(kind, kind.__name__)}.")
        return value

    def optional(self, name: str, kind: type[Value]) -> Value | None:
        """A field that may be absent. Raises `ControlError` if it is of another type."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ControlError(f"{name} must be {NAMES.get(kind, kind.__name__)}.")
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise ControlError(f"{name} must fit into 64 bits.")
        return value

    def number(self, name: str) -> float | None:
        """A field with any number."""
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
            raise ControlError(f"{name} must be a number.")
        return float(value)

    def bot(self) -> Bot:
        """The bot that the body, or else the query, names."""
        reference = self.body.get("bot", self.query.get("bot"))
        if reference is None:
            raise ControlError("bot is missing: give its id, name or username.")
        return self.world.find_bot(reference)

    def optional_bot(self) -> Bot | None:
        named = self.body.get("bot") is not None or "bot" in self.query
        return self.bot() if named else None

    def user(self) -> User:
        return self.world.find_user(self.field("user_id", int))

    def query_number(self, name: str, default: int) -> int:
        text = self.query.get(name)
        if text is None or text == "":
            return default
        if not text.lstrip("-").isdigit() or len(text) > 19:
            raise ControlError(f"{name} must be a whole number.")
        return int(text)


async def read(world: World, request: Request) -> ControlRequest:
    """The request, strings cleaned. Raises `ControlError` if the body is no JSON object."""
    data = await request.body()
    try:
        body = json.loads(data) if data.strip() else {}
        body = cleaned(body)
    except (ValueError, RecursionError, ApiError) as error:
        raise ControlError("The body must be a JSON object in UTF-8.") from error
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return ControlRequest(world, body, dict(request.query_params), request.path_params)
