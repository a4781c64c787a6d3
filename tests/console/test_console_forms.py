"""What a posted form gives to a page: clean values, or what is wrong at which field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from botyard.console import Form, as_typed, read_form, shown_size

KYIV = ZoneInfo("Europe/Kyiv")


class Level(StrEnum):
    BEGINNER = "beginner"
    ADVANCED = "advanced"


def typed(**values: str) -> Form:
    """A form with these values as a browser would send them."""
    return Form({name: [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Gold 101 \r\n", "Gold 101"),
        ("Золото 🥇", "Золото 🥇"),
        ("family 👨‍👩‍👧", "family 👨‍👩‍👧"),
        ("tab\there", "tab\there"),
        ("x" * 20, "x" * 20),
        ("🥇" * 20, "🥇" * 20),
    ],
)
def test_text_is_trimmed_and_otherwise_kept(value: str, text: str) -> None:
    form = typed(title=value)
    assert form.text("title", most=20) == text
    assert form.errors == {}
    assert form.typed("title") == value


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("", "Fill this in."),
        (" \r\n\u2003", "Fill this in."),
        ("x" * 21, "At most 20 characters. This has 21."),
        ("a\x00b", "This holds characters that cannot be shown. Type it by hand."),
        ("a\ud800b", "This holds characters that cannot be shown. Type it by hand."),
        ("a\x1bb", "This holds characters that cannot be shown. Type it by hand."),
        ("two\nlines", "This must be one line."),
    ],
)
def test_text_that_cannot_be_taken_is_an_error_at_its_field(value: str, error: str) -> None:
    form = typed(title=value)
    assert form.text("title", most=20) == ""
    assert form.errors == {"title": error}
    assert form.error("title") == error
    assert form.error("other") == ""


def test_text_of_several_lines_has_one_kind_of_line_end() -> None:
    assert typed(body="a\r\nb\rc\n\nd").text("body", most=20, multiline=True) == "a\nb\nc\n\nd"
    assert typed(body="a\r\n" * 10).text("body", most=19, multiline=True) == "a\n" * 9 + "a"


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=30))
def test_printable_text_comes_through_whole_or_is_refused(value: str) -> None:
    form = typed(title=value)
    text = form.text("title", most=30, required=False)
    assert (text, form.errors) == (value.strip(), {})


def test_what_did_not_come_is_wrong_where_it_is_required() -> None:
    form = Form()
    form.text("title", most=20)
    form.integer("order", least=3, most=9)
    form.choice("level", Level)
    form.choices("chats", [7], least=1)
    form.moment("starts", UTC)
    form.upload("file", most=10)
    assert form.errors == {
        "title": "Fill this in.",
        "order": "Give a whole number from 3 to 9.",
        "level": "Choose one of these.",
        "chats": "Choose at least one.",
        "starts": "Give a date and a time.",
        "file": "Choose a file.",
    }


def test_what_did_not_come_is_nothing_where_it_is_not_required() -> None:
    form = Form()
    assert form.text("title", most=20, required=False) == ""
    assert form.integer("order", least=3, most=9, required=False) is None
    assert form.choices("chats", [7]) == []
    assert form.moment("starts", UTC, required=False) is None
    assert form.upload("file", most=10, required=False) is None
    assert form.flag("active") is False
    assert form.errors == {}


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("9999", 9999), (" 42 ", 42), ("+7", 7), ("007", 7)])
def test_a_whole_number(value: str, number: int) -> None:
    form = typed(order=value)
    assert form.integer("order", least=0, most=9999) == number
    assert form.errors == {}


@pytest.mark.parametrize("value", ["-1", "10000", "1.5", "1e3", "1_000", "٣", "x", "9" * 5000])
def test_no_whole_number_within_bounds(value: str) -> None:
    form = typed(order=value)
    assert form.integer("order", least=0, most=9999, required=False) == 0
    assert form.errors == {"order": "Give a whole number from 0 to 9,999."}


def test_a_choice_is_one_of_the_options_and_has_their_type() -> None:
    assert typed(level="advanced").choice("level", Level) is Level.ADVANCED
    assert typed(chat="8").choice("chat", [7, 8]) == 8
    form = typed(level="forged")
    assert form.choice("level", Level) is Level.BEGINNER
    assert form.errors == {"level": "Choose one of these."}


def test_choices_come_in_the_order_of_the_options_and_once() -> None:
    form = Form({"chats": ["9", "7", "9"]})
    assert form.choices("chats", [7, 8, 9], least=2) == [7, 9]
    assert form.errors == {}
    assert form.choices("chats", [7, 8], least=1) == [7]
    assert form.errors == {"chats": "Some of these are gone. Choose again."}
    few = Form({"chats": ["7"]})
    few.choices("chats", [7, 8, 9], least=2)
    assert few.errors == {"chats": "Choose at least 2."}


def test_a_moment_is_on_the_clocks_of_its_zone() -> None:
    form = typed(starts="2027-03-01T09:00", ends="2027-07-01T09:00", twice="2027-10-31T03:30")
    assert form.moment("starts", KYIV) == datetime(2027, 3, 1, 7, tzinfo=UTC)
    assert form.moment("ends", KYIV) == datetime(2027, 7, 1, 6, tzinfo=UTC)
    assert form.moment("twice", KYIV) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert form.errors == {}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("soon", "Give a date and a time."),
        ("0001-01-01T00:00", "Give a date and a time."),
        ("2027-03-01T09:00+02:00", "Give a date and a time, without a zone."),
        ("2027-03-28T03:30", "The clocks skip this time on that day. Give another."),
    ],
)
def test_a_moment_that_is_none(value: str, error: str) -> None:
    form = typed(starts=value)
    form.moment("starts", KYIV, required=False)
    assert form.errors == {"starts": error}


@given(st.integers(min_value=0, max_value=40 * 365 * 24 * 60))
def test_a_moment_comes_back_as_it_was_shown(minutes: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    shown = as_typed(moment, KYIV)
    back = typed(starts=shown).moment("starts", KYIV)
    assert as_typed(back, KYIV) == shown
    assert moment - back in (timedelta(0), timedelta(hours=1))


def test_a_form_to_show_first_has_what_fields_hold() -> None:
    form = Form.filled(title="Gold", order=0, active=True, hidden=False, link=None, chats=[7, 8])
    assert [form.typed(name) for name in ("title", "order", "active", "hidden", "link")] == [
        "Gold",
        "0",
        "on",
        "",
        "",
    ]
    assert list(form.typed_all("chats")) == ["7", "8"]
    assert form.flag("active")
    assert not form.flag("hidden")


def test_the_first_reason_stands() -> None:
    form = typed(link="x" * 30)
    form.text("link", most=20)
    form.refuse("link", "This address is taken.")
    form.refuse("", "Too late.")
    assert form.errors == {"link": "At most 20 characters. This has 30.", "": "Too late."}


@pytest.mark.parametrize(
    ("size", "words"),
    [(512, "0.5 KB"), (200 * 1024, "200 KB"), (1024**2, "1 MB"), (3 * 1024**2 // 2, "1.5 MB")],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert shown_size(size) == words


async def echo(request: Request) -> Response:
    """Says what a form held: a text, the tags, and a file of at most 1000 bytes; the form of at most 5000."""
    form = await read_form(request, most=5000)
    file = form.upload("file", most=1000, required=False)
    return JSONResponse(
        {
            "title": form.text("title", most=4000, required=False, multiline=True),
            "tags": list(form.typed_all("tags")),
            "file": [file.name, len(file.content)] if file else None,
            "errors": form.errors,
        }
    )


@pytest.fixture
async def poster(house: Any) -> Any:
    """A browser that is signed in to a console with `echo` at /echo."""
    await house.add_member()
    browser = house.browser(pages=[Route("/echo", echo, methods=["POST"])])
    await house.sign_in(browser)
    return browser


@pytest.mark.parametrize("files", [None, {"other": ("o.txt", b"x")}], ids=["urlencoded", "multipart"])
async def test_both_encodings_carry_any_script_and_repeated_fields(poster: Any, files: Any) -> None:
    data = {"title": "Ціна & 金\r\n🥇", "tags": ["a", "ї", "a"]}
    answer = await poster.post("/console/echo", data=data, files=files)
    assert answer.json() == {"title": "Ціна & 金\n🥇", "tags": ["a", "ї", "a"], "file": None, "errors": {}}


async def test_a_file_comes_with_its_name_and_bytes(poster: Any) -> None:
    answer = await poster.post("/console/echo", files={"file": ("гайди.csv", b"x" * 1000)})
    assert answer.json()["file"] == ["гайди.csv", 1000]


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (("big.csv", b"x" * 1001), "This file is larger than 0.977 KB."),
        (("empty.csv", b""), "This file is empty."),
    ],
)
async def test_a_file_that_cannot_be_taken_is_an_error_at_its_field(
    poster: Any, file: tuple[str, bytes], error: str
) -> None:
    answer = await poster.post("/console/echo", files={"file": file}, data={"title": "kept"})
    assert answer.json()["errors"] == {"file": error}
    assert answer.json()["title"] == "kept"


async def test_no_chosen_file_is_no_file(poster: Any) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await poster.post("/console/echo", content=body, headers=headers)
    assert (answer.json()["file"], answer.json()["errors"]) == (None, {})


async def chunked(body: bytes) -> Any:
    """A body that does not say how long it is."""
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_form_beyond_the_limit_gets_a_page_that_says_so(poster: Any, announced: bool) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for size, status in ((5000, 200), (5001, 413)):
        body = urlencode({"tags": "x" * (size - len("tags="))}).encode()
        assert len(body) == size
        answer = await poster.post(
            "/console/echo", content=body if announced else chunked(body), headers=headers
        )
        assert answer.status_code == status
    assert "This is more than 4.88 KB." in answer.text
    assert "Go back and send less, or a smaller file." in answer.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b"--c\r\n\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(1001))),
    ],
)
async def test_a_broken_form_gets_a_page_and_breaks_nothing(poster: Any, kind: str, body: bytes) -> None:
    answer = await poster.post("/console/echo", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "Go to the console" in answer.text


async def test_what_is_no_form_has_no_fields(poster: Any) -> None:
    answer = await poster.post("/console/echo", json={"title": "x"})
    assert answer.json() == {"title": "", "tags": [], "file": None, "errors": {}}
