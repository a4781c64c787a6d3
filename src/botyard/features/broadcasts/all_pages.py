"""All of the console's pages of broadcasts."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from botyard.feature import Site
from botyard.features.broadcasts.draft_pages import draft_pages
from botyard.features.broadcasts.launch_pages import launch_pages
from botyard.features.broadcasts.pages import pages
from botyard.features.broadcasts.run_pages import run_pages


def all_pages(site: Site) -> Sequence[BaseRoute]:
    """The list, the forms, and the page of each broadcast before and after it begins."""
    return [*pages(site), *draft_pages(site), *launch_pages(site), *run_pages(site)]
