"""The Bot API's methods, one file per family. Importing this package registers them all."""

from botyard.sandbox.methods import editing, messages, profile, queries, updates
from botyard.sandbox.methods.registry import HANDLERS, Call

__all__ = ["HANDLERS", "Call", "editing", "messages", "profile", "queries", "updates"]
