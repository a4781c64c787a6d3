"""What Telegram would refuse is known before; what it would take is let through."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from botyard.telegram.outgoing import problem_in

HTML = {"parse_mode": "HTML"}


def keyboard(data: str) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": "Go", "callback_data": data}]]}}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("sendMessage", {"text": "a" * 4096}),
        ("sendMessage", {"text": "😀" * 2048}),
        ("sendMessage", {"text": "1 < 2 & <b>"}),
        ("sendMessage", {"text": "<b>" + "&lt;" * 4096 + "</b>"} | HTML),
        ("sendMessage", {"text": f'<a href="https://example.com/{"x" * 4096}">link</a>'} | HTML),
        ("sendMessage", {"text": "*a_" * 2000, "parse_mode": "MarkdownV2"}),
        ("sendMessage", {"text": "a"} | keyboard("é" * 32)),
        ("sendMessage", {"text": "a", "reply_markup": {"remove_keyboard": True}}),
        ("sendMessage", {"text": "a", "reply_markup": {"inline_keyboard": "[]"}}),
        ("sendPhoto", {"photo": "id", "caption": "<i>" + "a" * 1024 + "</i>"} | HTML),
        ("sendPhoto", {"photo": "id"}),
        ("sendMediaGroup", {"media": [{"type": "photo", "media": "id", "caption": "a" * 1024}, "x"]}),
        ("sendMediaGroup", {"media": "[]"}),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "a" * 200}),
        ("sendPoll", {"question": "a", "options": [], "text": "a" * 5000}),
        ("copyMessage", {"from_chat_id": 1, "message_id": 2}),
        ("inventedLater", {"text": "a" * 5000}),
    ],
)
def test_what_telegram_takes_is_let_through(method: str, params: dict[str, Any]) -> None:
    assert problem_in(method, params) is None


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"text": "a" * 4097}, "text is too long: 4097"),
        ("sendMessage", {"text": "😀" * 2049}, "text is too long: 4098"),
        ("sendMessage", {"text": "<b>" + "&lt;" * 4097 + "</b>"} | HTML, "text is too long: 4097"),
        ("editMessageText", {"text": "a" * 4097, "parse_mode": "html"}, "too long"),
        ("sendMessage", {"text": "<b>"} | HTML, "<b> is never closed"),
        ("sendMessage", {"text": "1 < 2"} | HTML, "&lt;"),
        ("sendMessage", {"text": "<blink>a</blink>"} | HTML, "no <blink>"),
        ("sendMessage", {"text": "a"} | keyboard("é" * 33), "64 bytes"),
        ("sendPhoto", {"photo": "id", "caption": "a" * 1025}, "caption is too long: 1025"),
        ("editMessageCaption", {"caption": "</b>"} | HTML, "caption is not well-formed"),
        ("sendMediaGroup", {"media": [{"media": "a"}, {"media": "b", "caption": "a" * 1025}]}, "1025"),
        ("editMessageMedia", {"media": {"media": "a", "caption": "<b>"} | HTML}, "never closed"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "a" * 201}, "Telegram takes 200"),
    ],
)
def test_what_telegram_refuses_is_named(method: str, params: dict[str, Any], words: str) -> None:
    assert words in str(problem_in(method, params))


@pytest.mark.parametrize(
    ("method", "flag", "paid", "is_good"),
    [
        ("sendMessage", True, True, True),
        ("copyMessage", True, True, True),
        ("sendMessage", None, False, True),
        ("sendMessage", False, False, True),
        ("sendMessage", None, True, False),
        ("sendMessage", True, False, False),
        ("copyMessages", True, True, False),
        ("editMessageText", True, True, False),
    ],
)
def test_who_pays_says_so_twice(method: str, flag: bool | None, paid: bool, is_good: bool) -> None:
    params = {"text": "a"} | ({} if flag is None else {"allow_paid_broadcast": flag})
    assert (problem_in(method, params, paid=paid) is None) == is_good


def test_asking_the_same_of_each_recipient_costs_little() -> None:
    params = {"text": "<b>News</b> for <i>everybody</i>. " * 100} | HTML | keyboard("news:1")
    started = perf_counter()
    for _ in range(10_000):
        assert problem_in("sendMessage", params) is None
    assert perf_counter() - started < 1.0
