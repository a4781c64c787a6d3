"""The referrals feature: a link per member, and a reward for each friend who comes by it and buys."""

from __future__ import annotations

from pathlib import Path

from botyard.feature import Feature
from botyard.features.referrals import handlers, jobs

FEATURE = Feature(
    name="referrals",
    commands=(handlers.refer,),
    deep_links=(handlers.referred,),
    jobs=jobs.JOBS,
    listeners=jobs.LISTENERS,
    texts=Path(__file__).with_name("texts"),
)
"""Without `BOTYARD_REFERRAL_REWARD` the links work and are counted, and nobody gets anything for them."""
