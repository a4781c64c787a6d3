"""The guides feature: the library in chat, its keeping, its files, and guides posted on a schedule."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.guides import admin_handlers, handlers, jobs, pages, tools

FEATURE = Feature(
    name="guides",
    commands=(handlers.guides, admin_handlers.guide),
    buttons=(handlers.press, admin_handlers.press),
    dialog_steps=(admin_handlers.guide_lines, admin_handlers.guide_field),
    deep_links=(handlers.open_guide,),
    actions=(jobs.POST_GUIDES,),
    pages=pages.pages,
    tools=(tools.export_tool, tools.import_tool),
    texts=Path(__file__).with_name("texts"),
)
