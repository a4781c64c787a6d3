"""The control API: what testers and the chat page do to the simulated world (JSON over HTTP)."""

from botyard.sandbox.control.door import control_routes

__all__ = ["control_routes"]
