"""The client's address behind trusted proxies, for everything that is served."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from botyard.ingress.verify import client_address
from botyard.settings.formats import IpNetwork

FORWARDED_HEADER = b"x-forwarded-for"


def forwarded_for(scope: Scope) -> list[str]:
    """The request's X-Forwarded-For headers, in their order."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == FORWARDED_HEADER]


class ClientAddress:
    """Puts the client's own address into the scope where a trusted proxy forwarded the request."""

    def __init__(self, app: ASGIApp, trusted: tuple[IpNetwork, ...]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on (ASGI)."""
        peer = scope.get("client")
        if scope["type"] == "http" and peer:
            address = client_address(peer[0], forwarded_for(scope), self._trusted)
            scope = {**scope, "client": (str(address), peer[1]) if address else None}
        await self._app(scope, receive, send)
