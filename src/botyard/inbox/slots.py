"""Lanes and slots.

A lane is Telegram's own ordering key: updates of one lane are handled one after another. Lanes are as many
as chats and members, so processes do not lease lanes one by one: each lane falls into one of a fixed number
of slots, and a process leases slots (docs/adr/0005).
"""

from __future__ import annotations

from zlib import crc32

from botyard.ids import BotId

SLOTS = 64
SLOT_PREFIX = "slot:"


def lane_key(bot_id: BotId, lane: str) -> str:
    """The lane's name over all bots."""
    return f"{bot_id}:{lane}"


def slot_of(lane: str) -> int:
    """The slot of a lane's key: the same in every process and version."""
    return crc32(lane.encode()) % SLOTS


def slot_lease(slot: int) -> str:
    """The name of the lease on a slot."""
    return f"{SLOT_PREFIX}{slot:02}"
