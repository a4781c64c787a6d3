"""Metrics for Prometheus: their names, their labels, and their text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

OTHER = "other"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram: from a group commit to Telegram's own time-out."""


class Stage(StrEnum):
    """The stages of an update's way."""

    ACCEPT = "accept"
    """From the request to the answer: verified and durably stored."""
    WAIT = "wait"
    """From stored to leased by a worker."""
    HANDLE = "handle"
    """The handler and its commit."""
    DELIVER = "deliver"
    """From the reply's commit to Telegram's answer."""


def known_or_other(value: str, known: Collection[str]) -> str:
    """`value` if it is `known`, else `other`.

    For labels that outsiders choose (kinds of update, names of commands): each value is a series for ever.
    """
    return value if value in known else OTHER


@dataclass(frozen=True, slots=True)
class CounterName:
    """A counter that a feature brings along: it appears with the first thing counted."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GaugeName:
    """A gauge that a feature brings along."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


class Metrics:
    """Every metric of one process, in a registry of its own.

    The client library adds `_total` to a counter's name. Whoever serves them sets the gauges just before.
    """

    def __init__(self) -> None:
        # Without it every counter has a second series, the time of its making, which nothing reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self.registry = registry = CollectorRegistry()
        self.updates = Counter("telegram_updates", "Updates stored.", ["bot_name", "type"], registry=registry)
        self.errors = Counter("telegram_errors", "Errors, by kind.", ["bot_name", "kind"], registry=registry)
        self.verification_failures = Counter(
            "telegram_verification_failures",
            "Webhook requests refused, by reason.",
            ["bot_name", "reason"],
            registry=registry,
        )
        self.commands = Counter(
            "telegram_command", "Commands handled, by outcome.", ["name", "status"], registry=registry
        )
        self.messages = Counter(
            "telegram_messages",
            "Calls delivered to Telegram, by kind and result.",
            ["bot_name", "kind", "result"],
            registry=registry,
        )
        self.update_seconds = Histogram(
            "telegram_update_seconds",
            "Seconds that updates spend in each stage.",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self.inbox_pending = Gauge(
            "telegram_inbox_pending", "Updates stored and not yet done.", ["bot_name"], registry=registry
        )
        self.outbox_pending = Gauge(
            "telegram_outbox_pending", "Calls not yet delivered.", ["bot_name", "priority"], registry=registry
        )
        self.dead_letters = Gauge(
            "telegram_dead_letters", "Updates given up, waiting.", ["bot_name"], registry=registry
        )

        self._brought: dict[CounterName, Counter] = {}
        self._gauges: dict[GaugeName, Gauge] = {}

    def counter(self, name: CounterName) -> Counter:
        """The counter of this name."""
        if name not in self._brought:
            self._brought[name] = Counter(name.name, name.help, name.labels, registry=self.registry)
        return self._brought[name]

    def gauge(self, name: GaugeName) -> Gauge:
        """The gauge of this name."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(name.name, name.help, name.labels, registry=self.registry)
        return self._gauges[name]

    def exposition(self) -> tuple[bytes, str]:
        """The metrics as text, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
