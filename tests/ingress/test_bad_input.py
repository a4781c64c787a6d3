"""Bad and strange input over real HTTP: a clear 4xx or acceptance, never a 500, never a lost neighbour."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.ingress.knocking import SECRET_HEADER, all_handled, knock, message, secret_of, stored
from tests.support.running import OWNER, PAUL, Running, running

from botyard.inbox.models import UpdateState

MIB = 1024 * 1024
BIG = 2**63
DEEP = 10_000


def raw(update: object) -> bytes:
    return json.dumps(update).encode()


NOT_UPDATES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  \n",
    "a NUL": b"\0",
    "form": b"update_id=1&message=x",
    "xml": b"<update/>",
    "half": raw(message(1))[:-1],
    "twice": raw(message(1)) * 2,
    "array": b"[" + raw(message(1)) + b"]",
    "empty array": b"[]",
    "null": b"null",
    "number": b"1",
    "string": b'"update"',
    "no id": raw({"message": message(1)["message"]}),
    "id of a string": raw(message(1) | {"update_id": "1"}),
    "id of a float": raw(message(1) | {"update_id": 1.5}),
    "id of a truth": raw(message(1) | {"update_id": True}),
    "id of null": raw(message(1) | {"update_id": None}),
    "id of a list": raw(message(1) | {"update_id": [1]}),
    "negative id": raw(message(-1)),
    "id of 2^63": raw(message(BIG)),
    "id of 5,000 digits": b'{"update_id":' + b"9" * 5000 + b"}",
    "id of 1e400": b'{"update_id":1e400}',
    "NaN": b'{"update_id":NaN}',
    "UTF-16": raw(message(1)).decode().encode("utf-16"),
    "Latin-1": '{"update_id":1,"message":{"text":"é"}}'.encode("latin-1"),
    "byte order mark": b"\xef\xbb\xbf" + raw(message(1)),
    "raw surrogate": b'{"update_id":1,"x":"\xed\xa0\x80"}',
    "raw NUL in a string": b'{"update_id":1,"x":"\0"}',
    "10,000 arrays": b'{"update_id":1,"message":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "10,000 arrays, open": b'{"update_id":1,"message":' + b"[" * DEEP,
    "10,000 objects": b'{"update_id":1,"x":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "10,000 arrays outside": b"[" * DEEP + b"]" * DEEP,
}
TOO_LARGE: dict[str, bytes] = {
    "two MiB of text": raw(message(1, "x" * 2 * MIB)),
    "two MiB of spaces": b" " * 2 * MIB,
    "two MiB of brackets": b"[" * 2 * MIB,
}


def strange() -> Iterator[tuple[str, dict[str, Any]]]:
    """Updates that nobody expects and that are none the less Telegram's to send: without their ids."""
    long, odd = "n" * 10_000, "a\0b\ud800c\udc00d"
    ids = [-1, 0, 1, 2**31, 2**53 + 1, BIG - 1, -BIG, BIG, -BIG - 1, 10**30]
    for number in ids:
        yield f"user {number}", message(0, user_id=number)
        yield f"chat {number}", message(0, chat={"id": number, "type": "private"})
        yield f"message {number}", message(0, message_id=number)
        yield f"reply {number}", message(0, reply_to_message={"message_id": number, "chat": {"id": 1}})
    person = {"id": PAUL, "is_bot": False, "first_name": "Paul"}
    for name, text in (("long", long), ("odd", odd), ("empty", ""), ("nul", "\0")):
        names = {"first_name": text, "last_name": text, "username": text, "language_code": text}
        for number, (field, value) in enumerate(names.items()):
            yield f"{field} {name}", message(0, **{"from": person | {"id": 9000 + number, field: value}})
        yield f"names {name}", message(0, "/start", **{"from": person | {"id": 9010} | names})
        group = {"id": -1000 - len(text), "type": "group", "title": text, "username": text}
        yield f"title {name}", message(0, chat=group)
        yield f"chat type {name}", message(0, chat={"id": -5000 - len(text), "type": text})
        for command in ("", "/start ", "/help ", "/role ", "/", "/start@", "/\u0130 "):
            yield f"text {command}{name}", message(0, command + text)
        yield f"role {name}", message(0, f"/role {text} ADMIN", user_id=OWNER)
        yield f"caption {name}", {"message": {**message(0)["message"], "text": None, "caption": text}}
        button = {"id": text or "q", "from": person, "data": text, "chat_instance": "1"}
        yield f"button {name}", {"callback_query": button}
        yield f"button in a chat {name}", {"callback_query": button | {"message": message(0)["message"]}}
        member = {"status": text, "user": person}
        change = {"from": person, "date": 1, "old_chat_member": member, "new_chat_member": member}
        yield f"own status {name}", {"my_chat_member": change | {"chat": {"id": PAUL, "type": "private"}}}
        yield f"member status {name}", {"chat_member": change | {"chat": {"id": -77, "type": "group"}}}
        yield f"unknown kind {name}", {text or "?": {"chat": text}}
    for words in (
        "\u00b2 ADMIN",
        "--5 ADMIN",
        "1003 ADMIN 99999999999d",
        "1003 ADMIN 9999-12-31",
        "@x \u0131",
    ):
        yield f"role {words}", message(0, f"/role {words}", user_id=OWNER)
    for wrong in (None, True, 0, 1.5, "x", [], {}, [{}], {"from": []}, {"chat": {"id": "1"}}):
        for kind in ("message", "callback_query", "my_chat_member", "poll", "channel_post"):
            yield f"{kind} of {wrong}", {kind: wrong}
    yield "nothing but the id", {}
    yield "two kinds", message(0) | {"poll": {"id": "p"}}
    yield "old and new chat", message(0, chat={"id": -9, "type": "group"}, migrate_to_chat_id=-10)
    yield "moved to 2^63", message(0, chat={"id": -9, "type": "group"}, migrate_to_chat_id=BIG)
    yield "moved to itself", message(0, chat={"id": -11, "type": "group"}, migrate_to_chat_id=-11)
    yield "10,000 fields", {f"f{number}": number for number in range(10_000)}


