"""botyard itself, with one feature more: `python -m tests.faults.service up` is `botyard up` plus this.

Its commands count, wait, fail, hang or kill the process, as a fault test tells them to.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, insert

from botyard import app, cli
from botyard.feature import Feature
from botyard.routing import worker
from botyard.routing.context import Context
from botyard.routing.registry import command

CURE = "FAULTS_CURE"
"""Environment: a file; once it is there, poison is harmless."""
HANDLER_SECONDS = "FAULTS_HANDLER_SECONDS"
HANDLERS = "FAULTS_HANDLERS"

counts = Table(
    "fault_counts",
    MetaData(),  # of its own: the test makes this table, botyard's migrations know nothing of it
    Column("id", BigInteger, primary_key=True),
    Column("chat", BigInteger),
    Column("number", Integer),
    Column("process", Integer),
)


async def _count(ctx: Context) -> None:
    row = {"chat": ctx.chat.telegram_id, "number": int(ctx.words[0]), "process": os.getpid()}
    await ctx.session.execute(insert(counts).values(**row))
    ctx.reply(ctx.words[0])


@command("count", description="Count with a row")
async def count(ctx: Context) -> None:
    """Writes a row and answers with the number: one transaction of its own."""
    await _count(ctx)


@command("echo", description="Count without state")
async def echo(ctx: Context) -> None:
    """Answers with the number: shares a commit with others."""
    ctx.reply(ctx.words[0])


@command("slow", description="Count slowly")
async def slow(ctx: Context) -> None:
    """Waits so many seconds before it counts: `/slow <number> <seconds>`."""
    await asyncio.sleep(float(ctx.words[1]))
    await _count(ctx)


@command("dawdle", description="Count, then wait")
async def dawdle(ctx: Context) -> None:
    """Counts, and only then waits: its transaction stays open. `/dawdle <number> <seconds>`."""
    await _count(ctx)
    await asyncio.sleep(float(ctx.words[1]))


@command("poison", description="Fail")
async def poison(ctx: Context) -> None:
    """Raises, hangs or kills, as `/poison <number> <how>` says; `hold` hangs with an open transaction."""
    cured, how = Path(os.environ[CURE]).exists(), ctx.words[1]
    if how == "hang" and not cured:
        await asyncio.sleep(3600)
    await _count(ctx)
    if cured:
        return
    match how:
        case "raise":
            raise RuntimeError("poison")
        case "hold":
            await asyncio.sleep(3600)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Adds the feature where the composition root looks for it, and goes on as botyard."""
    app.FEATURES += (Feature("faults", commands=(count, echo, slow, dawdle, poison)),)
    app.REGISTRY = app.registry_of(app.FEATURES)
    worker.HANDLER_SECONDS = float(os.environ.get(HANDLER_SECONDS, worker.HANDLER_SECONDS))
    worker.HANDLERS = int(os.environ.get(HANDLERS, worker.HANDLERS))
    cli.main()


if __name__ == "__main__":
    main()
