"""Reading the body of a request, or of a webhook's answer: JSON, form, multipart, query."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from botyard.sandbox.errors import ApiError, bad_request
from botyard.sandbox.params import Upload
from botyard.sandbox.state import Json

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes. Telegram takes files up to 50 MB."""
TOO_LARGE = ApiError(413, "Request Entity Too Large")


@dataclass
class Body:
    """The parameters as they came, and the uploaded files by the name of their part."""

    params: Json = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)


async def read_request(request: Request) -> Body:
    """The parameters of a Bot API request: those of the body win over those of the query.

    Raises `ApiError` 400 or 413 for what cannot be read.
    """
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > LARGEST_BODY:
                raise TOO_LARGE
    except ClientDisconnect as error:
        raise bad_request("the request ended early") from error
    query = request.scope.get("query_string", b"").decode("latin-1")
    body = await read_body(request.headers, bytes(received))
    return Body(_form(query) | body.params, body.files)


async def read_body(headers: Headers, data: bytes) -> Body:
    """The parameters in `data`, by its Content-Type. Raises `ApiError` 400 for what cannot be read."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not data.strip():
        return Body()
    if kind == "multipart/form-data":
        return await _multipart(headers, data)
    if kind == "application/x-www-form-urlencoded":
        return Body(_form(data.decode("utf-8", "replace")))
    if kind == "application/json" or data.lstrip()[:1] == b"{":
        return Body(_json_object(data))
    return Body()


def _json_object(data: bytes) -> Json:
    try:
        parsed: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(parsed, dict):
        raise bad_request("can't parse JSON object: an object is expected")
    return parsed


def _form(text: str) -> Json:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=1000))
    except ValueError as error:
        raise bad_request("can't parse form") from error


async def _multipart(headers: Headers, data: bytes) -> Body:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield data

    try:
        form = await MultiPartParser(headers, stream(), max_part_size=LARGEST_BODY).parse()
    except (MultiPartException, ValueError, KeyError) as error:
        raise bad_request("can't parse multipart body") from error
    body = Body()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            kind = value.content_type or "application/octet-stream"
            body.files[name] = Upload(value.filename or name, kind, await value.read())
        else:
            body.params[name] = value
    await form.close()
    return body
