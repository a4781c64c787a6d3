"""The Bot API's methods, one file per family. Importing this package registers them all."""

from botyard.sandbox.methods import (
    chats,
    copying,
    editing,
    links,
    media,
    members,
    messages,
    payments,
    polls,
    profile,
    queries,
    stars,
    updates,
)
from botyard.sandbox.methods.registry import HANDLERS, Call

__all__ = [
    "HANDLERS",
    "Call",
    "chats",
    "copying",
    "editing",
    "links",
    "media",
    "members",
    "messages",
    "payments",
    "polls",
    "profile",
    "queries",
    "stars",
    "updates",
]