async def no_neighbour_suffers(house: Running, bad: list[tuple[str, bytes, set[int]]]) -> None:
    """Sends each bad body in the same moment as a good one, all pairs at once in small crowds."""
    good = iter(range(1, 10_000))
    sent = 0
    for start in range(0, len(bad), 20):
        crowd = bad[start : start + 20]
        knocks = [knock(house, body) for _, body, _ in crowd]
        neighbours = [
            knock(house, message(next(good), "/status", user_id=2000 + number))
            for number in range(len(crowd))
        ]
        sent += len(neighbours)
        answers = await asyncio.gather(
            *(each for pair in zip(knocks, neighbours, strict=True) for each in pair)
        )
        for (name, _, expected), answer in zip(crowd, answers[::2], strict=True):
            assert answer.status in expected, (name, answer)
            assert answer.status == 200 or answer.text, name
        assert {answer.status for answer in answers[1::2]} == {200}
    await house.until(lambda: all_handled(house.database), seconds=30)
    rows = await stored(house.database)
    unhandled = [row for row in rows if row.state is not UpdateState.DONE]
    assert [((row.error or "")[:200], bytes(row.body[:100])) for row in unhandled] == []
    outcomes = {row.update_id: row.outcome for row in rows}
    assert [outcomes[number] for number in range(1, sent + 1)] == ["command:status:ok"] * sent


async def test_what_is_no_update_is_refused_and_costs_no_neighbour(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True, chat_rate="0", send_rate="0") as house:
        bad = [(name, body, {400}) for name, body in NOT_UPDATES.items()]
        bad += [(name, body, {413}) for name, body in TOO_LARGE.items()]
        await no_neighbour_suffers(house, bad)
        assert len(await stored(house.database)) == len(bad)


async def test_strange_updates_are_kept_and_handled_and_cost_no_neighbour(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path, webhook=True, chat_rate="0", send_rate="0") as house:
        cases = list(strange())
        bad = [
            (name, raw({"update_id": 100_000 + number} | _without_id(update)), {200})
            for number, (name, update) in enumerate(cases)
        ]
        bad.append(("the largest id", raw(message(BIG - 1)), {200}))
        await no_neighbour_suffers(house, bad)
        rows = {row.update_id: row for row in await stored(house.database)}
        assert len(rows) == 2 * len(bad)
        for name, body, _ in bad:  # as it came, byte for byte
            assert bytes(rows[json.loads(body)["update_id"]].body) == body, name


def _without_id(update: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in update.items() if name != "update_id"}


# anything at all

known_names = st.sampled_from(
    ["message", "callback_query", "my_chat_member", "chat", "from", "id", "type", "text", "data", "status"]
)
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([BIG, BIG - 1, -BIG, -BIG - 1, 10**40]))
words = st.text(st.characters(), max_size=20)  # lone surrogates and NUL included
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.floats(allow_nan=False, allow_infinity=False), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(known_names, words), inner, max_size=5)
    ),
    max_leaves=15,
)
people = st.fixed_dictionaries(
    {"id": numbers, "first_name": words},
    optional={"last_name": words, "username": words, "language_code": words, "is_bot": st.booleans()},
)
chats = st.fixed_dictionaries(
    {"id": numbers, "type": st.one_of(words, st.sampled_from(["private", "group"]))},
    optional={"title": words},
)
messages = st.fixed_dictionaries(
    {"message_id": numbers, "chat": chats},
    optional={"from": people, "text": words | st.just("/start"), "caption": values, "sender_chat": values},
)
bodies = st.one_of(
    st.binary(max_size=100),
    st.dictionaries(st.one_of(known_names, words), values, max_size=4).map(raw),
    st.builds(lambda number, body: raw({"update_id": number, "message": body}), numbers, messages),
    st.builds(
        lambda number, person, place: raw(
            {
                "update_id": number,
                "callback_query": {"id": "q", "from": person, "message": place, "data": "x:1"},
            }
        ),
        numbers,
        people,
        messages,
    ),
)


async def test_anything_at_all(database_url: str, tmp_path: Path) -> None:
    """Hypothesis over a plain HTTP connection: 200 or 400, and no dead letter in the end."""
    async with running(database_url, tmp_path, webhook=True, chat_rate="0", send_rate="0") as house:
        connection = http.client.HTTPConnection("127.0.0.1", int(house.url.rpartition(":")[2]), timeout=10)
        headers = {SECRET_HEADER: secret_of(house)}
        numbers_used = iter(range(1, 10_000))

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(bodies)
        @example(raw(message(3, "/start")))
        def offer(body: bytes) -> None:
            # its own id each time, where it has one: two with the same id would be one row
            body = body.replace(b'{"update_id": ', b'{"update_id": %d, "x": ' % next(numbers_used), 1)
            connection.request("POST", "/telegram/shop/webhook", body, headers)
            answer = connection.getresponse()
            assert answer.status in (200, 400), (answer.status, answer.read())
            answer.read()

        await asyncio.to_thread(offer)
        connection.close()
        await house.until(lambda: all_handled(house.database), seconds=30)
        rows = await stored(house.database)
        assert len(rows) > 20
        assert [(row.error, row.body) for row in rows if row.state is not UpdateState.DONE] == []
