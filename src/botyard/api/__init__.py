"""The REST API's frame: who asks, and how it says that something is wrong. Features bring the endpoints."""

from botyard.api.app import create_api
from botyard.api.auth import Caller
from botyard.api.entitled import require

__all__ = ["Caller", "create_api", "require"]
