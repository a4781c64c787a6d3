"""Logs: one pipeline for structlog and the standard library's loggers, in which no secret gets through."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from structlog.typing import Processor

from botyard.settings import LogFormat, LogLevel

HIDDEN = "***"
SHORTEST_SECRET = 4
"""Shorter texts are in ordinary words: to hide them would hide the log."""
SHORTEST_TOKEN = 26
"""Five digits, a colon and twenty characters."""
DEEPEST = 12
"""Levels of nested values that are looked through; what lies deeper is left out."""

_SHAPES = re.compile(
    # A bot token, in a URL's path too. The bot's number is public and stays.
    r"(?<![0-9])[0-9]{5,}(?::|%3[Aa])(?P<token>[A-Za-z0-9_-]{20,})"
    # The password in a database's address. People forget to escape it, so it runs to the word's last @.
    r"|(?:postgres|sqlite)[a-z0-9+]{0,20}://[^\s:/]*:(?P<database>[^\s\"]{0,500})@"
    # The password in any other address.
    r"|://[^\s:/@]*:(?P<password>[^\s/@]*)@"
)
_CHATTY = ("aiosqlite", "aiohttp.access", "uvicorn.access", "alembic.runtime.migration", "sqlalchemy")
"""Loggers that write a line for each statement or request: our own line for each update says more."""

_registered: set[str] = set()
_shortest_registered = sys.maxsize


def register_secret(text: str) -> None:
    """Hides this text in every log line from now on. Texts under four characters are not hidden."""
    global _shortest_registered  # noqa: PLW0603 - the process has one log
    if len(text) >= SHORTEST_SECRET:
        _registered.add(text)
        _shortest_registered = min(_shortest_registered, len(text))


def mask(text: str) -> str:
    """The text without bot tokens, passwords in addresses and registered secrets."""
    spans = _registered_spans(text) if len(text) >= _shortest_registered else []
    # Most texts are short and plain: it is seen at a glance that none of the shapes is in them.
    if "://" in text or (len(text) >= SHORTEST_TOKEN and (":" in text or "%3" in text)):
        spans += (found.span(str(found.lastgroup)) for found in _SHAPES.finditer(text))
    return _without(text, sorted(spans)) if spans else text


def _registered_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    for secret in _registered:
        start = text.find(secret)
        while start >= 0:
            spans.append((start, start + len(secret)))
            start = text.find(secret, start + 1)
    return spans


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with each span hidden. Overlapping spans are hidden as one: no secret leaves a tail."""
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        if start >= done:
            pieces += (text[done:start], HIDDEN)
        done = max(done, end)
    return "".join(pieces) + text[done:]


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The processor that masks a log line: names, values however deep, and the text of exceptions."""
    return {mask(name): _masked(value, DEEPEST) for name, value in event.items()}


def _masked(value: object, depth: int) -> object:
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        return {mask(str(name)): _masked(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner, depth - 1) for inner in value]
    return mask(repr(value))


class _Lines:
    """The logger at the end of structlog's pipeline: writes finished lines to stderr.

    Ours do not go through the standard library's loggers, which would triple what a line costs.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        """Writes a line. A full disk, or a reader who has gone away, is no reason to stop the work."""
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def _add_logger_name(logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    event["logger"] = logger.name
    return event


def configure_logging(log_format: LogFormat, level: LogLevel) -> None:
    """Sends every logger of the process to stderr, in one shape. Called once, at the start."""
    finish: list[Processor] = [
        structlog.processors.format_exc_info,  # before the mask, so that it sees the traceback's text
        mask_event,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _renderer(log_format),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_logger_name,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            *finish,
        ],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
                _without_colours,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    _route_everything_to(handler, _number(level))


def _without_colours(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drops uvicorn's second copy of its message, made for its own terminal output."""
    event.pop("color_message", None)
    return event


def _route_everything_to(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in [*logging.root.manager.loggerDict]:  # libraries that were configured earlier
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _renderer(log_format: LogFormat) -> Processor:
    on_terminal = sys.stderr.isatty()
    if log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and on_terminal):
        # The plain formatter: the rich one would show local variables, secrets among them.
        return structlog.dev.ConsoleRenderer(
            colors=on_terminal, exception_formatter=structlog.dev.plain_traceback
        )
    return _render_json


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """The event as JSON. Half of a surrogate pair, which no UTF-8 can hold, is escaped."""
    try:
        return msgspec.json.encode(event).decode()
    except UnicodeEncodeError:
        return json.dumps(event)


def _number(level: LogLevel) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
