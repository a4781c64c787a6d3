"""The Bot API's doors: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from botyard.sandbox.body import read_request
from botyard.sandbox.calls import NOT_FOUND, UNANSWERED, BotApi
from botyard.sandbox.errors import ApiError
from botyard.sandbox.state import Json
from botyard.sandbox.world import World

UNAUTHORIZED = ApiError(401, "Unauthorized")
CORS = {"access-control-allow-origin": "*"}
PLACEHOLDER = b"The sandbox has no bytes of this file: it was sent by its id or address."
log = structlog.get_logger()


def telegram_response(status: int, answer: Json) -> Response:
    """An answer as Telegram writes it; a 429 carries its wait in a header, too."""
    headers = dict(CORS)
    if retry_after := answer.get("parameters", {}).get("retry_after"):
        headers["retry-after"] = str(retry_after)
    return Response(json.dumps(answer), status, headers, "application/json")


class MethodDoor:
    """One call over HTTP: GET with a query, or POST with JSON, a form or multipart."""

    def __init__(self, world: World, api: BotApi) -> None:
        self._world = world
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            status, answer = await self._answer(request, partial(_still_listens, receive))
        except ApiError as error:
            status, answer = error.status, error.answer()
        except Exception:
            log.exception("sandbox.call_failed", method=request.path_params.get("method"))
            status, answer = 500, ApiError(500, "Internal Server Error").answer()
        if status == UNANSWERED:
            await reset_connection(receive, send)
        else:
            await telegram_response(status, answer)(scope, receive, send)

    async def _answer(self, request: Request, still_listens: Callable[[], bool]) -> tuple[int, Json]:
        token, method = request.path_params["token"], request.path_params["method"]
        bot = self._world.bot_with(token)
        if bot is None:
            raise UNAUTHORIZED if _looks_like_token(token) else NOT_FOUND
        if request.method not in {"GET", "POST"}:
            raise ApiError(405, "Method Not Allowed")
        body = await read_request(request)
        outcome = await self._api.call(bot, method, body.params, body.files, still_listens=still_listens)
        return outcome.status, outcome.answer


class FileDoor:
    """Downloads what getFile names."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = self._response(request.path_params["token"], request.path_params["path"])
        await response(scope, receive, send)

    def _response(self, token: str, path: str) -> Response:
        if self._world.bot_with(token) is None:
            return telegram_response(401, UNAUTHORIZED.answer())
        for file in self._world.files.values():
            if file.path == path:
                kind = file.mime_type or "application/octet-stream"
                return Response(PLACEHOLDER if file.data is None else file.data, media_type=kind)
        return telegram_response(404, ApiError(404, "Not Found: file not found").answer())


def _looks_like_token(text: str) -> bool:
    number, colon, secret = text.partition(":")
    return bool(colon and secret) and number.isascii() and number.isdigit()


def _still_listens(receive: Receive) -> bool:
    """Whether the connection is still there, as far as uvicorn knows; other servers do not tell."""
    return not getattr(getattr(receive, "__self__", None), "disconnected", False)


async def reset_connection(receive: Receive, send: Send) -> None:
    """Resets the TCP connection instead of answering; without uvicorn it breaks off an answer half way."""
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        headers = [(b"content-length", b"1000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None and endpoint.fileno() >= 0:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while not getattr(receive.__self__, "disconnected", True):  # type: ignore[attr-defined]  # uvicorn's cycle
        await asyncio.sleep(0.001)
