"""From the figures of all rounds to the table that people read, and to JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.load.measuring import Figures

AIOGRAM, SQLITE, POSTGRES = "aiogram", "botyard SQLite", "botyard PostgreSQL"

Rounds = Mapping[str, Sequence[Figures]]
"""By contender, the figures of each round."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that is compared. `baseline` is its name with aiogram where that differs."""

    title: str
    name: str
    show: Callable[[float], str]
    baseline: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def key(self) -> str:
        """What the comparison is called in JSON."""
        return f"{self.name}/{self.baseline or self.name}"

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f">= {self.at_least:g}x"
        return f"<= {self.at_most:g}x" if self.at_most is not None else ""

    def verdict(self, ratio: float) -> str:
        """Whether the ratio meets the target; empty where there is none."""
        if not self.target:
            return ""
        is_met = ratio >= (self.at_least or 0) and ratio <= (self.at_most or float("inf"))
        return "met" if is_met else "missed"


def _rate(value: float) -> str:
    return f"{value:,.0f}"


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.2f}"


ROWS = (
    Row("durable accepts/s (--role web)", "durable", _rate, "accepts", at_least=8),
    Row("accepts/s while one process does all", "accepts", _rate),
    Row("fully handled updates/s", "handled", _rate, at_least=3),
    Row("processor ms per handled update", "cpu", lambda value: f"{value * 1000:.3f}"),
    Row("ack p99 at half of aiogram's handled/s, ms", "p99", _milliseconds, "safe_p99", at_most=0.2),
    Row("the same, evenly spaced", "even_p99", _milliseconds, "safe_even_p99", at_most=0.2),
    Row("ack p99, and aiogram's as it comes, ms", "p99", _milliseconds),
    Row("the same, evenly spaced, ms", "even_p99", _milliseconds),
    Row("memory after start, MiB", "memory", lambda value: f"{value / 2**20:.1f}", at_most=0.8),
    Row("start to first 200, s", "start", lambda value: f"{value:.2f}", at_most=1),
)


def summary(rounds: Rounds) -> dict[str, Any]:
    """Every median, every ratio with its verdict, and the figures of each round."""
    medians = {
        contender: {name: median(figures[name] for figures in each) for name in each[0]}
        for contender, each in rounds.items()
    }
    ratios = {
        contender: {row.key: ours[row.name] / medians[AIOGRAM][row.baseline or row.name] for row in ROWS}
        for contender, ours in medians.items()
        if contender != AIOGRAM
    }
    verdicts = {
        contender: {row.key: row.verdict(found[row.key]) for row in ROWS if row.target}
        for contender, found in ratios.items()
    }
    return {"medians": medians, "ratios": ratios, "verdicts": verdicts, "rounds": rounds}


def table(found: Mapping[str, Any]) -> str:
    """The comparison, for a terminal."""
    contenders = [each for each in (SQLITE, POSTGRES) if each in found["medians"]]
    lines = [["", AIOGRAM, "target"]]
    for contender in contenders:
        lines[0] += [contender, "ratio", ""]
    for row in ROWS:
        line = [row.title, row.show(found["medians"][AIOGRAM][row.baseline or row.name]), row.target]
        for contender in contenders:
            ratio = found["ratios"][contender][row.key]
            line += [row.show(found["medians"][contender][row.name]), f"{ratio:.2f}x", row.verdict(ratio)]
        lines.append(line)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def notes(found: Mapping[str, Any], *, postgres: bool, busy: float) -> list[str]:
    """What a reader must know to trust the table. `busy` is the load average before the run."""
    rate = found["medians"][AIOGRAM]["rate"]
    lines = [
        "Medians of the rounds. aiogram's accepts are not durable; it logs as its documentation sets it up.",
        "aiogram's acks are those of a bot that answers when it has handled the update: only then, as with",
        "botyard's, a 200 means that a crash can't lose it. As it comes it answers first, and works then.",
        f"Acks are timed at {rate:,.0f} updates/s that arrive at random, as from independent users.",
        "Memory and processor time are those of the bot's own processes, not of a database server.",
    ]
    if not postgres:
        lines.append("No PostgreSQL is reachable (BOTYARD_TEST_POSTGRES): its columns are left out.")
    if busy > 0.5:
        lines.append(
            f"The machine was busy before the run (load average {busy:.1f}): trust the processor times most."
        )
    for contender, figures in found["medians"].items():
        if figures["put_off"]:
            lines.append(
                f"{contender} put off updates with 503, which were offered again: {figures['put_off']:.0f}."
            )
        if figures["handled"] < rate:
            lines.append(f"{contender} handles fewer than that: its ack times show how the backlog grows.")
        if max(figures["late_p99"], figures["even_late_p99"]) > figures["p99"] / 2:
            late = max(figures["late_p99"], figures["even_late_p99"])
            lines.append(
                f"{contender}: the machine is busy, the generator itself was up to {late * 1000:.1f} ms late."
            )
        for name, what in (("generator", "handled"), ("generator_durable", "durable accepts")):
            if (share := figures.get(name, 0)) > 0.85:
                lines.append(
                    f"{contender}, {what}: generator and fake Bot API took {share:.0%} of a core: they limit."
                )
    return lines
