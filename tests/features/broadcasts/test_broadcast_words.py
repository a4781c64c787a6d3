"""Audiences, buttons and messages in words: read, refused with the word at fault, and written back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.features.broadcasts.crowd import BOT

from botyard.features.broadcasts import contents
from botyard.features.broadcasts.audience import EVERYBODY, Audience
from botyard.features.broadcasts.audience_words import describe, read_audience
from botyard.features.broadcasts.button_words import read as read_buttons
from botyard.features.broadcasts.button_words import written as write_buttons
from botyard.features.broadcasts.message import ButtonKind, Media, Message, MessageButton, MessageKind
from botyard.features.broadcasts.service.drafts import BadBroadcast
from botyard.members.models import Role
from botyard.telegram.content import Content, ContentKind

days = st.none() | st.integers(1, 3650)


def some(each: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, unique=True, max_size=4).map(tuple)


def names(longest: int) -> st.SearchStrategy[str]:
    text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)
    odd = st.sampled_from(["or", "DAYS", "not", "tag", 'a "b"', "“x”", "\\", "a, b", "everybody", '"'])
    return (text.map(lambda each: each[:longest]) | odd).filter(lambda each: bool(each.strip()))


audiences = st.builds(
    Audience,
    roles=some(st.sampled_from(Role)),
    languages=some(st.sampled_from(["de", "en", "pt-br", "zh-hans", "fil"])),
    seen_within_days=days,
    unseen_for_days=days,
    joined_within_days=days,
    joined_before_days=days,
    sources=some(names(64)),
    tags=some(names(32)),
    without_tags=some(names(32)),
    without_members=some(st.integers(1, 10**17)),
    plans=some(st.sampled_from(["gold-3m", "gold", "in", "days", "plan", "1"])),
    packs=some(st.sampled_from(["gold", "or", "silver.2"])),
    ends_within_days=days,
    lapsed_within_days=days,
    never_paid=st.booleans(),
)


@given(audiences)
def test_what_is_described_is_read_as_the_same(audience: Audience) -> None:
    assert read_audience(describe(audience)) == audience


@given(st.text(max_size=80) | st.text("tagsen nojd,\"'“”0123456789", max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        audience = read_audience(text)
    except BadBroadcast:
        return
    assert read_audience(describe(audience)) == audience


def test_the_words_of_an_admin() -> None:
    said = "language de en, seen 30, joined 7, tag vip, not tag slow, source guide-1, role subscriber"
    wanted = Audience(
        roles=(Role.SUBSCRIBER,),
        languages=("de", "en"),
        seen_within_days=30,
        joined_within_days=7,
        sources=("guide-1",),
        tags=("vip",),
        without_tags=("slow",),
    )
    assert read_audience(said) == wanted
    assert describe(wanted) == (
        "role subscriber, language de or en, seen in 30 days, joined in 7 days, source guide-1, tag vip, "
        "not tag slow"
    )
    assert read_audience("Everybody") == EVERYBODY
    assert describe(EVERYBODY) == "everybody"
    assert describe(Audience(seen_within_days=1)) == "seen in 1 day"
    assert read_audience("tag “big spender”, tag vip").tags == ("big spender", "vip")
    assert read_audience("not member 5, not member 6").without_members == (5, 6)
    said = "plan Gold-3m or gold-1m, pack gold, ends in 7 days, lapsed in the last 30 days, never paid"
    wanted = Audience(
        plans=("gold-3m", "gold-1m"),
        packs=("gold",),
        ends_within_days=7,
        lapsed_within_days=30,
        never_paid=True,
    )
    assert read_audience(said) == wanted
    assert describe(wanted) == (
        "plan gold-3m or gold-1m, pack gold, ends in 7 days, lapsed in 30 days, never paid"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Nothing says who"),
        (" , ", "Nothing says who"),
        ("tall people", "'tall people' is not understood"),
        ("seen", "missing after 'seen'"),
        ("seen yesterday", "'yesterday' is no number of days"),
        ("seen 0", "no number of days"),
        ("seen 30, seen 20", "'seen 20' is there twice"),
        ("role king", "no role 'king'"),
        ("language german!", "no language"),
        ("not member ana", "no Telegram id"),
        ('tag "x', "no partner"),
        ("plan gold!", "'gold!' is no code of a plan"),
        ("plan", "missing after 'plan'"),
        ("ends soon", "'soon' is no number of days"),
        ("never", "'never' is not understood"),
        ("never paid at all", "'never paid at all' is not understood"),
        ("tag " + "x" * 33, "1 to 32"),
    ],
)
def test_what_is_no_audience_is_named(text: str, problem: str) -> None:
    with pytest.raises(BadBroadcast, match=problem):
        read_audience(text)


def test_buttons_are_read_and_written_back() -> None:
    text = (
        "Join | https://example.com || More | tracked | https://example.com/?a=1\n"
        "Interested | press | Thanks\nOpen | app | https://example.com/app"
    )
    rows = read_buttons(text)
    assert [[each.kind for each in row] for row in rows] == [
        [ButtonKind.LINK, ButtonKind.TRACKED],
        [ButtonKind.PRESS],
        [ButtonKind.MINI_APP],
    ]
    assert rows[0][0] == MessageButton("Join", ButtonKind.LINK, "https://example.com")
    assert write_buttons(rows) == text
    assert read_buttons("-") == ()
    assert write_buttons(()) == "-"
    assert read_buttons("Yes | press")[0][0].target == "Thank you!"


@pytest.mark.parametrize(
    "line",
    [
        "Join",
        "Join | javascript:alert(1)",
        "Join | https://[bad",
        " | https://example.com",
        "x" * 65 + " | press",
        "A | press | " + "x" * 201,
        "Open | app | http://example.com",
        "Join | tracked",
        "Join | tracked | ",
        "A | press || ",
        " || ".join(["A | press"] * 9),
        "\n".join(["A | press"] * 25),
    ],
)
def test_buttons_that_cannot_be(line: str) -> None:
    with pytest.raises(BadBroadcast):
        read_buttons(line)


def test_messages_become_what_is_sent() -> None:
    text = Content(5, ContentKind.TEXT, "Hi {first_name|you} <3")
    assert contents.message_of(text, 9, BOT) == Message(MessageKind.TEXT, "Hi {first_name|you} &lt;3")
    poll = Content(6, ContentKind.POLL, "Which?")
    assert contents.message_of(poll, 9, BOT) == Message(MessageKind.COPY, source_chat=9, source_message=6)
    photo = contents.message_of(Content(7, ContentKind.PHOTO, "", (), "f1"), 9, BOT)
    assert photo == Message(MessageKind.PHOTO, None, (Media(MessageKind.PHOTO, "f1", BOT),))
    video = contents.message_of(Content(8, ContentKind.VIDEO, "Look", (), "f2"), 9, BOT)
    album = contents.with_part(photo, video, BOT)
    assert (album.kind, album.html, len(album.media)) == (MessageKind.ALBUM, "Look", 2)
    voice = contents.message_of(Content(9, ContentKind.VOICE, "", (), "f3"), 9, BOT)
    with pytest.raises(BadBroadcast, match="No album takes voice"):
        contents.with_part(album, voice, BOT)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Message(MessageKind.TEXT, " "), "no text"),
        (Message(MessageKind.TEXT, "<b>x"), "never closed"),
        (Message(MessageKind.TEXT, "{phone}"), r"\{phone\} stands for nothing"),
        (Message(MessageKind.TEXT, "x" * 4097), "one letter too long"),
        (Message(MessageKind.PHOTO, "x"), "no photo in it"),
    ],
)
def test_what_telegram_would_not_take(message: Message, problem: str) -> None:
    with pytest.raises(BadBroadcast, match=problem):
        contents.checked(message, BOT)
    with pytest.raises(BadBroadcast, match="cannot be sent"):
        contents.message_of(Content(1, ContentKind.OTHER), 9, BOT)
