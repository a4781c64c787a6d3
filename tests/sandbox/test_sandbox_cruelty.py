"""Faults, limits and the virtual clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import httpx
import pytest
from tests.sandbox.conftest import TOKEN

from botyard.clock import ManualClock
from botyard.sandbox import Sandbox
from botyard.sandbox.errors import ApiError

OWNER, PAUL = 1001, 1002
GROUP = -1001000000001


@pytest.fixture
async def started(house):
    await house.write("/start")
    await house.write("/start", user=PAUL)
    return house


async def entry(house):
    return (await house.get("journal"))["entries"][-1]


async def test_error_faults(started):
    cases = [
        ({"kind": "retry_after", "retry_after": 7}, 429, "Too Many Requests: retry after 7"),
        ({"kind": "server_error"}, 500, "Internal Server Error: restart"),
        ({"kind": "server_error", "error_code": 502, "description": "Bad Gateway"}, 502, "Bad Gateway"),
        ({"kind": "forbidden"}, 403, "Forbidden: bot was blocked by the user"),
        ({"kind": "bad_request", "description": "Bad Request: odd"}, 400, "Bad Request: odd"),
    ]
    for order, status, description in cases:
        await started.post("faults", method="sendMessage", **order)
        response = await started.raw("sendMessage", {"chat_id": OWNER, "text": "x"})
        assert (response.status_code, response.json()["description"]) == (status, description)
        seen = await entry(started)
        assert (seen["applied"], seen["status"]) == (False, status)
        if status == 429:
            assert response.headers["retry-after"] == "7"
            assert response.json()["parameters"] == {"retry_after": 7}
        await started.http.delete(f"{started.url}/control/faults")
    await started.call("sendMessage", chat_id=OWNER, text="x")


async def test_a_lost_connection_before_and_after(started):
    for kind, applied in (("reset_before", False), ("reset_after", True)):
        await started.post("faults", method="sendMessage", kind=kind, times=1)
        with pytest.raises(httpx.TransportError):
            await started.raw("sendMessage", {"chat_id": OWNER, "text": kind})
        seen = await entry(started)
        assert (seen["applied"], seen["status"], seen["answer"]) == (applied, 0, None)
        assert (kind in await started.texts()) is applied
    await started.call("sendMessage", chat_id=OWNER, text="times are up")


async def test_faults_by_chat_bot_and_chance(started):
    await started.post("faults", method="sendMessage", chat_id=PAUL, kind="forbidden")
    await started.call("sendMessage", chat_id=OWNER, text="x")
    assert await started.error("sendMessage", chat_id=PAUL, text="x")
    await started.http.delete(f"{started.url}/control/faults")
    await started.post("faults", bot="main", probability=0.5, kind="server_error")
    answers = [(await started.raw("getMe")).status_code for _ in range(40)]
    assert 5 < answers.count(500) < 35
    assert (await started.get("faults"))[0]["probability"] == 0.5


async def test_slow_answers(started):
    await started.post("faults", method="sendMessage", kind="slow", seconds=0.4, times=1)
    begun = time.monotonic()
    await started.call("sendMessage", chat_id=OWNER, text="x")
    assert time.monotonic() - begun >= 0.4


async def test_who_gave_up_waiting_was_not_answered(started):
    """A client's time-out: the journal says that the call was applied and that nobody heard of it."""
    await started.post("faults", method="sendMessage", kind="slow", seconds=0.6, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await started.http.post(
            f"{started.url}/bot{TOKEN}/sendMessage", json={"chat_id": OWNER, "text": "late"}, timeout=0.2
        )
    await started.until_text("late")
    seen = await entry(started)
    assert (seen["applied"], seen["status"], seen["answer"]) == (True, 0, None)


async def struck(house, users, calls=12):
    """For each user, which of the calls to it a fault hit."""
    hit = {user: [] for user in users}
    for _ in range(calls):
        for user in users:
            answer = await house.raw("sendMessage", {"chat_id": user, "text": "x"})
            hit[user].append(answer.status_code)
    return hit


async def test_the_same_seed_strikes_the_same_calls_in_any_order(started):
    assert (await started.get("seed")) == {"seed": 7}
    await started.post("faults", method="sendMessage", probability=0.5, kind="server_error")
    first = await struck(started, [OWNER, PAUL])
    assert {200, 500} == {*first[OWNER], *first[PAUL]}
    assert first[OWNER] != first[PAUL]
    assert (await started.post("seed", seed=7)) == {"seed": 7}
    assert await struck(started, [PAUL, OWNER]) == first
    await started.post("seed", seed=8)
    assert await struck(started, [OWNER, PAUL]) != first
    assert await started.refused("seed", seed="lucky")


async def test_reset_and_errors_by_chance_leave_a_true_journal(started):
    """What the journal calls applied is what the chat shows; what it calls answered is what came back."""
    for kind in ("reset_before", "reset_after", "server_error"):
        await started.post("faults", method="sendMessage", probability=0.3, kind=kind)
    heard = set()
    for number in range(60):
        try:
            response = await started.raw("sendMessage", {"chat_id": OWNER, "text": str(number)})
        except httpx.TransportError:
            continue
        if response.status_code == 200:
            heard.add(str(number))
    calls = [each for each in (await started.get("journal"))["entries"] if each["method"] == "sendMessage"]
    assert len(calls) == 60
    assert {each["params"]["text"] for each in calls if each["status"] == 200} == heard
    applied = [each["params"]["text"] for each in calls if each["applied"]]
    assert applied == [text for text in await started.texts() if text.isdigit()]
    outcomes = {(each["applied"], each["status"]) for each in calls}
    assert outcomes == {(True, 200), (True, 0), (False, 0), (False, 500)}


async def test_a_group_migrates(house):
    await house.post(
        "chats", id=-55, type="group", title="Old", members=[{"user_id": 700, "status": "member"}]
    )
    await house.post("faults", kind="migrate", chat_id=-55, migrate_to_chat_id=-1005500000000, times=1)
    response = (await house.raw("sendMessage", {"chat_id": -55, "text": "x"})).json()
    assert response["parameters"] == {"migrate_to_chat_id": -1005500000000}
    assert "upgraded to a supergroup" in await house.error("sendMessage", chat_id=-55, text="x")
    await house.call("sendMessage", chat_id=-1005500000000, text="here now")


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "rain"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "probability": 2},
        {"kind": "server_error", "error_code": 200},
        {"kind": "slow", "times": 0},
        {"kind": "slow", "bot": "nobody"},
        {},
    ],
)
async def test_bad_orders(house, order):
    assert await house.refused("faults", **order)


