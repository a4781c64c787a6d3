"""The promos feature: messages with call-to-action buttons, who clicked, and the newsletter's yes and no."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.promos import handlers, jobs, making_handlers, newsletter_handlers, outcomes, pages

FEATURE = Feature(
    name="promos",
    commands=(making_handlers.promo_command, newsletter_handlers.newsletter),
    buttons=(
        handlers.promo_pressed,
        handlers.promos_button,
        making_handlers.promo_plain,
        newsletter_handlers.newsletter_button,
    ),
    dialog_steps=(making_handlers.promo_text, making_handlers.promo_buttons),
    jobs=outcomes.JOBS,
    actions=(jobs.POST_PROMO,),
    pages=pages.pages,
    texts=Path(__file__).with_name("texts"),
)
