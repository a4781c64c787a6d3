"""The distribution feature: one post goes to every chat whose keywords it contains."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.distribution.handlers import post_buttons, posts, rules
from botyard.features.distribution.jobs import JOBS
from botyard.features.distribution.pages import pages
from botyard.features.distribution.post_pages import post_pages
from botyard.features.distribution.seeding import seed
from botyard.features.distribution.tools import distribute

FEATURE = Feature(
    name="distribution",
    commands=(rules.rules_command, posts.distribute),
    buttons=(rules.rules_page, post_buttons.post_button),
    dialog_steps=(post_buttons.new_text,),
    watchers=(posts.post_written, posts.post_edited),
    jobs=JOBS,
    pages=lambda site: (*pages(site), *post_pages(site)),
    tools=(distribute,),
    seed=seed,
    texts=Path(__file__).with_name("texts"),
)
