"""The API's frame: who may ask, what is answered, and one body for every error."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.inbox.models import UpdateState, updates
from botyard.members.models import Role, User
from botyard.members.sign_in import SESSION_COOKIE
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows


def problem(answer: Any) -> tuple[int, str, str, str]:
    """The status and the three texts of an error; there is nothing else in its body."""
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert sorted(error) == ["code", "message", "remedy"]
    return answer.status_code, error["code"], error["message"], error["remedy"]


async def test_me_is_the_member_who_is_signed_in(ana: Any) -> None:
    answer = await ana.get("/me")
    assert answer.json() == {"id": 1001, "name": "Ana Bell", "role": "ADMIN"}
    assert answer.headers["cache-control"] == "no-store"


async def test_bots_with_what_waits_and_what_died(
    ana: Any, database: Database, clock: ManualClock, bots: dict[BotId, Bot]
) -> None:
    now = clock.now()
    async with database.begin() as connection:
        for bot in bots.values():
            await connection.execute(
                insert(bot_rows).values(id=bot.id, name=bot.name, webhook_secret="s", created_at=now)
            )
        for number, state in enumerate([UpdateState.PENDING, UpdateState.PENDING, UpdateState.DEAD]):
            await connection.execute(
                insert(updates).values(
                    bot_id=700,
                    update_id=number,
                    kind="message",
                    lane="l",
                    slot=1,
                    urgent=False,
                    body=b"{}",
                    received_at=now,
                    state=state,
                    attempts=0,
                )
            )
    answer = await ana.get("/bots")
    assert answer.json() == [
        {"name": "main", "username": "main_bot", "waiting": 2, "dead": 1},
        {"name": "shop", "username": None, "waiting": 0, "dead": 0},
    ]
    assert "not-to-be-shown" not in answer.text
    assert "hook-secret" not in answer.text


@pytest.mark.parametrize("path", ["/me", "/bots"])
@pytest.mark.parametrize("cookie", [None, "", "x" * 43])
async def test_without_a_live_session_there_is_no_answer(
    stranger: Any, path: str, cookie: str | None
) -> None:
    if cookie is not None:
        stranger.cookies.set(SESSION_COOKIE, cookie)
    status, code, _, remedy = problem(await stranger.get(path))
    assert (status, code) == (401, "not_signed_in")
    assert "console" in remedy


async def test_a_features_router_stands_behind_the_same_door(stranger: Any) -> None:
    answer = await stranger.post("/guides", json={"title": "First", "pages": 3})
    assert problem(answer)[:2] == (401, "not_signed_in")


async def test_who_loses_his_role_is_out_at_the_next_request(ana: Any, database: Database) -> None:
    async with database.session() as session:
        await session.execute(update(User).values(role=Role.SUBSCRIBER))
    assert problem(await ana.get("/me"))[0] == 401


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 201), ("http://api.test", 201), ("http://evil.example", 403), ("null", 403)]
)
async def test_another_site_changes_nothing(ana: Any, origin: str | None, status: int) -> None:
    headers = {"Origin": origin} if origin else {}
    answer = await ana.post("/guides", json={"title": "First", "pages": 3}, headers=headers)
    assert answer.status_code == status
    if status == 201:
        assert answer.json() == "First by Ana Bell"
    else:
        assert problem(answer)[1] == "forbidden"


async def test_a_wrong_body_is_named_field_by_field(ana: Any) -> None:
    status, code, message, remedy = problem(await ana.post("/guides", json={"pages": "many"}))
    assert (status, code) == (422, "invalid_request")
    assert "body.title: " in message
    assert "body.pages: " in message
    assert "openapi.json" in remedy
    not_json = await ana.post("/guides", content=b"{", headers={"Content-Type": "application/json"})
    assert problem(not_json)[:2] == (422, "invalid_request")


async def test_an_unknown_address(ana: Any, stranger: Any) -> None:
    for client in (ana, stranger):
        assert problem(await client.get("/nothing"))[:2] == (404, "not_found")


async def test_a_wrong_method(ana: Any) -> None:
    answer = await ana.delete("/me")
    assert problem(answer)[:2] == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_rule_of_the_business_says_what_to_do_next(ana: Any) -> None:
    assert problem(await ana.delete("/guides/1")) == (
        409,
        "last_guide",
        "this is the last guide.",
        "Add another one first.",
    )


async def test_a_bug_tells_nothing_of_itself(ana: Any) -> None:
    answer = await ana.delete("/guides/0")
    assert problem(answer)[:2] == (500, "internal_error")
    assert "no answer may show" not in answer.text


async def test_the_description_is_open_and_names_the_one_error_body(stranger: Any) -> None:
    description = (await stranger.get("/openapi.json")).json()
    assert set(description["paths"]) == {"/me", "/bots", "/guides", "/guides/{number}"}
    assert description["servers"] == [{"url": "/api/v1"}]
    for path in description["paths"].values():
        for operation in path.values():
            assert "422" not in operation["responses"]
            schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}
            assert operation["security"] == [{"APIKeyCookie": []}]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_that_loads_from_elsewhere(stranger: Any, path: str) -> None:
    assert problem(await stranger.get(path))[0] == 404
