"""The tracking feature: counts clicks on links and buttons for the features that hand them out."""

from __future__ import annotations

from botyard.feature import Feature
from botyard.features.tracking.routes import routes

FEATURE = Feature(name="tracking", routes=routes)
