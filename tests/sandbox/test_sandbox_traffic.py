"""Many messages with one request: at once or at a rate; and the journals page by page."""

from __future__ import annotations

import asyncio
import time

import pytest

OWNER, PAUL = 1001, 1002


def many(count):
    return [{"user_id": (OWNER, PAUL)[number % 2], "text": str(number)} for number in range(count)]


async def texts(house):
    return [each["update"]["message"]["text"] for each in (await house.get("updates"))["entries"]]


async def test_at_once(house):
    order = await house.post("traffic", bot="main", messages=many(30))
    assert order == {
        "id": 1, "planned": 30, "rate": None, "written": 30, "refused": 0, "error": None, "done": True
    }  # fmt: skip
    assert await texts(house) == [str(number) for number in range(30)]
    assert [each["message"]["text"] for each in await house.updates(limit=100)][:3] == ["0", "1", "2"]


async def test_at_a_rate_while_the_call_has_long_answered(house):
    began = time.monotonic()
    assert (await house.post("traffic", bot="main", rate=100, messages=many(50)))["done"] is False
    assert time.monotonic() - began < 0.3
    while not (await house.get("traffic"))[0]["done"]:
        await asyncio.sleep(0.01)
    assert 0.4 < time.monotonic() - began < 3
    assert await texts(house) == [str(number) for number in range(50)]


async def test_it_can_be_stopped(house):
    await house.post("traffic", bot="main", rate=1, messages=many(50))
    assert (await house.http.delete(f"{house.url}/control/traffic")).status_code == 200
    await asyncio.sleep(0.05)
    written = len(await texts(house))
    assert written < 50
    assert (await house.get("traffic"))[0]["done"] is False


async def test_what_is_refused_is_counted_and_explained(house):
    messages = [{"user_id": OWNER, "text": "good"}, {"user_id": 99, "text": "nobody"}, {"user_id": OWNER}]
    order = await house.post("traffic", bot="main", messages=messages)
    assert (order["written"], order["refused"], order["done"]) == (1, 2, True)
    assert "no user 99" in order["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"messages": []},
        {"messages": ["hello"]},
        {"messages": [{}], "rate": 0},
        {"messages": [{}], "rate": 1e9},
        {"messages": [{}], "bot": "nobody"},
    ],
)
async def test_bad_orders(house, wrong):
    assert await house.refused("traffic", **wrong)


async def test_the_journals_page_by_page(house):
    await house.post("traffic", bot="main", messages=many(5))
    for _ in range(5):
        await house.call("getMe")
    for path in ("updates", "journal"):
        whole = await house.get(path)
        first = await house.get(path, limit=2)
        rest = await house.get(path, since=first["next"], limit=100)
        assert [each["seq"] for each in first["entries"]] == [1, 2]
        assert first["entries"] + rest["entries"] == whole["entries"]
        assert rest["next"] == whole["next"]
