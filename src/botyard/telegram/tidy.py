"""JSON texts that may hold what a database's text column refuses: NUL and lone surrogates."""

from __future__ import annotations

import json as plain_json
import re
from typing import Any

import msgspec

NUL = rb"\u0000"
"""NUL as JSON must write it. Where these bytes are not, there is no NUL in any text."""

_ESCAPE = re.compile(
    rb"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|(?P<nul>\\u0000)"
    rb"|(?P<other>\\.)",
    re.DOTALL,
)
_INSTEAD = {"lone": rb"\ufffd", "nul": b""}


def tidy(json: bytes) -> bytes:
    """The same JSON with NULs left out and each lone surrogate replaced by U+FFFD (RFC 8259, section 8.2)."""
    return _ESCAPE.sub(lambda escape: _INSTEAD.get(escape.lastgroup or "", escape[0]), json)


def encoded(value: Any) -> bytes:
    """The value as JSON. Half of a surrogate pair, which no UTF-8 can hold, becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return tidy(plain_json.dumps(msgspec.to_builtins(value)).encode())
