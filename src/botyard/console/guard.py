"""Who may pass: changes come from our own pages, and pages are for members who are signed in."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from botyard.clock import Clock
from botyard.console.layout import Refusal
from botyard.db.session import Database
from botyard.members.models import Role
from botyard.members.sign_in import SESSION_COOKIE, SignedIn, recognise

SIGN_IN = "/console/sign-in"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnPagesOnly:
    """Refuses changes (403) that another site's page asked for, or that do not say whose page it was.

    Own is the host that the request went to, and `own_host`: a proxy may have changed the former.
    """

    def __init__(self, app: ASGIApp, *, own_host: str) -> None:
        self._app = app
        self._own_host = own_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request (ASGI)."""
        connection = HTTPConnection(scope)
        if scope.get("method") not in READING and not self._is_own(connection):
            raise HTTPException(403, "This did not come from a page of the console.")
        await self._app(scope, receive, send)

    def _is_own(self, connection: HTTPConnection) -> bool:
        headers = connection.headers
        try:
            asker = urlsplit(headers.get("origin") or headers.get("referer") or "").netloc
        except ValueError:
            return False
        return asker != "" and asker in (headers.get("host"), self._own_host)


class SignedInOnly:
    """Lets members through whose session lives and whose role suffices now; shows the others the way in."""

    def __init__(self, app: ASGIApp, *, database: Database, clock: Clock) -> None:
        self._app = app
        self._database = database
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request (ASGI)."""
        connection = HTTPConnection(scope)
        visitor = await recognise(self._database, connection.cookies.get(SESSION_COOKIE), self._clock.now())
        if visitor is None:
            await _way_in(connection)(scope, receive, send)
            return
        connection.state.signed_in = visitor
        await self._app(scope, receive, send)


def _way_in(connection: HTTPConnection) -> Response:
    """The sign-in page. A part of a page that asks for itself gets the whole page to be loaded again."""
    if "hx-request" in connection.headers:
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    return RedirectResponse(SIGN_IN, status_code=303)


def signed_in(request: Request) -> SignedIn:
    """The member who asks for this page. Only pages behind the sign-in have one."""
    return cast("SignedIn", request.state.signed_in)


def require(request: Request, role: Role) -> SignedIn:
    """The member who asks, if his role is this one or a higher one. Raises a 403 otherwise."""
    visitor = signed_in(request)
    if visitor.role < role:
        raise Refusal(
            403, f"This needs the role {role.name}.", what_next="Ask an owner of the business to do it."
        )
    return visitor
