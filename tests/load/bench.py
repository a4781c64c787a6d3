"""`make bench`: botyard against an aiogram webhook bot that does the same, from one run, as ratios.

Both get the same load and answer with the same text to the same fake Bot API. They take turns, so that a
machine which is busy for a while is busy for all. Exit 1: an update or a reply was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvloop
from tests.load.contenders import MakeStore, WrongOutcome, aiogram, botyard, postgres_store, sqlite_store
from tests.load.fake_bot_api import FakeBotApi
from tests.load.generator import LoadFailed
from tests.load.measuring import (
    Bench,
    Effort,
    Figures,
    learn_text,
    measure_accepts,
    measure_acks,
    measure_all,
)
from tests.load.report import AIOGRAM, POSTGRES, SQLITE, notes, summary, table
from tests.support.postgres import running_server

ON_DISK = Path("/var/tmp")
"""Unlike the usual folder for temporary files, this one is never in memory."""
QUICK = Effort(handled=2000, accept_seconds=2.0, pace_seconds=2.0)


def main() -> int:
    """Runs the benchmark. Returns the exit status."""
    options = _options()
    busy = os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="botyard-bench-", dir=ON_DISK if ON_DISK.is_dir() else None))
    try:
        with ExitStack() as stack:
            server = None
            if not options.sqlite_only:
                (folder / "postgres").mkdir()
                server = stack.enter_context(running_server(folder / "postgres"))
            stores: dict[str, MakeStore] = {SQLITE: partial(sqlite_store, folder)}
            if server is not None:
                stores[POSTGRES] = partial(postgres_store, server)
            rounds = uvloop.run(_measure(options, folder, stores))
    except asyncio.CancelledError:
        return 130
    except (WrongOutcome, LoadFailed) as error:
        print("\n".join(["", f"FAILED: {error}", *getattr(error, "__notes__", [])]), file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = summary(rounds)
    print("\n".join(["", table(found), "", *notes(found, postgres=POSTGRES in rounds, busy=busy)]))
    if options.json:
        options.json.write_text(json.dumps(found) + "\n")
    return 0


async def _measure(
    options: argparse.Namespace, folder: Path, stores: dict[str, MakeStore]
) -> dict[str, list[Figures]]:
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGTERM, signal.SIGHUP):  # else the bots and the databases would be left behind
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    api = FakeBotApi()
    await api.start()
    bench = Bench(api, _effort(options), folder)
    rounds: defaultdict[str, list[Figures]] = defaultdict(list)
    try:
        _say("getting ready")
        with stores[SQLITE]() as store:
            text = await learn_text(bench, botyard(api.url, store, role="all"))
        for number in range(1, options.rounds + 1):
            _say(f"round {number} of {options.rounds}: {AIOGRAM}")
            baseline = await measure_all(bench, aiogram(api.url, text=text, log_level=options.aiogram_log))
            safe = aiogram(api.url, text=text, log_level=options.aiogram_log, answer_first=False)
            acks = await measure_acks(bench, safe, baseline["rate"])
            baseline |= {f"safe_{name}": value for name, value in acks.items()}
            rounds[AIOGRAM].append(baseline)
            for name, make_store in stores.items():
                _say(f"round {number} of {options.rounds}: {name}")
                with make_store() as store:
                    found = await measure_all(bench, botyard(api.url, store, role="all"), baseline["rate"])
                with make_store() as store:
                    found |= await measure_accepts(bench, botyard(api.url, store, role="web"))
                rounds[name].append(found)
    finally:
        await api.aclose()
    return dict(rounds)


def _effort(options: argparse.Namespace) -> Effort:
    effort = QUICK if options.quick else Effort()
    sizes = ("users", "handled", "accept_seconds", "pace_seconds", "settle_seconds")
    given = {name: getattr(options, name) for name in sizes}
    return replace(effort, **{name: value for name, value in given.items() if value is not None})


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: a first impression")
    parser.add_argument("--rounds", type=int, help="how often each bot has its turn (default 3)")
    parser.add_argument("--sqlite-only", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--aiogram-log", default="INFO", help="log level of the aiogram bot (default INFO)")
    parser.add_argument("--users", type=int, help="members who write")
    parser.add_argument("--handled", type=int, help="updates for the figure of handled updates")
    parser.add_argument("--accept-seconds", type=float, help="how long durable accepts are counted")
    parser.add_argument(
        "--pace-seconds", type=float, help="how long each load at half of aiogram's rate lasts"
    )
    parser.add_argument("--settle-seconds", type=float, help="from the first 200 until memory is read")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
