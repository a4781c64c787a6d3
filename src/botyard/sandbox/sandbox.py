"""The sandbox put together: one object with one ASGI application."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from botyard.clock import Clock, SystemClock
from botyard.sandbox.calls import BotApi
from botyard.sandbox.control import control_routes
from botyard.sandbox.control.traffic import Traffic
from botyard.sandbox.control.weather import Weather
from botyard.sandbox.faults import Faults
from botyard.sandbox.http import FileDoor, MethodDoor
from botyard.sandbox.limits import Limits
from botyard.sandbox.seed import plant
from botyard.sandbox.virtual_clock import InStep, VirtualClock
from botyard.sandbox.webhooks import Couriers
from botyard.sandbox.world import World

PAGE = Path(__file__).parent / "page"
LOG_SIZE = 100_000


class Sandbox:
    """A Bot API simulator over HTTP, with a control API and a chat page. Everything is in memory."""

    def __init__(
        self,
        clock: Clock | None = None,
        seed: int = 0,
        *,
        seed_world: bool = True,
        enforce_limits: bool = False,
        log_size: int = LOG_SIZE,
    ) -> None:
        """The same `seed` makes the same ids and faults. `log_size`: how many calls and updates are kept.

        A `VirtualClock` is taken as it is, so that others can live in the same time.
        """
        self.clock = clock if isinstance(clock, VirtualClock) else VirtualClock(clock or SystemClock())
        self.world = World(self.clock, seed, log_size)
        self.faults = Faults(self.world.chance)
        self.limits = Limits(self.world, enforce=enforce_limits)
        api = BotApi(self.world, self.faults, self.limits)
        self._couriers = Couriers(self.world, api)
        self.world.on_update = self._couriers.on_update
        if seed_world:
            plant(self.world)
        self._traffic = Traffic(self.world)
        self.app = self._application(api)

    @property
    def service_clock(self) -> Clock:
        """The clock of a service that lives in the sandbox's time: a month that passes here passes there."""
        return InStep(self.clock)

    def _application(self, api: BotApi) -> Starlette:
        methods = MethodDoor(self.world, api)
        weather = Weather(self.faults, self.limits, self.world)
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", methods),
                Route("/file/bot{token}/{path:path}", FileDoor(self.world)),
                Mount("/control", routes=control_routes(self.world, weather, self._traffic)),
                Route("/", _index),
                Mount("/static", StaticFiles(directory=PAGE / "static", check_dir=False)),
            ]
        )

    async def aclose(self) -> None:
        """Stops traffic, webhook deliveries, long polls and event streams."""
        self._traffic.close()
        self.world.events.close()
        for bot in self.world.bots.values():
            bot.queue.close()
        await self._couriers.aclose()


async def _index(_request: Request) -> Response:
    return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})
