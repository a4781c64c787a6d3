"""The bot's texts: Fluent files of the features, in the member's language, safe for Telegram's HTML."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import structlog
from fluent.runtime import FluentBundle, FluentResource

from botyard.telegram.text import escape

log = structlog.get_logger(__name__)

FALLBACK = "en"

TextArgument = str | int | float


FORMATTED = 2048
"""So many texts are remembered as they were formatted: most are said again and again."""


class Html(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


def _as_html(value: TextArgument) -> TextArgument:
    return escape(value) if isinstance(value, str) and not isinstance(value, Html) else value


class Texts:
    """All texts of all features, by language."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Each folder holds a file per language, `en.ftl`, or several of a part each: `en.paying.ftl`."""
        self._bundles: dict[str, FluentBundle] = {}
        self._formatted = lru_cache(FORMATTED)(self._format)
        for folder in folders:
            for file in sorted(folder.glob("*.ftl")):
                language = file.name.partition(".")[0]
                bundle = self._bundles.setdefault(language, FluentBundle([language], use_isolating=False))
                bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))

    def format(self, language: str | None, key: str, **arguments: TextArgument) -> str:
        """The text as HTML. String arguments are escaped unless they are `Html`."""
        safe = tuple(
            (name, str if isinstance(value, str) else type(value), _as_html(value))
            for name, value in arguments.items()
        )
        return self._formatted(language, key, safe)

    def _format(
        self, language: str | None, key: str, safe: tuple[tuple[str, type, TextArgument], ...]
    ) -> str:
        for bundle in self._candidates(language):
            pattern = bundle.get_message(key).value if bundle.has_message(key) else None
            if pattern is not None:
                text, errors = bundle.format_pattern(pattern, {name: value for name, _, value in safe})
                if errors:
                    log.warning("text.incomplete", key=key, errors=[str(error) for error in errors])
                return str(text)
        log.warning("text.missing", key=key, language=language)
        return key

    def _candidates(self, language: str | None) -> Iterable[FluentBundle]:
        for code in (language, (language or "").partition("-")[0], FALLBACK):
            if code and code in self._bundles:
                yield self._bundles[code]
