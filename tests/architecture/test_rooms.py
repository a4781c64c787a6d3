"""The contracts of `.importlinter` see a planted import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(TOP / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / ".importlinter", tmp_path)
    return tmp_path


def broken_contracts(copy: Path, *contracts: str) -> set[str]:
    """The names of those of the given contracts that the copy of the tree breaks."""
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    result = subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo", *chosen],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = result.stdout.splitlines()
    assert any(line.startswith("Contracts: ") for line in lines), result.stdout + result.stderr
    return {line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")}


def plant(copy: Path, module: str, line: str) -> None:
    path = copy / "src/botyard" / module
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_an_import_upwards_breaks_the_rooms(copy: Path) -> None:
    assert broken_contracts(copy, "rooms") == set()
    plant(copy, "db/session.py", "import botyard.members.models")
    assert broken_contracts(copy, "rooms") == {"Rooms"}


def test_a_service_that_knows_telegram_breaks_its_purity(copy: Path) -> None:
    assert broken_contracts(copy, "pure", "slice") == set()
    plant(copy, "features/account/service.py", "import botyard.routing.context")
    assert broken_contracts(copy, "pure", "slice") == {"Services know no Telegram and no HTTP"}


def test_a_feature_with_a_client_of_its_own_breaks_the_edges(copy: Path) -> None:
    assert broken_contracts(copy, "network") == set()
    plant(copy, "members/directory.py", "import botyard.telegram.client")
    assert broken_contracts(copy, "network") == {"Only the edges talk to Telegram"}
