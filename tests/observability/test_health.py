"""Readiness: the disk, as it really is."""

import shutil
from pathlib import Path

from botyard.observability.health import disk_check


def test_enough_space(tmp_path: Path) -> None:
    check = disk_check(tmp_path, 1)
    assert (check.name, check.ok, check.remedy) == ("disk", True, "")


def test_too_little_space_says_how_much_and_what_to_do(tmp_path: Path) -> None:
    needed = shutil.disk_usage(tmp_path).total + 2**20
    check = disk_check(tmp_path, needed)
    assert not check.ok
    assert f"{needed // 2**20} MiB needed" in check.detail
    assert "BOTYARD_DATA_DIR" in check.remedy


def test_a_missing_folder_is_a_finding(tmp_path: Path) -> None:
    check = disk_check(tmp_path / "gone", 1)
    assert not check.ok
    assert "No such file" in check.detail
    assert check.remedy
