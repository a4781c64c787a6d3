"""The account feature: joining, help, one's own status, roles, and the way to the console."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.account import about_handlers, handlers, role_handlers

FEATURE = Feature(
    name="account",
    commands=(
        handlers.start,
        handlers.help_command,
        handlers.cancel,
        handlers.status,
        handlers.console,
        handlers.admin,
        role_handlers.role,
        about_handlers.tag,
        about_handlers.untag,
        about_handlers.timezone,
    ),
    dialog_steps=(role_handlers.role_answer,),
    deep_links=(handlers.claim,),
    texts=Path(__file__).with_name("texts"),
)
