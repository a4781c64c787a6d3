"""`botyard distribute --dry-run`, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.features.distribution.rule_keeping import ALL_THREE, GOLD, GOLD_CRYPTO, keep, seed

from botyard.db.session import Database


def distribute(url: str, folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder of its own, on this database."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "botyard", "distribute", *arguments],
        cwd=folder,
        env=kept | {"BOTYARD_DATABASE_URL": url.replace("+aiosqlite", "").replace("+psycopg", "")},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
async def business(database_url: str) -> str:
    """A database with the rules of three topics, and one with an excluded word."""
    database = Database(database_url)
    await seed(database)
    await keep(database, "price", (GOLD, -1010), excluded=("silver",))
    await database.aclose()
    return database_url


async def test_it_tells_where_a_post_would_go_and_why(business: str, tmp_path: Path) -> None:
    said = distribute(business, tmp_path, "--dry-run", "The GOLD price, crypto")
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[:10] == [
        "#1 gold → -1001",
        "  “GOLD” at “The GOLD price, crypto”",
        "#2 crypto → -1002",
        "  “crypto” at “…GOLD price, crypto”",
        "#4 gold+crypto → -1004",
        "  “GOLD” at “The GOLD price, crypto”, “crypto” at “…GOLD price, crypto”",
        "#8 price → -1010",
        "  “price” at “The GOLD price, crypto”",
        "  Reached by another rule already: -1001 (#1)",
        "Rules that nearly match:",
    ]
    assert "  #5: “GOLD” is there, but “forex” is missing." in lines[10:]


async def test_json_for_programs(business: str, tmp_path: Path) -> None:
    said = distribute(
        business, tmp_path, "--dry-run", "--json", "-", typed="Gold price\nand silver, crypto\n"
    )
    assert (said.returncode, said.stderr) == (0, "")
    answer = json.loads(said.stdout)
    assert [(each["chat"], each["rule"], each["also"]) for each in answer["targets"]] == [
        (GOLD, 1, []),
        (-1002, 2, []),
        (GOLD_CRYPTO, 4, []),
    ]
    assert answer["matches"][0] == {
        "rule": 1,
        "pattern": "gold",
        "hits": [{"start": 0, "end": 4, "word": "Gold"}],
        "chats": [GOLD],
    }
    assert {"rule": 8, "kind": "excluded", "wanted": ["price"], "seen": ["silver"]} in answer["near_misses"]


async def test_nothing_is_a_finding(business: str, tmp_path: Path) -> None:
    said = distribute(business, tmp_path, "--dry-run", "Marigold")
    assert (said.returncode, said.stderr) == (1, "")
    assert said.stdout.splitlines()[:2] == ["No rule matches.", "Rules that nearly match:"]
    assert str(ALL_THREE) not in said.stdout
    said = distribute(business, tmp_path, "--dry-run", "--json", "Good morning")
    assert said.returncode == 1
    assert json.loads(said.stdout)["targets"] == []


@pytest.mark.parametrize("arguments", [["gold"], ["--dry-run"], ["--dry-run", "gold", "silver"]], ids=str)
def test_wrong_usage(sqlite_url: str, tmp_path: Path, arguments: list[str]) -> None:
    said = distribute(sqlite_url, tmp_path, *arguments)
    assert said.returncode == 2, said
    assert said.stdout == ""
    assert "Usage:" in said.stderr
    if arguments == ["gold"]:
        assert "posting is done in chat" in " ".join(said.stderr.replace("│", " ").split())
