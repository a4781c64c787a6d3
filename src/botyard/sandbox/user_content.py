"""What a user may send besides text: media by any name, a contact, a place, a poll, a dice."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import ControlError
from botyard.sandbox.files import adopt, file_json
from botyard.sandbox.polls import new_poll
from botyard.sandbox.rendering import MEDIA_KINDS, OTHER_KINDS
from botyard.sandbox.state import Json
from botyard.sandbox.world import World

REQUIRED: dict[str, dict[str, type | tuple[type, ...]]] = {
    "contact": {"phone_number": str, "first_name": str},
    "location": {"latitude": (int, float), "longitude": (int, float)},
    "venue": {"location": dict, "title": str, "address": str},
    "dice": {"emoji": str},
    "web_app_data": {"data": str, "button_text": str},
    "users_shared": {"request_id": int, "users": list},
    "chat_shared": {"request_id": int, "chat_id": int},
}


def media_content(world: World, body: Json) -> Json:
    """The content of a message without text; empty if the request names none. Raises `ControlError`."""
    for kind in MEDIA_KINDS:
        if body.get(kind) is not None:
            return {kind: _media(world, kind, body[kind])} | _companion(world, kind, body)
    for kind in (*OTHER_KINDS, "web_app_data", "users_shared", "chat_shared"):
        if body.get(kind) is not None:
            return {kind: _thing(world, kind, body[kind])}
    if body.get("poll") is not None:
        return {"poll": _poll(world, body["poll"])}
    return {}


def _media(world: World, kind: str, given: Any) -> Json | list[Json]:
    details = given[-1] if isinstance(given, list) and given else given
    details = details if isinstance(details, dict) else {"file_id": details}
    reference = details.get("file_id") or details.get("file_name") or kind
    if not isinstance(reference, str):
        raise ControlError(f"{kind} must be a file id, any string, or an object with file_id.")
    file = adopt(world, kind, reference)
    if isinstance(details.get("file_name"), str):
        file.name = details["file_name"]
    return file_json(file, details)


def _companion(world: World, kind: str, body: Json) -> Json:
    """An animation is shown as a document, too, for old bots (Bot API, Message.animation)."""
    return {"document": _media(world, "document", body[kind])} if kind == "animation" else {}


def _thing(world: World, kind: str, given: Any) -> Json:
    if kind == "dice" and not isinstance(given, dict):
        given = {"emoji": given if isinstance(given, str) and given else "🎲"}
    if not isinstance(given, dict):
        raise ControlError(f"{kind} must be an object as in the Bot API.")
    for field, types in REQUIRED[kind].items():
        if not isinstance(given.get(field), types):
            raise ControlError(f"{kind}.{field} is missing or of the wrong type: see the Bot API's {kind}.")
    if kind == "dice" and not isinstance(given.get("value"), int):
        given = given | {"value": world.random.randint(1, 6)}
    return dict(given)


def _poll(world: World, given: Any) -> Json:
    if not isinstance(given, dict) or not isinstance(given.get("question"), str):
        raise ControlError("poll must be an object with question and options.")
    options = [one.get("text") if isinstance(one, dict) else one for one in given.get("options") or []]
    if not options or not all(isinstance(one, str) and one for one in options):
        raise ControlError("poll.options must be a list of texts.")
    poll = new_poll(
        world,
        None,
        question=given["question"],
        options=[str(one) for one in options],
        is_anonymous=bool(given.get("is_anonymous", True)),
        allows_multiple_answers=bool(given.get("allows_multiple_answers", False)),
    )
    return poll.json
