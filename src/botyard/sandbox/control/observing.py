"""Looking at the world: messages, updates, calls, menus, and the live stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from starlette.responses import Response, StreamingResponse

from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.journal import Entry, Log
from botyard.sandbox.menus import menu_of
from botyard.sandbox.rendering import client_view
from botyard.sandbox.state import Chat, Json
from botyard.sandbox.world import World, update_entry

HEARTBEAT = 15.0
"""Seconds of silence after which the stream says that it is alive."""


def messages(request: ControlRequest) -> list[Json]:
    """The newest messages of a chat, oldest first, as a client would show them."""
    chat = chat_in_path(request)
    limit = min(max(request.query_number("limit", 200), 1), 10_000)
    return [client_view(message) for message in list(chat.messages.values())[-limit:]]


def chat_in_path(request: ControlRequest) -> Chat:
    """A group or channel, or the private chat of that user with the bot in the query."""
    text = str(request.path["chat_id"])
    if not text.lstrip("-").isdigit() or len(text) > 19:
        raise ControlError("The chat id in the path must be a whole number.")
    chat_id = int(text)
    if chat_id in request.world.users:
        return request.world.private(request.bot(), request.world.users[chat_id])
    return request.world.find_group(chat_id)


def updates(request: ControlRequest) -> Json:
    """What went into the bots' queues from a number on, and how it fared."""
    bot = request.optional_bot()
    entries, following = _page(request, request.world.updates)
    return {
        "entries": [update_entry(one) for one in entries if bot is None or one.bot_id == bot.id],
        "next": following,
    }


def journal(request: ControlRequest) -> Json:
    """The Bot API calls from a number on."""
    entries, following = _page(request, request.world.calls)
    return {"entries": [one.json() for one in entries], "next": following}


def _page(request: ControlRequest, log: Log[Entry]) -> tuple[list[Entry], int]:
    """The entries from `since` on, `limit` at most, and the number to go on with."""
    entries, limit = log.since(request.query_number("since", 0)), request.query_number("limit", 0)
    if not 0 < limit < len(entries):
        return entries, log.next
    return entries[:limit], log.next - len(entries) + limit


def callback(request: ControlRequest) -> Json:
    """What the bot answered to a pressed button."""
    query = request.world.callbacks.get(str(request.path["id"]))
    if query is None:
        raise ControlError("There is no such callback query.", status=404)
    return {"answered": query.answered, "text": query.text, "show_alert": query.show_alert, "url": query.url}


def commands(request: ControlRequest) -> list[Json]:
    """The menu that a user sees in a chat."""
    user = request.world.find_user(request.query_number("user_id", 0))
    bot = request.bot()
    chat = request.world.find_chat(bot, user, request.query_number("chat_id", 0) or None)
    return menu_of(request.world, bot, user, chat)


def event_stream(world: World) -> Response:
    """Server-sent events (WHATWG HTML) until the page goes away or the sandbox stops."""

    async def stream() -> AsyncGenerator[str, None]:
        reader = world.events.join()
        try:
            yield ": hello\n\n"
            while True:
                try:
                    item = await asyncio.wait_for(reader.get(), HEARTBEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if item is None:
                    return
                yield _written(*item)
        finally:
            world.events.leave(reader)

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


def _written(event: str, data: Any) -> str:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


def download(world: World, file_id: str) -> Response:
    """The bytes of an uploaded file, for the page."""
    file = world.files.get(file_id)
    if file is None or file.data is None:
        return Response("The sandbox has no bytes of this file.", 404, media_type="text/plain")
    # A bot's upload is shown, never run: the page and the sandbox's API share an origin.
    headers = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
    return Response(file.data, headers=headers, media_type=file.mime_type or "application/octet-stream")
