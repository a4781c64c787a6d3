"""The operator's console: its frame, its door and its first page. Features bring the other pages."""

from botyard.console.addresses import number_in, page_of
from botyard.console.app import create_console
from botyard.console.flash import Tone, redirect
from botyard.console.forms import Form, Upload, as_typed, read_form, shown_size
from botyard.console.guard import require, signed_in
from botyard.console.layout import Page, Refusal, Templates
from botyard.console.sign_in_pages import console_url
from botyard.console.telegram_html import telegram_html

__all__ = [
    "Form",
    "Page",
    "Refusal",
    "Templates",
    "Tone",
    "Upload",
    "as_typed",
    "console_url",
    "create_console",
    "number_in",
    "page_of",
    "read_form",
    "redirect",
    "require",
    "shown_size",
    "signed_in",
    "telegram_html",
]
