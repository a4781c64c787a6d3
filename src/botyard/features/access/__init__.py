"""The access feature: who has paid is let into the paid chats; who has no time left is removed from them."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.access import jobs, pages, tools
from botyard.features.access.handlers import command, watchers, ways

FEATURE = Feature(
    name="access",
    commands=(command.access_command,),
    buttons=(command.access_button,),
    watchers=(watchers.own_rights_changed, watchers.somebody_came_or_went, watchers.somebody_asks_to_join),
    listeners=jobs.LISTENERS,
    jobs=jobs.JOBS,
    pages=pages.pages,
    tools=(tools.explain,),
    status=ways.status_part,
    texts=Path(__file__).with_name("texts"),
)
