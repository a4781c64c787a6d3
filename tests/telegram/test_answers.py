"""From an answer of the Bot API to a result or the error that says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.errors import BotyardError
from botyard.ids import BotToken
from botyard.telegram.answers import LONGEST_RETRY_AFTER, USUAL_RETRY_AFTER, HttpAnswer, read_answer
from botyard.telegram.errors import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    MethodNotFound,
    OutcomeUnknown,
    RetryAfter,
    ServerError,
    TelegramError,
    Unauthorized,
)

TOKEN = BotToken("123:not-a-real-secret-of-a-bot")
SECRET = "not-a-real-secret-of-a-bot"


def read(status: int, body: bytes | dict[str, Any], *, retry_after: str | None = None) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(TOKEN, "sendMessage", HttpAnswer(status, raw, retry_after))


def refusal(status: int, body: bytes | dict[str, Any], *, retry_after: str | None = None) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        read(status, body, retry_after=retry_after)
    return caught.value


def said(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return body | ({"parameters": parameters} if parameters else {})


def test_a_result_is_handed_out_still_encoded() -> None:
    assert json.loads(read(200, {"ok": True, "result": {"message_id": 7}})) == {"message_id": 7}
    assert read(200, {"ok": True, "result": True}) == b"true"


@pytest.mark.parametrize(
    ("code", "description", "kind"),
    [
        (400, "Bad Request: chat not found", BadRequest),
        (400, "Bad Request: message is not modified", BadRequest),
        (401, "Unauthorized", Unauthorized),
        (403, "Forbidden: bot was blocked by the user", Forbidden),
        (404, "Not Found", Unauthorized),
        (404, "Not Found: method not found", MethodNotFound),
        (409, "Conflict: terminated by other getUpdates request", Conflict),
        (413, "Request Entity Too Large", BadRequest),
        (418, "something new", BadRequest),
        (500, "Internal Server Error: restart", ServerError),
        (502, "Bad Gateway", ServerError),
    ],
)
def test_each_refusal_has_its_error(code: int, description: str, kind: type[TelegramError]) -> None:
    error = refusal(code, said(code, description))
    assert type(error) is kind
    assert error.description == description
    assert error.method == "sendMessage"
    assert isinstance(error, BotyardError)
    assert error.message == f"sendMessage: {description}"


def test_the_code_in_the_body_counts_more_than_the_status() -> None:
    assert type(refusal(200, said(403, "Forbidden: bot was kicked"))) is Forbidden


def test_a_refusal_without_a_code_is_read_by_its_status() -> None:
    assert type(refusal(409, {"ok": False})) is Conflict


def test_a_migrated_chat_says_where_to() -> None:
    error = refusal(400, said(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001234567890))
    assert isinstance(error, ChatMigrated)
    assert error.to == -1001234567890


@pytest.mark.parametrize(
    ("body", "header", "seconds"),
    [
        (said(429, "Too Many Requests: retry after 35", retry_after=35), None, 35),
        (said(429, "Too Many Requests", retry_after=35), "7", 35),
        (said(429, "Too Many Requests"), "7", 7),
        (said(429, "Too Many Requests"), None, USUAL_RETRY_AFTER),
        (said(429, "Too Many Requests"), "Wed, 21 Oct 2026 07:28:00 GMT", USUAL_RETRY_AFTER),
        (said(429, "Too Many Requests", retry_after=0), None, 1),
        (said(429, "Too Many Requests", retry_after=1.2), None, 2),
        (said(429, "Too Many Requests", retry_after=10**15), None, LONGEST_RETRY_AFTER),
        (b"<html>429</html>", "9", 9),
        (b"", None, USUAL_RETRY_AFTER),
    ],
)
def test_retry_after_always_says_how_long(body: Any, header: str | None, seconds: int) -> None:
    error = refusal(429, body, retry_after=header)
    assert isinstance(error, RetryAfter)
    assert error.seconds == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[]", b'{"ok":1}', b"\xff", b"[" * 100_000])
def test_what_is_no_answer_of_telegram(body: bytes) -> None:
    gateway = refusal(502, body)
    assert isinstance(gateway, ServerError)
    assert (gateway.status, gateway.from_telegram) == (502, False)
    assert isinstance(refusal(302, body), ServerError)
    assert isinstance(refusal(403, body), ServerError), "a firewall's page says nothing about the chat"
    assert type(refusal(413, body)) is BadRequest
    assert isinstance(refusal(200, body), OutcomeUnknown), "success, so it may well have been applied"


def test_telegrams_own_server_error_says_that_it_is() -> None:
    error = refusal(500, said(500, "Internal Server Error"))
    assert isinstance(error, ServerError)
    assert error.from_telegram


def test_success_without_a_result_is_unknown() -> None:
    assert isinstance(refusal(200, {"ok": True}), OutcomeUnknown)


def test_a_description_never_holds_the_token() -> None:
    for quoted in (f"/bot123:{SECRET}/sendMessage", f"/bot123%3A{SECRET}/x", f"\\u0031{SECRET}"):
        error = refusal(400, said(400, f"no such path {quoted}"))
        assert SECRET not in str(error)
        assert SECRET not in repr(error.args)
        assert "no such path" in error.description


def test_a_short_token_is_hidden_as_a_whole_only() -> None:
    """A test's token may end in a word that means something."""
    answer = HttpAnswer(400, json.dumps(said(400, "no chat at /bot123:chat/x")).encode())
    with pytest.raises(BadRequest) as caught:
        read_answer(BotToken("123:chat"), "getChat", answer)
    assert caught.value.description == "no chat at /bot***/x"


def test_a_description_can_be_stored() -> None:
    error = refusal(400, said(400, "Bad\0 " + "x" * 10_000))
    assert "\0" not in error.description
    assert len(error.description) == 500


@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(max_size=60),
        st.dictionaries(
            st.sampled_from(["ok", "result", "error_code", "description", "parameters"]),
            st.one_of(
                st.booleans(), st.integers(), st.text(max_size=5), st.none(), st.just({"retry_after": -1})
            ),
        ),
    ),
    st.one_of(st.none(), st.text(max_size=12)),
)
def test_any_answer_is_a_result_or_a_telegram_error(status: int, body: Any, header: str | None) -> None:
    try:
        result = read(status, body, retry_after=header)
    except TelegramError as error:
        result = error.description.encode()
    assert result
