"""In and out: a one-time link shows a button, and only the button uses the link up."""

from __future__ import annotations

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from botyard.clock import Clock
from botyard.console.attempts import Attempts
from botyard.console.guard import SIGN_IN
from botyard.console.layout import templates
from botyard.db.session import Database
from botyard.members.links import is_usable
from botyard.members.models import LinkPurpose
from botyard.members.sign_in import LIFETIME, SESSION_COOKIE, sign_in, sign_out

log = structlog.get_logger(__name__)


def console_url(base_url: str, token: str) -> str:
    """The address of a one-time sign-in link. `base_url` comes without its last slash."""
    return f"{base_url}{SIGN_IN}?token={token}"


class SignInPages:
    """The door. `secure`: browsers come by https, so the cookie must not travel otherwise."""

    def __init__(self, database: Database, clock: Clock, attempts: Attempts, *, secure: bool) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts
        self._secure = secure

    async def ask(self, request: Request) -> Response:
        """GET: the button. Telegram fetches a link for its preview, so looking changes nothing."""
        token = request.query_params.get("token", "")
        if not token:
            return templates.show(request, "no_link.html", dead=False)
        self._require_patience(request)
        async with self._database.reading() as session:
            usable = await is_usable(session, LinkPurpose.CONSOLE, token, self._clock.now())
        return templates.show(request, "sign_in.html", token=token) if usable else self._refuse(request)

    async def enter(self, request: Request) -> Response:
        """POST: uses the link up and gives the browser its cookie."""
        self._require_patience(request)
        form = await request.form()
        now = self._clock.now()
        async with self._database.session() as session:
            cookie = await sign_in(session, str(form.get("token", "")), now)
            before = request.cookies.get(SESSION_COOKIE)
            if cookie and before:
                await sign_out(session, before, now)
        if cookie is None:
            return self._refuse(request)
        response = RedirectResponse("/console/", status_code=303)
        response.set_cookie(
            SESSION_COOKIE,
            cookie,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """POST: ends the session."""
        async with self._database.session() as session:
            await sign_out(session, request.cookies[SESSION_COOKIE], self._clock.now())
        response = RedirectResponse(SIGN_IN, status_code=303)
        response.delete_cookie(SESSION_COOKIE, path="/", secure=self._secure, httponly=True, samesite="lax")
        return response

    def _require_patience(self, request: Request) -> None:
        """Raises a 429 while the client has failed too often."""
        wait = self._attempts.wait(_address(request))
        if wait:
            raise HTTPException(
                429, f"Too many attempts. Try again in {wait} s.", headers={"Retry-After": str(wait)}
            )

    def _refuse(self, request: Request) -> Response:
        self._attempts.note_failure(_address(request))
        log.warning("console.sign_in_refused", client=_address(request))
        return templates.show(request, "no_link.html", status=403, dead=True)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
