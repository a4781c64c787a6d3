"""Files: kept by id, with their bytes if they were uploaded."""

from __future__ import annotations

import hashlib
import mimetypes
import re

from botyard.sandbox.params import Upload
from botyard.sandbox.state import Json, StoredFile
from botyard.sandbox.world import World

FOLDERS = {
    "photo": "photos",
    "video": "videos",
    "animation": "animations",
    "audio": "music",
    "document": "documents",
    "voice": "voice",
    "video_note": "video_notes",
    "sticker": "stickers",
}
SUFFIXES = {
    "photo": ".jpg",
    "video": ".mp4",
    "animation": ".mp4",
    "audio": ".mp3",
    "voice": ".oga",
    "video_note": ".mp4",
    "sticker": ".webp",
}
DURATION = 3
SIZES = {"photo": (1280, 720), "video": (1280, 720), "animation": (480, 270), "sticker": (512, 512)}


def store_upload(world: World, kind: str, upload: Upload) -> StoredFile:
    """Keeps an uploaded file and its bytes."""
    return _store(world, kind, _new_id(world, kind), upload.name, upload.mime_type, upload.data)


def adopt(world: World, kind: str, reference: str) -> StoredFile:
    """The file with this id; one that is new here (an id of elsewhere, an address) is kept without bytes."""
    if reference in world.files:
        return world.files[reference]
    is_id = re.fullmatch(r"[A-Za-z0-9_-]{20,}", reference) is not None
    name = None if is_id else re.sub(r"[^\w. -]", "", reference.rsplit("/", 1)[-1])[:64] or None
    return _store(world, kind, reference if is_id else _new_id(world, kind), name, None, None)


def _store(
    world: World, kind: str, file_id: str, name: str | None, mime_type: str | None, data: bytes | None
) -> StoredFile:
    unique_id = hashlib.sha256(file_id.encode()).hexdigest()[:16]
    suffix = (
        "." + name.rpartition(".")[2]
        if name and "." in name and kind == "document"
        else SUFFIXES.get(kind, "")
    )
    guessed = mime_type or mimetypes.guess_type(f"file{suffix}")[0]
    path = f"{FOLDERS[kind]}/file_{len(world.files)}{suffix}"
    file = StoredFile(file_id, unique_id, kind, name, guessed, data, path)
    world.files[file_id] = file
    return file


def _new_id(world: World, kind: str) -> str:
    return f"{kind[:2].upper()}{world.new_token(54)}"


def file_json(file: StoredFile, given: Json) -> Json | list[Json]:
    """PhotoSizes, Video, Document, ...: the media of a message. `given` are the sender's parameters."""
    size = {"file_size": len(file.data)} if file.data is not None else {}
    body: Json = {"file_id": file.file_id, "file_unique_id": file.unique_id, **size}
    width, height = SIZES.get(file.kind, (0, 0))
    if file.kind == "photo":
        return [body | {"width": width, "height": height}]
    if width:
        body |= {"width": given.get("width") or width, "height": given.get("height") or height}
    if file.kind == "video_note":
        body["length"] = given.get("length") or 240
    if file.kind in {"video", "animation", "audio", "voice", "video_note"}:
        body["duration"] = given.get("duration") or DURATION
    if file.kind == "sticker":
        return body | {
            "type": "regular",
            "is_animated": False,
            "is_video": False,
            "emoji": given.get("emoji") or "🙂",
        }
    if file.kind == "audio":
        body |= {name: given[name] for name in ("performer", "title") if given.get(name)}
    if file.kind in {"video", "animation", "audio", "document"} and file.name:
        body["file_name"] = file.name
    return body | ({"mime_type": file.mime_type} if file.mime_type and file.kind != "video_note" else {})
