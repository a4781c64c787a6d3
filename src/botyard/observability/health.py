"""Readiness as data: what was looked at, whether it is well, and what to do if it is not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `detail` and `remedy` are plain sentences without secrets; only a bad one has a remedy."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def disk_check(path: Path, minimum_bytes: int) -> Check:
    """Whether the disk that holds the folder `path` has at least `minimum_bytes` free for this user."""
    try:
        free = shutil.disk_usage(path).free
    except OSError as error:
        return Check("disk", False, f"{path}: {error.strerror}.", "Make the folder, and let botyard read it.")
    detail = f"{free // _MEBIBYTE} MiB free, {minimum_bytes // _MEBIBYTE} MiB needed."
    if free < minimum_bytes:
        return Check("disk", False, detail, f"Free space on the disk of {path}, or move BOTYARD_DATA_DIR.")
    return Check("disk", True, detail)
