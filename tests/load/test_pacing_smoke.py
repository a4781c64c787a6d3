"""The harness of `make bench-pacing` works: what it finds, and that it would see a limit exceeded."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.load.broadcasting import Found, Load, most_in_any
from tests.load.pacing import exceeded, table

TOP = Path(__file__).parents[2]
LOAD = Load("30 a second", 30, 60.0, is_paid=False, questions=2)
GOOD = Found(
    load=LOAD.title,
    share=0.995,
    most=30,
    most_unpaid=30,
    refused=0,
    replies=9,
    reply_p50=0.1,
    reply_p99=0.2,
    cpu=0.1,
    sandbox_cpu=0.1,
)


def test_a_very_short_run_finds_every_figure(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "tests.load.pacing", "--sqlite-only", "--part", "0.03", "--json", str(file)],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "most in any sliding second" in run.stdout
    slow, fast = json.loads(file.read_text())["SQLite"]
    assert 0 < slow["most"] <= 30
    assert 30 < fast["most"] <= 1000
    for found in (slow, fast):
        assert found["refused"] == 0
        assert found["replies"] > 0
        assert 0 < found["reply_p50"] <= found["reply_p99"]


def test_a_limit_that_was_exceeded_is_noticed() -> None:
    assert not exceeded({"SQLite": [GOOD]}, [LOAD])
    for wrong in (replace(GOOD, most=31), replace(GOOD, most_unpaid=31), replace(GOOD, refused=1)):
        assert exceeded({"SQLite": [GOOD, wrong]}, [LOAD])


def test_a_target_that_was_missed_is_only_marked() -> None:
    assert "0.9950 (target 0.99: met)" in table({"SQLite": [GOOD]})
    assert "0.9800 (target 0.99: missed)" in table({"SQLite": [replace(GOOD, share=0.98)]})


def test_a_window_has_no_place_for_what_is_a_whole_window_later() -> None:
    assert most_in_any([0.0, 0.5, 0.999, 1.0, 1.4], 1.0) == 4
    assert most_in_any([0.0, 1.0, 2.0], 1.0) == 1
