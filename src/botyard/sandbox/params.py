"""The parameters of one Bot API call: read from the request, checked with aiogram's model of the method."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from aiogram import methods as aiogram_methods
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    InputFile,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from pydantic import BaseModel, ValidationError

from botyard.sandbox.errors import ApiError, bad_request
from botyard.sandbox.markup import clean
from botyard.sandbox.state import Json

DEEPEST = 60
"""Levels of nesting that a call may have; Telegram's own objects need about ten."""


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime_type: str
    data: bytes


@dataclass(frozen=True)
class Params:
    """Checked parameters: JSON is decoded, numbers are numbers. Absent ones are simply not there."""

    values: Json
    files: Mapping[str, Upload]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name)
        return default if value is None else int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        return default if value is None else bool(value)

    def object(self, name: str) -> Json | None:
        return self.values.get(name)

    def items(self, name: str) -> list[Any]:
        return self.values.get(name) or []


class Kind(Enum):
    """How a parameter may arrive and what it becomes."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    FILE = auto()
    STRUCTURE = auto()


METHODS: dict[str, type[TelegramMethod[Any]]] = {
    model.__api_method__.lower(): model
    for name in aiogram_methods.__all__
    if isinstance(model := getattr(aiogram_methods, name), type)
    and issubclass(model, TelegramMethod)
    and isinstance(getattr(model, "__api_method__", None), str)
}
"""aiogram's model of every Bot API method, by lower-case name: Telegram does not care about case."""

MISSING = {
    "text": "message text is empty",
    "chat_id": "chat_id is empty",
    "from_chat_id": "from_chat_id is empty",
    "user_id": "invalid user_id specified",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "action": "wrong parameter action in request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "pre_checkout_query_id": "query is too old and response timeout expired or query ID is invalid",
    "shipping_query_id": "query is too old and response timeout expired or query ID is invalid",
    "file_id": "file_id not specified",
    "media": "there are no media in the request",
} | {
    kind: f"there is no {kind.replace('_', ' ')} in the request"
    for kind in (
        "photo",
        "video",
        "animation",
        "audio",
        "document",
        "voice",
        "video_note",
        "sticker",
    )
}
KEYBOARDS: dict[str, type[BaseModel]] = {
    "inline_keyboard": InlineKeyboardMarkup,
    "keyboard": ReplyKeyboardMarkup,
    "remove_keyboard": ReplyKeyboardRemove,
    "force_reply": ForceReply,
}
"""By the field that tells them apart: as a union, the last two would take any object at all."""
STRUCTURES = {"reply_markup": "reply keyboard markup", "reply_parameters": "reply parameters"}


def check(method: str, raw: Json, files: Mapping[str, Upload]) -> Params:
    """The checked parameters of a call of `method` (its lower-case name, one of `METHODS`).

    Raises `ApiError` 400 in Telegram's words where they are known.
    """
    model = METHODS[method]
    values: Json = {}
    for name, kind in _kinds(method).items():
        if (value := _decoded(name, kind, raw, files)) is not None:
            values[name] = value
    try:
        if "reply_markup" in values:
            _check_keyboard(values["reply_markup"])
        checked = model.model_validate(values)
    except ValidationError as error:
        raise _explained(error) from error
    dumped = checked.model_dump(by_alias=True, exclude_unset=True, exclude_none=True, include=set(values))
    return Params(dumped, files)


def _check_keyboard(markup: Any) -> None:
    names = KEYBOARDS.keys() & markup.keys() if isinstance(markup, dict) else ()
    if not names:
        raise bad_request("can't parse reply keyboard markup JSON object")
    KEYBOARDS[min(names)].model_validate(markup)


@cache
def _kinds(method: str) -> dict[str, Kind]:
    """What each parameter of a method is, by its name on the wire."""
    fields = METHODS[method].model_fields
    return {field.alias or name: _kind(_leaves(field.annotation)) for name, field in fields.items()}


def _leaves(annotation: Any) -> set[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _leaves(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return {leaf for part in get_args(annotation) for leaf in _leaves(part)}
    return {annotation}


def _kind(leaves: set[Any]) -> Kind:
    if datetime in leaves:
        return Kind.DATE
    if str in leaves:
        return Kind.TEXT
    if leaves & {int, float, bool}:
        return Kind.NUMBER
    return Kind.FILE if InputFile in leaves else Kind.STRUCTURE


def _decoded(name: str, kind: Kind, raw: Json, files: Mapping[str, Upload]) -> Any:
    value = raw.get(name)
    if name in files:
        upload = files[name]
        return BufferedInputFile(upload.data, upload.name) if kind is Kind.FILE else f"attach://{name}"
    if value is None or (value == "" and kind is not Kind.TEXT):
        return None
    if kind is Kind.TEXT and not isinstance(value, str | int):
        return json.dumps(value)
    if kind is Kind.TEXT and isinstance(value, int) and name not in {"chat_id", "from_chat_id"}:
        return json.dumps(value)
    if kind is Kind.DATE:
        return _whole_number(name, value)
    if kind is Kind.STRUCTURE and isinstance(value, str):
        value = _from_json(name, value)
    return cleaned(value)


def _whole_number(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise bad_request(f'parameter "{name}" must be an integer') from error


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"can't parse {STRUCTURES.get(name, name)} JSON object") from error


def cleaned(value: Any, depth: int = 0) -> Any:
    """The value with strings as Telegram takes them. Raises `ApiError` for lone surrogates, deep nesting."""
    if isinstance(value, str):
        return clean(value)
    if depth > DEEPEST:
        raise bad_request("can't parse JSON object: it is nested too deeply")
    if isinstance(value, list):
        return [cleaned(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean(key): cleaned(item, depth + 1) for key, item in value.items()}
    return value


def _explained(error: ValidationError) -> ApiError:
    """The first thing wrong, in Telegram's words if the parameter is simply missing."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = next((one for one in problems if one["type"] == "missing" and len(one["loc"]) == 1), problems[0])
    name = str(first["loc"][0]) if first["loc"] else "request"
    if name in {*KEYBOARDS, "reply_markup"}:
        return bad_request("can't parse reply keyboard markup JSON object")
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return bad_request(MISSING.get(name, f'parameter "{name}" is required'))
    if name in STRUCTURES:
        return bad_request(f"can't parse {STRUCTURES[name]} JSON object")
    where = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.islower())
    return bad_request(f'parameter "{where or name}" is invalid: {first["msg"].lower()}')
