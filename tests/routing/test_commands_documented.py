"""Every command and alias is in the reference, with its role."""

from __future__ import annotations

from pathlib import Path

import pytest

from botyard.app import REGISTRY
from botyard.routing.registry import Command

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "chat-commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("found", REGISTRY.commands.values(), ids=lambda found: found.name)
def test_a_command_is_in_the_reference(found: Command) -> None:
    usage = f" {found.usage}".replace("|", "\\|") if found.usage else ""
    (line,) = [each for each in PAGE.splitlines() if each.startswith(f"| `/{found.name}{usage}` |")]
    assert f"| {found.role.name}" in line
    assert all(f"`/{alias}`" in line for alias in found.aliases)


def test_every_kind_of_link_is_in_the_reference() -> None:
    assert [prefix for prefix in REGISTRY.deep_links if f"`{prefix}-" not in PAGE] == []
