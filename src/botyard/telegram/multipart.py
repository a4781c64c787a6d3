"""Uploads: form fields and files as multipart/form-data (RFC 7578)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

_LINE_ENDS = str.maketrans({"\r": "%0D", "\n": "%0A"})


def encode_form(
    fields: Iterable[tuple[str, str]], files: Iterable[tuple[str, str, bytes]]
) -> tuple[bytes, list[bytes]]:
    """The content type, and the body in pieces: no file's content is copied.

    `fields` are names and values, `files` are names, file names and contents.
    """
    boundary = secrets.token_hex(16).encode()
    pieces: list[bytes] = []
    for name, value in fields:
        pieces.append(
            b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (boundary, _quoted(name), value.encode())
        )
    for name, file_name, content in files:
        pieces += (
            b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" % (boundary, _quoted(name), _quoted(file_name)),
            content,
            b"\r\n",
        )
    pieces.append(b"--%b--\r\n" % boundary)
    return b"multipart/form-data; boundary=%b" % boundary, pieces


def _quoted(name: str) -> bytes:
    """A name inside the quotes of a header: UTF-8, with backslashes as RFC 2183 has it, in one line."""
    return name.replace("\\", "\\\\").replace('"', '\\"').translate(_LINE_ENDS).encode()
