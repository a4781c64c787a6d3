"""The schedules feature: what operators see of schedules, and do with them, in chat and in the console."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.schedules import handlers, jobs, making_handlers, pages

FEATURE = Feature(
    name="schedules",
    commands=(making_handlers.schedules_command,),
    buttons=(handlers.schedule_button,),
    jobs=jobs.JOBS,
    pages=pages.pages,
    texts=Path(__file__).with_name("texts"),
)
