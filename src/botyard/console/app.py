"""Puts the console together: open to strangers are the sign-in page and the style sheets, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from botyard.clock import Clock
from botyard.console.attempts import Attempts
from botyard.console.guard import OwnPagesOnly, SignedInOnly
from botyard.console.headers import StrictHeaders
from botyard.console.home import HomePage, IngressMode
from botyard.console.layout import Page, show_failure, show_refusal
from botyard.console.sign_in_pages import SignInPages
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.telegram.bots import Bot

STATIC = Path(__file__).with_name("static")
LARGEST_SIGN_IN = 4096
"""Bytes of the one form that strangers may send."""


def create_console(
    database: Database,
    bots: Mapping[BotId, Bot],
    clock: Clock,
    *,
    base_url: str,
    mode: IngressMode,
    pages: Sequence[BaseRoute] = (),
) -> list[BaseRoute]:
    """The routes of the console, under `/console`.

    `base_url` is the address that browsers use, without the last slash. `pages` are mounted under `/console`
    and shown only to members who may enter; each `Page` among them gets its place in the navigation.
    `bots` is read at every request, so that a username that Telegram gives later shows.
    """
    address = urlsplit(base_url)
    door = SignInPages(database, clock, Attempts(clock), secure=address.scheme == "https")
    home = Page("/", HomePage(database, bots, clock, mode).show, title="Home")
    inside = Mount(
        "",
        routes=[home, Route("/sign-out", door.sign_out, methods=["POST"]), *pages],
        middleware=[Middleware(SignedInOnly, database=database, clock=clock)],
    )
    console = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=STATIC)),
            Mount(
                "",
                routes=[
                    Route("/sign-in", door.ask, methods=["GET"]),
                    Route("/sign-in", door.enter, methods=["POST"], max_body_size=LARGEST_SIGN_IN),
                    inside,
                ],
                middleware=[Middleware(OwnPagesOnly, own_host=address.netloc)],
            ),
        ],
        exception_handlers={HTTPException: show_refusal, Exception: show_failure},
    )
    console.state.navigation = [page for page in (home, *pages) if isinstance(page, Page)]
    return [Mount("/console", StrictHeaders(console))]
