"""The control API's routes, and how its errors are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from botyard.sandbox.control import acting, observing, paying, reacting, shaping
from botyard.sandbox.control.observing import download, event_stream
from botyard.sandbox.control.request import ControlRequest, read
from botyard.sandbox.control.traffic import Traffic
from botyard.sandbox.control.weather import Weather
from botyard.sandbox.errors import ControlError
from botyard.sandbox.world import World

Action = Callable[[ControlRequest], Any]


ACTIONS: list[tuple[str, str, Action]] = [
    ("GET", "/bots", shaping.list_bots),
    ("POST", "/bots", shaping.make_bot),
    ("GET", "/users", shaping.list_users),
    ("POST", "/users", shaping.make_user),
    ("GET", "/chats", shaping.list_chats),
    ("POST", "/chats", shaping.make_chat),
    ("POST", "/chats/{chat_id}/members", shaping.change_members),
    ("POST", "/messages", acting.write),
    ("POST", "/edits", acting.rewrite),
    ("POST", "/callbacks", acting.press),
    ("GET", "/callbacks/{id}", observing.callback),
    ("POST", "/votes", reacting.vote_in_poll),
    ("POST", "/reactions", reacting.react),
    ("POST", "/payments", paying.pay_invoice),
    ("POST", "/subscriptions", paying.change),
    ("POST", "/joins", acting.join_chat),
    ("POST", "/blocks", acting.block_bot),
    ("POST", "/updates", acting.inject),
    ("GET", "/updates", observing.updates),
    ("GET", "/chats/{chat_id}/messages", observing.messages),
    ("GET", "/journal", observing.journal),
    ("GET", "/commands", observing.commands),
]
"""What people do, and looking at what came of it."""


def control_routes(world: World, weather: Weather, traffic: Traffic) -> list[Route]:
    """Every route of the control API, to be mounted at `/control`."""
    conditions: list[tuple[str, str, Action]] = [
        ("POST", "/faults", weather.order),
        ("GET", "/faults", weather.orders),
        ("DELETE", "/faults", weather.clear),
        ("POST", "/traffic", traffic.order),
        ("GET", "/traffic", traffic.streams),
        ("DELETE", "/traffic", traffic.stop),
        ("POST", "/seed", weather.set_seed),
        ("GET", "/seed", weather.seed),
        ("POST", "/limits", weather.set_limits),
        ("GET", "/limits", weather.limits),
        ("POST", "/clock", weather.set_clock),
        ("GET", "/clock", weather.clock),
    ]
    table = [*ACTIONS, *conditions]
    routes = [Route(path, _door(world, action), methods=[method]) for method, path, action in table]

    async def events(_request: Request) -> Response:
        return event_stream(world)

    async def file(request: Request) -> Response:
        return download(world, request.path_params["file_id"])

    return [
        Route("/events", events, methods=["GET"]),
        Route("/files/{file_id}", file, methods=["GET"]),
        *routes,
    ]


def _door(world: World, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            _refuse_other_sites(request)
            result = action(await read(world, request))
            return JSONResponse(await result if isawaitable(result) else result)
        except ControlError as error:
            return JSONResponse({"error": error.message}, error.status)

    return answer


def _refuse_other_sites(request: Request) -> None:
    """A page of another site, open in the same browser, must not act in the sandbox."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise ControlError("a page of another site cannot use the control API", status=403)
