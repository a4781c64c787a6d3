"""Who asks: for now the console's session cookie tells."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response, Security
from fastapi.security import APIKeyCookie

from botyard.clock import Clock
from botyard.db.session import Database
from botyard.members.sign_in import SESSION_COOKIE, SignedIn, recognise

READING = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(
    name=SESSION_COOKIE, auto_error=False, description="The console's session: sign in at /console/sign-in."
)


class Reception:
    """Lets in who is signed in to the console (else 401), but no change that another site asked for (403)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(
        self, request: Request, response: Response, cookie: Annotated[str | None, Security(_cookie)]
    ) -> None:
        """The dependency of every endpoint."""
        signed_in = await recognise(self._database, cookie, self._clock.now())
        if signed_in is None:
            raise HTTPException(401)
        if request.method not in READING and _is_from_elsewhere(request):
            raise HTTPException(403)
        request.state.signed_in = signed_in
        response.headers["Cache-Control"] = "no-store"


def _is_from_elsewhere(request: Request) -> bool:
    # Browsers say where a change comes from; other programs send no Origin and hold their cookie knowingly.
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _caller(request: Request) -> SignedIn:
    return cast("SignedIn", request.state.signed_in)


Caller = Annotated[SignedIn, Depends(_caller)]
"""An endpoint's parameter of this type is the member who asks."""
