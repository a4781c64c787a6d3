"""The broadcasts feature: one message for many members, at the pace that Telegram allows."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.broadcasts import measures
from botyard.features.broadcasts.handlers import approval, arrivals
from botyard.features.broadcasts.jobs import JOBS

FEATURE = Feature(
    name="broadcasts",
    buttons=(approval.approve_button, approval.trial_button),
    deep_links=(arrivals.arrived,),
    jobs=JOBS,
    measure=measures.measure,
    texts=Path(__file__).with_name("texts"),
)
