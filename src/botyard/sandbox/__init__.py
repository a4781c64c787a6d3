"""A Bot API simulator over real HTTP: any bot in any language can be tried without Telegram."""

from botyard.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
