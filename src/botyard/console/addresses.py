"""What an address of the console asks for: whoever types one may write anything."""

from __future__ import annotations

from starlette.requests import Request

_MOST_PAGES = 10_000_000
_LARGEST_NUMBER = 2**62


def page_of(request: Request) -> int:
    """The page of a list that is asked for, counted from 0; 0 where it makes no sense."""
    wanted = request.query_params.get("page", "")
    return min(int(wanted[:9]) if wanted.isascii() and wanted.isdigit() else 0, _MOST_PAGES)


def number_in(request: Request, name: str) -> int:
    """The number of this name in the path; nothing has one that no database can hold."""
    return min(int(request.path_params[name]), _LARGEST_NUMBER)
