"""The frame that all pages share: the layout template, the navigation, and the pages for refusals."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from botyard.console.flash import forget_notice, read_notice

SHELL = Path(__file__).with_name("templates")

_WHAT_NEXT = {
    400: "Go back, load the page again and repeat what you did.",
    403: "Open the console in a tab of its own and repeat there what you did.",
    404: "The address may be mistyped, or what it showed is gone.",
    405: "Go back, load the page again and repeat what you did.",
}


class Refusal(HTTPException):
    """A refusal whose page says in words of its own what to do next."""

    def __init__(self, status: int, detail: str, *, what_next: str) -> None:
        super().__init__(status, detail)
        self.what_next = what_next


class Page(Route):
    """A route with a place in the navigation, under `title`."""

    def __init__(self, path: str, endpoint: Any, *, title: str, methods: list[str] | None = None) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.title = title

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"/console{self.path}"

    def holds(self, path: str) -> bool:
        """Whether a browser that is at `path` is on this page or below it."""
        if self.path == "/":
            return path == self.address
        return path == self.address or path.startswith(f"{self.address}/")


class Templates:
    """The templates of one folder. They extend `console/layout.html`; what they show is escaped."""

    def __init__(self, folder: Path) -> None:
        shell = PrefixLoader({"console": FileSystemLoader(SHELL)})
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder), shell]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def show(
        self,
        request: Request,
        name: str,
        /,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The page made of a template; the layout finds in it who is signed in, where he is, and a notice."""
        signed_in = getattr(request.state, "signed_in", None)
        notice = read_notice(request) if signed_in and status < 400 else None
        text = self._environment.get_template(name).render(
            values,
            navigation=request.app.state.navigation,
            signed_in=signed_in,
            path=request.url.path,
            notice=notice,
        )
        response = HTMLResponse(text, status, headers)
        if notice:
            forget_notice(response)
        return response


templates = Templates(SHELL)


def show_refusal(request: Request, error: Exception) -> Response:
    """The page for an `HTTPException`: what is wrong, and what to do next."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    return templates.show(
        request,
        "refusal.html",
        status=error.status_code,
        headers=dict(error.headers or {}),
        title=phrase if error.detail == phrase else error.detail,
        what_next=error.what_next if isinstance(error, Refusal) else _WHAT_NEXT.get(error.status_code, ""),
    )


def show_failure(request: Request, error: Exception) -> Response:  # noqa: ARG001  (Starlette hands it over)
    """The page for a bug. The server logs the error; the page says nothing of it."""
    return templates.show(
        request,
        "refusal.html",
        status=500,
        title="Something broke",
        what_next="Try again in a moment. What happened is in botyard's log.",
    )