async def test_no_limits_unless_switched_on(started):
    for number in range(40):
        await started.call("sendMessage", chat_id=OWNER, text=str(number))


async def test_the_limit_of_a_chat(started):
    await started.post("clock", speed=0)
    await started.post("limits", enforce=True)
    for number in range(5):
        await started.call("sendMessage", chat_id=OWNER, text=str(number))
    response = await started.raw("sendMessage", {"chat_id": OWNER, "text": "too fast"})
    assert response.status_code == 429
    assert response.json()["parameters"]["retry_after"] == int(response.headers["retry-after"]) == 1
    await started.call("sendMessage", chat_id=PAUL, text="another chat")
    await started.post("clock", advance=1)
    await started.call("sendMessage", chat_id=OWNER, text="after the wait")


async def test_the_limits_of_a_group_and_of_a_bot(house):
    await house.join_group()
    await house.post("clock", speed=0)
    await house.post("limits", enforce=True)
    for _ in range(20):
        await house.post("clock", advance=1)
        await house.call("sendMessage", chat_id=GROUP, text="x")
    await house.post("clock", advance=1)
    limited = (await house.raw("sendMessage", {"chat_id": GROUP, "text": "x"})).json()
    assert limited["parameters"]["retry_after"] == 40
    for user in range(5001, 5032):
        await house.post("users", id=user, first_name="U")
        await house.write("/start", user=user)
    statuses = [
        (await house.raw("sendMessage", {"chat_id": user, "text": "x"})).status_code
        for user in range(5001, 5032)
    ]
    assert statuses == [200] * 30 + [429]


