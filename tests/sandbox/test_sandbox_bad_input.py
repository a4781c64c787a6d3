"""Whatever is sent, the answer is Telegram's 4xx: never a 500, never a broken neighbour."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botyard.sandbox import Sandbox
from botyard.sandbox.methods import HANDLERS
from botyard.sandbox.params import METHODS

OWNER = 1001
TOKEN = "700:test-token"
JSON = {"content-type": "application/json"}

BODIES = [
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe",
    b'{"chat_id": 1001, "text": "\\ud800"}',
    b'{"chat_id": [1001], "text": "x"}',
    b'{"chat_id": 1e400, "text": "x"}',
    b'{"chat_id": 99999999999999999999999999, "text": "x"}',
    b'{"chat_id": -9223372036854775808, "text": "x"}',
    b'{"chat_id": 1001, "text": "x", "reply_markup": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"chat_id": 1001, "text": "x", "reply_markup": {"inline_keyboard": "x"}}',
    b'{"chat_id": 1001, "text": "x", "entities": [{"type": "bold", "offset": -1, "length": 5}]}',
    b'{"chat_id": 1001, "text": "x", "entities": [{"type": "bold"}]}',
    b'{"chat_id": ' + b"9" * 5000 + b', "text": "x"}',
    b'{"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 1e30}}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_strange_json(house, body):
    await house.write("/start")
    response = await house.http.post(f"{house.url}/bot{TOKEN}/sendMessage", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["description"].startswith("Bad Request: ")
    await house.call("sendMessage", chat_id=OWNER, text="the next one is fine")
    await house.get("journal")


async def test_strange_forms(house):
    url = f"{house.url}/bot{TOKEN}/sendMessage"
    form = {"content-type": "application/x-www-form-urlencoded"}
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    for content, headers in [
        (b"chat_id=1001&text=%ED%A0%80", form),
        (b"&&&===", form),
        (b"a=1&" * 2000, form),
        (b"nonsense", multipart),
        (b"--x\r\n\r\n", {"content-type": "multipart/form-data"}),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n", multipart),
        (b"\x00" * 100, {"content-type": "text/plain"}),
        (b"x", {"content-type": "application/json; charset=utf-16"}),
    ]:
        response = await house.http.post(url, content=content, headers=headers)
        assert response.status_code == 400, content
        assert response.json()["ok"] is False


async def test_control_characters_become_spaces(house):
    await house.write("/start")
    assert (await house.call("sendMessage", chat_id=OWNER, text="a\x00b\r\nc"))["text"] == "a b\nc"


async def test_a_large_body_is_a_refusal(house):
    text = json.dumps({"chat_id": OWNER, "text": "x" * 2_000_000})
    response = await house.http.post(f"{house.url}/bot{TOKEN}/sendMessage", content=text, headers=JSON)
    assert response.status_code in {400, 403}


async def test_strange_paths(house):
    for path in (
        "/bot",
        "/bot/getMe",
        "/botx/getMe",
        "/bot700:/getMe",
        f"/bot{TOKEN}/",
        f"/bot{TOKEN}/%00",
        "/file/x",
    ):
        response = await house.http.get(house.url + path)
        assert response.status_code in {401, 404}
    assert (await house.http.put(f"{house.url}/bot{TOKEN}/getMe")).status_code == 405
    assert (await house.http.get(f"{house.url}/file/bot{TOKEN}/../../../etc/passwd")).status_code == 404


WORDS = st.one_of(
    st.sampled_from(
        [OWNER, 700, 0, -1, 2**63, -(2**63), -1001000000001, -1001000000002, 1, 2, 1.5, True, None]
    ),
    st.sampled_from(
        ["", "1001", "@main_bot", "attach://x", "https://e.com/a", "HTML", "XTR", "\x00", "\ud800"]
    ),
    st.text(max_size=8),
)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "media",
                    "message_id",
                    "offset",
                    "length",
                    "inline_keyboard",
                    "text",
                    "url",
                    "chat_id",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_no_call_breaks_the_sandbox(data):
    """Random parameters for every simulated method, where a chat is open and the bot may do all."""
    sandbox = Sandbox(seed=1)
    bot = sandbox.world.add_bot(TOKEN, name="main")
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        for chat in (-1001000000001, -1001000000002):
            body = {"user_id": bot.id, "status": "administrator"}
            assert (await client.post(f"/control/chats/{chat}/members", json=body)).status_code == 200
        start = {"bot": bot.id, "user_id": OWNER, "text": "/start"}
        assert (await client.post("/control/messages", json=start)).status_code == 200
        for _ in range(4):
            method = data.draw(st.sampled_from(sorted(HANDLERS.keys() - {"getupdates", "setwebhook"})))
            fields = METHODS[method].model_fields
            wanted = [name for name in fields if fields[name].is_required() or data.draw(st.booleans())]
            params = {name: data.draw(VALUES) for name in wanted}
            content = json.dumps(params).encode()
            response = await client.post(f"/bot{TOKEN}/{method}", content=content, headers=JSON)
            assert response.status_code < 500, (method, params, response.text)
            assert response.json()["ok"] is (response.status_code == 200)
        assert (await client.get("/control/journal")).status_code == 200
        assert (await client.get("/control/chats")).status_code == 200
    await sandbox.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_no_control_request_breaks_the_sandbox(data):
    sandbox = Sandbox(seed=1)
    sandbox.world.add_bot(TOKEN, name="main")
    transport = httpx.ASGITransport(sandbox.app)
    paths = [
        "bots",
        "users",
        "chats",
        "chats/-1001000000001/members",
        "messages",
        "edits",
        "callbacks",
        "joins",
        "blocks",
        "updates",
        "faults",
        "limits",
        "clock",
        "votes",
        "reactions",
        "subscriptions",
    ]
    names = [
        "token",
        "name",
        "id",
        "first_name",
        "type",
        "title",
        "members",
        "user_id",
        "status",
        "bot",
        "text",
        "chat_id",
        "message_id",
        "data",
        "invite_link",
        "blocked",
        "update",
        "kind",
        "probability",
        "now",
        "advance",
        "speed",
        "photo",
        "contact",
        "poll",
        "entities",
        "reaction",
        "option_ids",
        "reply_to_message_id",
        "forward_origin",
    ]
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        for _ in range(4):
            path = data.draw(st.sampled_from(paths))
            body = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=6))
            body |= {"bot": 700, "user_id": OWNER} if data.draw(st.booleans()) else {}
            content = json.dumps(body).encode()
            response = await client.post(f"/control/{path}", content=content, headers=JSON)
            assert response.status_code < 500, (path, body, response.text)
        for path in (
            "bots",
            "users",
            "chats",
            "updates",
            "journal",
            "clock",
            "faults",
            f"chats/{OWNER}/messages?bot=700",
        ):
            assert (await client.get(f"/control/{path}")).status_code == 200
    await sandbox.aclose()
