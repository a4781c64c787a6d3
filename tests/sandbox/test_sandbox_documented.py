"""The reference of the control API names every call that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Mount, Route

from botyard.sandbox import Sandbox
from botyard.sandbox.faults import FaultKind

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-control.md"


async def test_every_call_is_documented_and_every_documented_call_is_there() -> None:
    mounted = next(one for one in Sandbox().app.routes if isinstance(one, Mount) and one.path == "/control")
    offered = {
        (method, re.sub(r"\{\w+\}", "{}", route.path.lstrip("/")))
        for route in mounted.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    named = re.findall(r"`(GET|POST|DELETE) ([a-z]+(?:/[a-z{}_]+)*)", REFERENCE.read_text())
    documented = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in named}
    assert documented == offered


async def test_every_kind_of_fault_is_documented() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (?:not )?carried out", REFERENCE.read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(FaultKind)
