"""Sending files, places, contacts and dice (Bot API, "Available methods", "Sending files")."""

from __future__ import annotations

import re
from typing import Any

from botyard.sandbox.errors import bad_request
from botyard.sandbox.files import adopt, file_json, store_upload
from botyard.sandbox.methods.editing import apply_edit, message_to_edit
from botyard.sandbox.methods.messages import send
from botyard.sandbox.methods.places import writable_chat
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.methods.texts import caption_content, reply_of, sending_details
from botyard.sandbox.posting import post
from botyard.sandbox.rendering import message_json
from botyard.sandbox.state import Json, StoredFile

PERMISSIONS = {
    "photo": "can_send_photos",
    "video": "can_send_videos",
    "animation": "can_send_other_messages",
    "audio": "can_send_audios",
    "document": "can_send_documents",
    "voice": "can_send_voice_notes",
    "video_note": "can_send_video_notes",
    "sticker": "can_send_other_messages",
}
WITHOUT_CAPTION = frozenset({"video_note", "sticker"})
LARGEST_UPLOAD = 50 * 1024 * 1024
ALBUM = range(2, 11)
DICE = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}


@method(
    "sendPhoto",
    "sendVideo",
    "sendAnimation",
    "sendAudio",
    "sendDocument",
    "sendVoice",
    "sendVideoNote",
    "sendSticker",
)
def send_media(call: Call) -> Json:
    kind = {"VideoNote": "video_note"}.get(call.method[len("send") :], call.method[len("send") :].lower())
    writable_chat(call, call.params.values.get("chat_id"), PERMISSIONS[kind])
    content = media_content(call, kind, call.params.text(kind), call.params.values)
    return message_json(send(call, content, permission=PERMISSIONS[kind]))


def media_content(call: Call, kind: str, reference: str, given: Json) -> Json:
    """The content of a message with one file. `given` holds the caption and the file's own parameters."""
    file = file_for(call, kind, reference)
    content: Json = {kind: file_json(file, given)}
    if kind == "animation":
        content["document"] = file_json(file, given)
    if kind not in WITHOUT_CAPTION:
        content |= caption_content(call, given)
    return content | ({"has_media_spoiler": True} if given.get("has_spoiler") else {})


def file_for(call: Call, kind: str, reference: str) -> StoredFile:
    """The file that a parameter names: an upload, an address, or an id. Raises `ApiError` for others."""
    world = call.world
    if reference.startswith("attach://"):
        upload = call.params.files.get(reference.removeprefix("attach://"))
        if upload is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if not upload.data:
            raise bad_request("file must be non-empty")
        if len(upload.data) > LARGEST_UPLOAD:
            raise bad_request("file is too big")
        return store_upload(world, kind, upload)
    if not reference:
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    known = world.files.get(reference)
    if known and known.kind != kind:
        raise bad_request(f"can't use file of type {_type_name(known.kind)} as {_type_name(kind)}")
    if (
        known
        or re.match(r"https?://[^\s/]+\.[^\s]+", reference)
        or re.fullmatch(r"[A-Za-z0-9_-]{20,}", reference)
    ):
        return adopt(world, kind, reference)
    raise bad_request("wrong file identifier/HTTP URL specified")


def _type_name(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_"))


@method("sendMediaGroup")
def send_media_group(call: Call) -> list[Json]:
    items: list[Json] = call.params.items("media")
    if len(items) not in ALBUM:
        raise bad_request(f"too {'few' if len(items) < ALBUM.start else 'many'} messages to send as an album")
    kinds = {str(item.get("type")) for item in items}
    for lonely in ("document", "audio"):
        if lonely in kinds and len(kinds) > 1:
            raise bad_request(f"{lonely} can't be mixed with other media types")
    if unknown := kinds - PERMISSIONS.keys():
        raise bad_request(f"the sandbox does not simulate {min(unknown)} in an album")
    chat = None
    for kind in sorted(kinds):
        chat = writable_chat(call, call.params.values.get("chat_id"), PERMISSIONS[kind])
    assert chat is not None
    contents = [media_content(call, item["type"], item.get("media") or "", item) for item in items]
    details = sending_details(call) | {"media_group_id": call.world.new_id()}
    reply = reply_of(call, chat)
    sent = [post(call.world, chat, call.bot, one, reply_to=reply, details=details) for one in contents]
    return [message_json(message) for message in sent]


@method("editMessageMedia")
def edit_message_media(call: Call) -> Json:
    message = message_to_edit(call, media=True)
    item = call.params.object("media") or {}
    if item.get("type") not in PERMISSIONS.keys() - {"voice", "video_note", "sticker"}:
        raise bad_request("can't parse InputMedia: unsupported type specified")
    if "media_group_id" in message.details and item["type"] == "animation":
        raise bad_request("can't use the media of the specified type in the album")
    return apply_edit(call, message, media_content(call, item["type"], item.get("media") or "", item))


@method("sendLocation")
def send_location(call: Call) -> Json:
    return message_json(send(call, {"location": _location(call.params.values)}))


@method("sendVenue")
def send_venue(call: Call) -> Json:
    given = call.params.values
    optional = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    venue = {"location": _location(given), "title": given["title"], "address": given["address"]}
    venue |= {name: given[name] for name in optional if given.get(name)}
    return message_json(send(call, {"venue": venue, "location": venue["location"]}))


def _location(given: Json) -> Json:
    latitude, longitude = given["latitude"], given["longitude"]
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong location specified")
    optional = ("horizontal_accuracy", "live_period", "heading", "proximity_alert_radius")
    details = {name: given[name] for name in optional if given.get(name)}
    return {"latitude": latitude, "longitude": longitude} | details


@method("sendContact")
def send_contact(call: Call) -> Json:
    given = call.params.values
    if not given["phone_number"] or not given["first_name"]:
        raise bad_request("contact phone number and first name must be non-empty")
    fields = ("phone_number", "first_name", "last_name", "vcard")
    return message_json(send(call, {"contact": {name: given[name] for name in fields if given.get(name)}}))


@method("sendDice")
def send_dice(call: Call) -> Json:
    emoji = call.params.text("emoji") or "🎲"
    plain = emoji.replace("\ufe0f", "")
    if plain not in DICE:
        raise bad_request("dice emoji is invalid")
    content: dict[str, Any] = {"dice": {"emoji": emoji, "value": call.world.random.randint(1, DICE[plain])}}
    return message_json(send(call, content, permission="can_send_other_messages"))
