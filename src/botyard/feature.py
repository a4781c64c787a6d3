"""The manifest that a feature hands to the composition root: all that it adds to the house."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import BaseRoute

from botyard.jobs.facts import Listener
from botyard.jobs.queue import JobHandler
from botyard.routing.registry import Button, Command, DeepLink, DialogStep, Watcher


@dataclass(frozen=True, slots=True)
class Feature:
    """A vertical slice. One line in `app.FEATURES` adds it; deleting its folder and that line removes it."""

    name: str
    commands: tuple[Command, ...] = ()
    buttons: tuple[Button, ...] = ()
    dialog_steps: tuple[DialogStep, ...] = ()
    deep_links: tuple[DeepLink, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    listeners: tuple[Listener, ...] = ()
    jobs: tuple[JobHandler, ...] = ()
    pages: tuple[BaseRoute, ...] = ()
    api: tuple[APIRouter, ...] = ()
    texts: Path | None = None
