"""`make bench-pacing`: does a broadcast keep Telegram's limits exactly, and does it waste nothing of them?

A service runs against the sandbox, which refuses what exceeds a limit. A broadcast is put into its outbox,
and people write to the bot meanwhile. All figures are those of the sandbox's journal: its clock counts.
Exit 1: a limit was exceeded, or a message was lost or doubled.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

import uvloop
from tests.load.broadcasting import Found, Load, service
from tests.load.contenders import MakeStore, postgres_store, sqlite_store
from tests.load.generator import LoadFailed
from tests.support.postgres import running_server

ON_DISK = Path("/var/tmp")


def table(found: dict[str, list[Found]]) -> str:
    """The figures, for a terminal."""
    return "\n\n".join(_lines(name, one) for name, each in found.items() for one in each)


def _lines(name: str, one: Found) -> str:
    rows = {
        "achieved / allowed": f"{one.share:.4f} (target 0.99: {'met' if one.share >= 0.99 else 'missed'})",
        "most in any sliding second": f"{one.most}, not paid for {one.most_unpaid}; {one.refused} refused",
        "replies meanwhile": f"{one.replies}: p50 {_ms(one.reply_p50)}, p99 {_ms(one.reply_p99)}",
        "share of a core": f"service {one.cpu:.0%}, sandbox and this program {one.sandbox_cpu:.0%}",
    }
    return "\n".join([f"{name}, {one.load}", *(f"  {title:28} {value}" for title, value in rows.items())])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def exceeded(found: dict[str, list[Found]], loads: Sequence[Load]) -> bool:
    """Whether any limit was."""
    rates = {load.title: load.rate for load in loads}
    return any(
        one.most > rates[one.load] or one.most_unpaid > 30 or one.refused
        for each in found.values()
        for one in each
    )


async def _measure(
    loads: Sequence[Load], stores: dict[str, MakeStore], folder: Path, way: float
) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for name, make_store in stores.items():
        with make_store() as store:
            for load in loads:
                print(f"{name}: {load.title}", file=sys.stderr, flush=True)
                async with service(store, folder, way) as running:
                    found.setdefault(name, []).append(await running.run(load))
    return found


def main() -> int:
    """Runs the benchmark. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make bench-pacing", description=__doc__)
    parser.add_argument("--part", type=float, default=1, help="measure for this part of the time (default 1)")
    parser.add_argument("--sqlite-only", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--way", type=float, default=0.0, help="seconds that each message is on its way")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args()
    loads = [
        Load("30 a second", 30, 60 * options.part, is_paid=False, questions=2),
        Load("1,000 a second, paid", 1000, 10 * options.part, is_paid=True, questions=5),
    ]
    busy = os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="botyard-bench-", dir=ON_DISK if ON_DISK.is_dir() else None))
    try:
        with ExitStack() as stack:
            stores: dict[str, MakeStore] = {"SQLite": partial(sqlite_store, folder)}
            if not options.sqlite_only:
                (folder / "postgres").mkdir()
                if server := stack.enter_context(running_server(folder / "postgres")):
                    stores["PostgreSQL"] = partial(postgres_store, server)
            gc.disable()  # the sandbox is a million objects: looking through them stops it for 0.3 s
            found = uvloop.run(_measure(loads, stores, folder, options.way))
    except LoadFailed as error:
        print("\n".join(["", f"FAILED: {error}", *getattr(error, "__notes__", [])]), file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{table(found)}\n\nLoad average before the run: {busy:.1f}.")
    if options.json:
        everything = {name: [asdict(one) for one in each] for name, each in found.items()}
        options.json.write_text(json.dumps(everything) + "\n")
    return 1 if exceeded(found, loads) else 0


if __name__ == "__main__":
    sys.exit(main())
