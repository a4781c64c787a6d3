"""The operator's console: its frame, its door and its first page. Features bring the other pages."""

from botyard.console.app import create_console
from botyard.console.guard import signed_in
from botyard.console.layout import Page, Templates
from botyard.console.sign_in_pages import console_url

__all__ = ["Page", "Templates", "console_url", "create_console", "signed_in"]
