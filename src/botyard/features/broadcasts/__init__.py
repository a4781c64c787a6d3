"""The broadcasts feature: one message for many members, at the pace that Telegram allows."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.broadcasts import measures
from botyard.features.broadcasts.all_pages import all_pages
from botyard.features.broadcasts.handlers import approval, arrivals, buttons, command, dialogs, visitors
from botyard.features.broadcasts.jobs import JOBS, LISTENERS
from botyard.features.broadcasts.tools import TOOLS

FEATURE = Feature(
    name="broadcasts",
    commands=(command.broadcast_command,),
    buttons=(
        buttons.broadcasts_button,
        visitors.broadcast_button,
        approval.approve_button,
        approval.trial_button,
    ),
    dialog_steps=dialogs.STEPS,
    deep_links=(visitors.leave_link, arrivals.arrived),
    jobs=JOBS,
    listeners=LISTENERS,
    pages=all_pages,
    tools=(TOOLS,),
    measure=measures.measure,
    texts=Path(__file__).with_name("texts"),
)
