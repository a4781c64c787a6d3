"""Many messages from many people, at once or at a steady rate: what a load or a fault test needs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from botyard.sandbox.control import acting
from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.state import Json
from botyard.sandbox.world import World

MOST_MESSAGES = 100_000
FASTEST = 100_000.0
TICK = 0.005
"""Seconds between two looks at the clock: finer than what anybody measures at the other end."""


@dataclass
class Stream:
    """One order of messages, and how far it has come."""

    id: int
    planned: int
    rate: float | None
    written: int = 0
    refused: int = 0
    error: str | None = field(default=None)
    """Why the first of the refused ones was refused."""

    def json(self) -> Json:
        return {
            "id": self.id,
            "planned": self.planned,
            "rate": self.rate,
            "written": self.written,
            "refused": self.refused,
            "error": self.error,
            "done": self.written + self.refused == self.planned,
        }


class Traffic:
    """The orders so far, and the work on those that take their time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams: list[Stream] = []
        self._works: set[asyncio.Task[None]] = set()

    async def order(self, request: ControlRequest) -> Json:
        """Messages as `POST messages` takes them: all at once, or `rate` in each real second."""
        messages, rate = request.field("messages", list), request.number("rate")
        if not 1 <= len(messages) <= MOST_MESSAGES or not all(isinstance(one, dict) for one in messages):
            raise ControlError(f"messages must be a list of 1 to {MOST_MESSAGES} objects.")
        if rate is not None and not 0 < rate <= FASTEST:
            raise ControlError(f"rate must be more than 0 and at most {FASTEST:.0f} messages a second.")
        bot = request.optional_bot()
        common = {"bot": bot.id} if bot else {}
        stream = Stream(len(self._streams) + 1, len(messages), rate)
        self._streams.append(stream)
        bodies = [{**common, **one} for one in messages]
        if rate is None:
            for body in bodies:
                self._write(stream, body)
            return stream.json()
        work = asyncio.create_task(self._keep_pace(stream, bodies, rate))
        self._works.add(work)
        work.add_done_callback(self._works.discard)
        return stream.json()

    def streams(self, _request: ControlRequest) -> list[Json]:
        return [stream.json() for stream in self._streams]

    def stop(self, _request: ControlRequest) -> Json:
        """Ends what is under way; what was written stays."""
        self.close()
        return {}

    def close(self) -> None:
        for work in self._works:
            work.cancel()

    async def _keep_pace(self, stream: Stream, bodies: list[Json], rate: float) -> None:
        loop = asyncio.get_running_loop()
        started, sent = loop.time(), 0
        while sent < len(bodies):
            due = min(len(bodies), int((loop.time() - started) * rate) + 1)
            for body in bodies[sent:due]:
                self._write(stream, body)
            sent = due
            await asyncio.sleep(TICK)

    def _write(self, stream: Stream, body: dict[str, Any]) -> None:
        try:
            acting.write(ControlRequest(self._world, body, {}, {}))
        except ControlError as error:
            stream.refused += 1
            stream.error = stream.error or error.message
        else:
            stream.written += 1
