"""A short notice on the page after a redirect: what a change did.

It travels in a cookie of a minute, sealed with the session's own cookie, which nobody else knows. So no other
site, no link and no neighbour on the domain can put a text onto a page, and the server keeps nothing.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from botyard.members.sign_in import SESSION_COOKIE

NOTICE_COOKIE = "botyard_notice"
NOTICE_SECONDS = 60
MOST_CHARACTERS = 300
"""A cookie may have 4096 bytes: there is room for these in any script."""


class Tone(StrEnum):
    """How a notice is meant, and the class of its colours."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """One short text for the next page."""

    text: str
    tone: Tone


def redirect(request: Request, to: str, text: str, *, tone: Tone = Tone.GOOD) -> Response:
    """Sends the browser on to the page at `to` (303), which shows `text` once. For members who are in."""
    shown = text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
    sealed = _seal(f"{tone}:{shown}".encode(), request.cookies[SESSION_COOKIE])
    response = RedirectResponse(to, status_code=303)
    response.set_cookie(
        NOTICE_COOKIE,
        sealed,
        max_age=NOTICE_SECONDS,
        path="/console",
        secure=request.headers.get("origin", "").startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def read_notice(request: Request) -> Notice | None:
    """The notice that the page before left for this one. What was not sealed for this session is none."""
    sealed, key = request.cookies.get(NOTICE_COOKIE, ""), request.cookies.get(SESSION_COOKIE)
    if not sealed or not key:
        return None
    try:
        body = urlsafe_b64decode(sealed.partition(".")[0].encode())
    except (binascii.Error, UnicodeEncodeError):
        return None
    if not hmac.compare_digest(_seal(body, key).encode(), sealed.encode()):
        return None
    tone, _, text = body.decode().partition(":")
    return Notice(text, Tone(tone))


def forget_notice(response: Response) -> None:
    """Tells the browser that the notice was shown."""
    response.delete_cookie(NOTICE_COOKIE, path="/console", httponly=True, samesite="lax")


def _seal(body: bytes, key: str) -> str:
    proof = hmac.new(key.encode(), b"notice\0" + body, hashlib.sha256).hexdigest()
    return f"{urlsafe_b64encode(body).decode()}.{proof}"
