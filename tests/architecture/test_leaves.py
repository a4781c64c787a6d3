"""Deleting a feature that no other uses is deleting its folder and its line: what is left works."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
FEATURES = SRC / "botyard" / "features"
BOOT = """
from botyard import app
from botyard.routing.texts import Texts
assert "{gone}" not in [feature.name for feature in app.FEATURES], "the line is still there"
assert [feature.name for feature in app.FEATURES] == {left}
app.registry_of(app.FEATURES)
Texts([app.LOCALES, *(feature.texts for feature in app.FEATURES if feature.texts)])
"""


def names() -> list[str]:
    """The features there are."""
    return sorted(folder.name for folder in FEATURES.iterdir() if (folder / "__init__.py").exists())


def used_by_others() -> set[str]:
    """The features that another one imports."""
    used = set()
    for file in FEATURES.rglob("*.py"):
        own = file.relative_to(FEATURES).parts[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("botyard.features.") and module.split(".")[2] != own:
                used.add(module.split(".")[2])
    return used


LEAVES = sorted(set(names()) - used_by_others())


def boot(src: Path, gone: str, left: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BOOT.format(gone=gone, left=left)],
        env={**os.environ, "PYTHONPATH": str(src), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def without(folder: Path, name: str) -> tuple[Path, list[str]]:
    """A copy of the sources without a feature, and the names of the others in the order of `FEATURES`."""
    src = folder / "src"
    shutil.copytree(SRC, src, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(src / "botyard" / "features" / name)
    root = src / "botyard" / "app.py"
    tree, left = ast.parse(root.read_text(encoding="utf-8")), []
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="botyard.features"):
                node.names = [each for each in node.names if each.name != name]
            case ast.AnnAssign(target=ast.Name(id="FEATURES"), value=ast.Tuple() as line):
                line.elts = [each for each in line.elts if ast.unparse(each) != f"{name}.FEATURE"]
                left = [ast.unparse(each).removesuffix(".FEATURE") for each in line.elts]
    root.write_text(ast.unparse(tree), encoding="utf-8")
    return src, left


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_can_be_deleted(name: str, tmp_path: Path) -> None:
    src, left = without(tmp_path, name)
    assert set(left) == set(names()) - {name}
    booted = boot(src, name, left)
    assert booted.returncode == 0, booted.stderr


def test_what_others_use_is_no_leaf_and_is_missed(tmp_path: Path) -> None:
    assert "tracking" not in LEAVES
    src, left = without(tmp_path, "tracking")
    booted = boot(src, "tracking", left)
    assert booted.returncode != 0
    assert "botyard.features.tracking" in booted.stderr