async def test_what_is_paid_for_counts_against_a_limit_of_its_own(house):
    users = range(5001, 5069)
    for user in users:
        await house.post("users", id=user, first_name="U")
        await house.write("/start", user=user)
    await house.post("clock", speed=0)
    await house.post("limits", enforce=True)

    async def sent(users, **more):
        calls = [{"chat_id": user, "text": "x"} | more for user in users]
        return [(await house.raw("sendMessage", call)).status_code for call in calls]

    assert await sent(users[:35], allow_paid_broadcast=True) == [200] * 35
    assert await sent(users[35:65], allow_paid_broadcast=False) == [200] * 30, "those were not of the 30"
    assert await sent(users[65:66]) == [429]
    assert await sent(users[66:67], allow_paid_broadcast=True) == [200], "and these are not of the 1,000 only"
    copied = {"chat_id": users[67], "from_chat_id": users[0], "message_ids": [1]}
    refused = await house.raw("copyMessages", copied | {"allow_paid_broadcast": True})
    assert refused.status_code == 429, "a method without that parameter"


def test_a_bot_that_pays_sends_a_thousand_a_second_all_in_all():
    sandbox = Sandbox(clock=ManualClock(datetime(2027, 3, 1, tzinfo=UTC)), enforce_limits=True)

    def send(chat_id, **more):
        sandbox.limits.spend(1, "sendmessage", {"chat_id": chat_id} | more)

    for chat_id in range(30):
        send(chat_id)
    for chat_id in range(100, 1070):
        send(chat_id, allow_paid_broadcast=True)
    with pytest.raises(ApiError, match="retry after 1"):
        send(1070, allow_paid_broadcast=True)


async def test_a_channel_is_no_group_and_a_name_is_no_other_chat(house):
    channel, named = -1001000000002, -1001000000009
    await house.post("chats", id=named, type="supergroup", title="Named", username="named_group")
    await house.join_group(channel)
    await house.join_group(named)
    await house.post("clock", speed=0)
    await house.post("limits", enforce=True)
    for number in range(25):
        await house.post("clock", advance=1)
        await house.call("sendMessage", chat_id=channel, text="x")
        response = await house.raw(
            "sendMessage", {"chat_id": (named, "@named_group")[number % 2], "text": "x"}
        )
        assert response.status_code == (200 if number < 20 else 429)


async def test_webhooks_may_be_set_once_a_second(house):
    await house.post("clock", speed=0)
    await house.post("limits", enforce=True)
    await house.call("setWebhook", url="http://127.0.0.1:9/hook")
    assert "Too Many Requests" in await house.error("setWebhook", url="http://127.0.0.1:9/hook")
    await house.post("clock", advance=1)
    await house.call("setWebhook", url="http://127.0.0.1:9/hook")


async def test_the_clock(house):
    await house.post("clock", now="2027-01-01T00:00:00Z", speed=0)
    assert (await house.get("clock"))["now"].startswith("2027-01-01T00:00:00")
    assert (await house.write())["message"]["date"] == 1798761600
    await house.post("clock", advance=90)
    assert (await house.get("clock"))["now"].startswith("2027-01-01T00:01:30")
    await house.post("clock", speed=1000)
    await asyncio.sleep(0.1)
    assert (await house.get("clock"))["now"] > "2027-01-01T00:02:00"
    for wrong in (
        {"advance": -1},
        {"speed": -1},
        {"now": "yesterday"},
        {"now": "0001-01-01T00:00:00Z"},
        {"advance": 1e300},
    ):
        assert await house.refused("clock", **wrong)
