"""The headers of every answer: nothing from elsewhere, nothing framed, nothing kept."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STRICT = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms (Fetch standard, 3.1).
    # No other site learns an address of the console, which may hold a link's token.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class StrictHeaders:
    """Adds the headers to each answer of `app`, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request (ASGI)."""
        # Style sheets are no secret: a browser may keep them, and asks whether they changed.
        caching = "no-cache" if scope["path"].startswith("/console/static/") else "no-store"

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update({**STRICT, "Cache-Control": caching})
            await send(message)

        await self._app(scope, receive, send_strictly)
