"""The root of botyard's own errors: each says what went wrong and what to do next."""

from __future__ import annotations


class BotyardError(Exception):
    """An expected failure. `message` is one plain sentence without secrets; `remedy` says what to do next.

    The command line prints both in one line and exits 1; nothing prints a traceback for it.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()
