"""Formatted text: the three parse modes, entities given as JSON, and what Telegram finds by itself."""

from botyard.sandbox.markup.formatted import FormattedText, clean, from_entities, from_markup, plain

__all__ = ["FormattedText", "clean", "from_entities", "from_markup", "plain"]
