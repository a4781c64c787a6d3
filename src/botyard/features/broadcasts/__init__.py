"""The broadcasts feature: one message for many members, at the pace that Telegram allows."""

from __future__ import annotations

from botyard.feature import Feature
from botyard.features.broadcasts.jobs import JOBS

FEATURE = Feature(name="broadcasts", jobs=JOBS)
