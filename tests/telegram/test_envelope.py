"""The envelope of every kind of update, and of everything that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botyard.telegram.envelope import ChatInfo, Envelope, ReplyTo, Sender
from botyard.telegram.updates import UPDATE_KINDS, NotAnUpdate, read_envelope

ANN = {"id": 5000000001, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "username": "annlee"} | {
    "language_code": "en",
    "is_premium": True,
}
BOB = {"id": 42, "is_bot": False, "first_name": "Bob"}
PRIVATE = {"id": 5000000001, "type": "private", "first_name": "Ann", "last_name": "Lee", "username": "annlee"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Traders", "is_forum": True}
CHANNEL = {"id": -1009876543210, "type": "channel", "title": "News", "username": "news"}
ANN_SENDER = Sender(5000000001, False, "Ann", "Lee", "annlee", "en", True)
BOB_SENDER = Sender(42, False, "Bob")
PRIVATE_INFO = ChatInfo(5000000001, "private", None, "annlee")
GROUP_INFO = ChatInfo(-1001234567890, "supergroup", "Traders", None, True)
CHANNEL_INFO = ChatInfo(-1009876543210, "channel", "News", "news")

MESSAGE = {"message_id": 7, "date": 1790000000, "chat": GROUP, "from": ANN, "text": "hello"}
POST = {"message_id": 7, "date": 1790000000, "chat": CHANNEL, "sender_chat": CHANNEL, "caption": "look"}
BUSINESS = {**MESSAGE, "chat": PRIVATE, "business_connection_id": "bc1"}
MEMBERSHIP = {
    "chat": GROUP,
    "from": ANN,
    "date": 1790000000,
    "old_chat_member": {"status": "member", "user": BOB},
    "new_chat_member": {"status": "kicked", "user": BOB, "until_date": 0},
}
BOOST = {"boost_id": "b", "add_date": 1, "expiration_date": 2, "source": {"source": "premium", "user": ANN}}

IN_GROUP: dict[str, Any] = {"lane": "c-1001234567890", "chat": GROUP_INFO}
BY_ANN: dict[str, Any] = {"lane": "u5000000001", "sender": ANN_SENDER}
HELLO: dict[str, Any] = {**IN_GROUP, "sender": ANN_SENDER, "message_id": 7, "text": "hello"}
LOOK: dict[str, Any] = {"lane": "c-1009876543210", "chat": CHANNEL_INFO, "message_id": 7, "text": "look"}
PRIVATE_HELLO: dict[str, Any] = {**HELLO, "lane": "c5000000001", "chat": PRIVATE_INFO}
BOB_KICKED: dict[str, Any] = {
    "chat": GROUP_INFO,
    "sender": ANN_SENDER,
    "member": BOB_SENDER,
    "old_status": "member",
    "new_status": "kicked",
}

SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "message": (MESSAGE, HELLO),
    "edited_message": ({**MESSAGE, "edit_date": 1790000001}, HELLO),
    "channel_post": (POST, LOOK),
    "edited_channel_post": (POST, LOOK),
    "business_connection": (
        {"id": "bc1", "user": ANN, "user_chat_id": 5000000001, "date": 1790000000, "is_enabled": True},
        BY_ANN,
    ),
    "business_message": (BUSINESS, PRIVATE_HELLO),
    "edited_business_message": (BUSINESS, PRIVATE_HELLO),
    "deleted_business_messages": (
        {"business_connection_id": "bc1", "chat": PRIVATE, "message_ids": [7, 8]},
        {"lane": "c5000000001", "chat": PRIVATE_INFO},
    ),
    "guest_message": ({**MESSAGE, "guest_query_id": "g1"}, {**HELLO, "query_id": "g1"}),
    "message_reaction": (
        {"chat": GROUP, "message_id": 7, "user": ANN, "date": 1, "old_reaction": [], "new_reaction": []},
        {**IN_GROUP, "sender": ANN_SENDER, "message_id": 7},
    ),
    "message_reaction_count": (
        {"chat": GROUP, "message_id": 7, "date": 1, "reactions": []},
        {**IN_GROUP, "message_id": 7},
    ),
    "inline_query": (
        {"id": "q1", "from": ANN, "query": "cats", "offset": ""},
        {**BY_ANN, "text": "cats", "query_id": "q1"},
    ),
    "chosen_inline_result": ({"result_id": "r1", "from": ANN, "query": "cats"}, {**BY_ANN, "text": "cats"}),
    "callback_query": (
        {"id": "q1", "from": ANN, "message": MESSAGE, "chat_instance": "1", "data": "buy:5"},
        {**BY_ANN, "chat": GROUP_INFO, "message_id": 7, "text": "buy:5", "query_id": "q1"},
    ),
    "shipping_query": (
        {"id": "q1", "from": ANN, "invoice_payload": "o1", "shipping_address": {}},
        {**BY_ANN, "query_id": "q1"},
    ),
    "pre_checkout_query": (
        {"id": "q1", "from": ANN, "currency": "XTR", "total_amount": 5, "invoice_payload": "o1"},
        {**BY_ANN, "query_id": "q1"},
    ),
    "purchased_paid_media": ({"from": ANN, "paid_media_payload": "p"}, BY_ANN),
    "poll": ({"id": "p1", "question": "?", "options": [], "type": "quiz"}, {"lane": "-"}),
    "poll_answer": ({"poll_id": "p1", "user": ANN, "option_ids": [0]}, BY_ANN),
    "my_chat_member": (MEMBERSHIP, {**BOB_KICKED, "lane": "c-1001234567890"}),
    "chat_member": (MEMBERSHIP, {**BOB_KICKED, "lane": "u42"}),
    "chat_join_request": (
        {"chat": GROUP, "from": ANN, "user_chat_id": 5000000001, "date": 1, "query_id": "j1"},
        {**BY_ANN, "chat": GROUP_INFO, "query_id": "j1"},
    ),
    "chat_boost": ({"chat": GROUP, "boost": BOOST}, {**IN_GROUP, "sender": ANN_SENDER}),
    "removed_chat_boost": (
        {"chat": GROUP, "boost_id": "b", "remove_date": 1, "source": {"source": "premium", "user": ANN}},
        IN_GROUP,
    ),
    "managed_bot": ({"user": ANN, "bot": {"id": 99, "is_bot": True, "first_name": "B"}}, BY_ANN),
    "subscription": ({"user": ANN, "invoice_payload": "o1", "state": "canceled"}, BY_ANN),
    "stopped_message_generation": ({"chat": GROUP, "draft_id": 3}, IN_GROUP),
}


def read(update: object) -> Envelope:
    return read_envelope(json.dumps(update).encode())


def read_message(**fields: Any) -> Envelope:
    return read({"update_id": 1, "message": {**MESSAGE, **fields}})


# kinds


def test_there_is_a_sample_of_each_kind() -> None:
    assert set(SAMPLES) == UPDATE_KINDS
    assert len(UPDATE_KINDS) == 27


@pytest.mark.parametrize("kind", SAMPLES)
def test_each_kind(kind: str) -> None:
    body, expected = SAMPLES[kind]
    assert read({"update_id": 900, kind: body}) == Envelope(update_id=900, kind=kind, **expected)


@pytest.mark.parametrize("kind", SAMPLES)
def test_fields_that_nobody_knows_change_nothing(kind: str) -> None:
    body, expected = SAMPLES[kind]
    more = {**body, "zzz": {"deep": [1, None, "x"]}}
    update = {"zz_before": 1, "update_id": 900, kind: more, "zz_after": {}}
    assert read(update) == Envelope(update_id=900, kind=kind, **expected)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("body", [0, "x", True, [], {}, 1.5, {"chat": 1, "from": [], "user": "x", "id": 5}])
def test_a_body_that_is_not_as_expected_is_kept(kind: str, body: object) -> None:
    envelope = read({"update_id": 900, kind: body})
    assert (envelope.kind, envelope.lane, envelope.sender) == (kind, "-", None)
    assert not envelope.readable


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_has_a_deadline_is_urgent_and_that_is_the_lanes_own(kind: str) -> None:
    envelope = read({"update_id": 900, kind: SAMPLES[kind][0]})
    assert envelope.urgent == envelope.lane.startswith("u")
    if kind.endswith("_query") or kind == "chat_join_request":
        assert envelope.urgent
    if "message" in kind:
        assert not envelope.urgent


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hologram", "hologram"),
        ("x" * 100, "x" * 64),
        ("a b\0\ud800é\n", "a?b???"),
        ("message ", "message?"),
        ("", "?"),
    ],
)
def test_an_unknown_kind_is_kept_under_its_own_name(name: str, kind: str) -> None:
    envelope = read({"update_id": 900, name: {"chat": GROUP}})
    assert envelope == Envelope(update_id=900, kind=kind)
    assert envelope.readable


def test_no_unknown_name_can_pass_for_a_known_kind() -> None:
    assert read({"update_id": 1, "chat boost": {}}).kind == "chat?boost"


@pytest.mark.parametrize("update", [{"update_id": 900}, {"update_id": 900, "message": None}])
def test_an_update_that_says_nothing_is_empty(update: object) -> None:
    assert read(update) == Envelope(update_id=900, kind="empty")


# messages


def test_a_reply_says_to_whom() -> None:
    envelope = read_message(reply_to_message={"message_id": 6, "from": BOB, "chat": GROUP, "date": 1})
    assert envelope.reply_to == ReplyTo(6, BOB_SENDER)


def test_a_chat_that_writes_is_no_sender() -> None:
    fake = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    envelope = read_message(
        **{"from": fake, "sender_chat": GROUP},
        reply_to_message={"message_id": 6, "from": fake, "sender_chat": GROUP},
    )
    assert envelope.readable
    assert envelope.sender is None
    assert envelope.reply_to == ReplyTo(6, None)


def test_a_migration_says_where_from_and_where_to() -> None:
    assert read_message(migrate_to_chat_id=-1005).migrate_to == -1005
    assert read_message(migrate_from_chat_id=-5).migrate_from == -5


def test_a_message_without_a_text_has_an_empty_one() -> None:
    message = {key: value for key, value in MESSAGE.items() if key != "text"}
    assert read({"update_id": 1, "message": message}).text == ""


def test_a_button_under_an_inline_message_has_no_chat() -> None:
    query = {"id": "q1", "from": ANN, "inline_message_id": "i", "chat_instance": "1", "game_short_name": "g"}
    envelope = read({"update_id": 1, "callback_query": query})
    assert envelope == Envelope(update_id=1, kind="callback_query", **BY_ANN, query_id="q1")


def test_a_button_under_a_message_out_of_reach() -> None:
    query = {"id": "q1", "from": ANN, "message": {"chat": GROUP, "message_id": 7, "date": 0}, "data": "x"}
    envelope = read({"update_id": 1, "callback_query": query})
    assert (envelope.chat, envelope.message_id) == (GROUP_INFO, 7)


def test_a_chats_reaction_and_vote_have_no_sender() -> None:
    reaction = {"chat": GROUP, "message_id": 7, "actor_chat": CHANNEL, "date": 1}
    vote = {"poll_id": "p1", "voter_chat": CHANNEL, "option_ids": [0]}
    assert read({"update_id": 1, "message_reaction": reaction}) == Envelope(
        update_id=1, kind="message_reaction", **IN_GROUP, message_id=7
    )
    assert read({"update_id": 1, "poll_answer": vote}) == Envelope(
        update_id=1, kind="poll_answer", lane="c-1009876543210"
    )


def test_a_boost_that_was_won_is_nobodys_deed() -> None:
    boost = {"boost_id": "b", "source": {"source": "giveaway", "giveaway_message_id": 1, "user": ANN}}
    assert read({"update_id": 1, "chat_boost": {"chat": GROUP, "boost": boost}}).sender is None


# numbers


@pytest.mark.parametrize("update_id", [0, 1, 2**31, 2**63 - 1])
def test_update_ids_of_64_bits(update_id: int) -> None:
    assert read({"update_id": update_id, "message": MESSAGE}).update_id == update_id


@pytest.mark.parametrize(
    "update_id", ["-1", "9223372036854775808", "1" * 5000, "1.5", '"1"', "true", "null", "[]", "{}", "1e400"]
)
def test_what_is_no_update_id(update_id: str) -> None:
    with pytest.raises(NotAnUpdate):
        read_envelope(b'{"update_id":%s,"message":{}}' % update_id.encode())


@pytest.mark.parametrize("chat_id", [-(2**63), 2**63 - 1, 0, -1])
def test_ids_of_64_bits_in_the_body(chat_id: int) -> None:
    envelope = read_message(chat={"id": chat_id, "type": "group"})
    assert (envelope.lane, envelope.readable) == (f"c{chat_id}", True)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**4000])
@pytest.mark.parametrize("place", ["chat", "from", "message_id", "migrate_to_chat_id"])
def test_ids_beyond_64_bits_are_unreadable_but_accepted(place: str, number: int) -> None:
    value = {"id": number, "type": "private"} if place in ("chat", "from") else number
    envelope = read_message(**{place: value})
    assert (envelope.kind, envelope.readable, envelope.lane) == ("message", False, "-")


# texts


def test_texts_are_fit_for_a_database() -> None:
    raw = (
        r'{"update_id":1,"message":{"message_id":7,"chat":{"id":1,"type":"private","title":"\u0000\uDC00"},'
        r'"from":{"id":2,"first_name":"\u0000A\ud800","username":"\ud83d\ude00"},'
        r'"text":"a\u0000b\ud83dc\ude00\ud83d\ude00\\u0000\\ud800\\\u0000é"}}'
    )
    envelope = read_envelope(raw.encode())
    assert envelope.text == "ab\ufffdc\ufffd😀\\u0000\\ud800\\é"
    assert envelope.sender == Sender(2, first_name="A\ufffd", username="😀")
    assert envelope.chat == ChatInfo(1, "private", "\ufffd")


def test_a_nul_alone_is_left_out() -> None:
    assert read_message(text="a\0b").text == "ab"


def test_a_lone_surrogate_alone_is_replaced() -> None:
    assert read_message(text="a\ud800b").text == "a\ufffdb"


def test_a_lone_surrogate_where_nobody_looks_does_no_harm() -> None:
    assert read_message(zzz="\ud800").text == "hello"


# no updates


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"update_id"',
        b"[]",
        b"{}",
        b'[{"update_id":1}]',
        b'{"message":{}}',
        b'{"update_id":1',
        b'{"update_id":1}}',
        b'{"update_id":1,}',
        b"{'update_id':1}",
        b'{"update_id":NaN}',
        b'{"update_id":1,"x":NaN}',
        b'{"update_id":1,"x":"\x00"}',
        b'{"update_id":1,"x":"\xff"}',
        b'{"update_id":1,"x":"\xed\xa0\x80"}',
        b'{"update_id":1,"\xff":1}',
        b'{"update_id":1,"x":"\\x"}',
        b'{"update_id":1,"x":"\\u12"}',
        b'\xef\xbb\xbf{"update_id":1}',
        '{"update_id":1}'.encode("utf-16"),
        b"update_id=1",
        b"\x00" * 100,
        b"<xml/>",
    ],
)
def test_what_is_no_update(raw: bytes) -> None:
    with pytest.raises(NotAnUpdate):
        read_envelope(raw)


@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("where", [b'{"update_id":1,"message":%s}', b'{"update_id":1,"zzz":%s}', b"%s"])
@pytest.mark.parametrize("depth", [10_000, 300_000])
def test_deep_nesting_is_refused(start: bytes, end: bytes, where: bytes, depth: int) -> None:
    with pytest.raises(NotAnUpdate):
        read_envelope(where % (start * depth + b"1" + end * depth))


def test_two_mebibytes_are_read() -> None:
    assert len(read_message(text="x" * 2**21).text) == 2**21
    assert len(read_message(text="\ud800" * 2**18).text) == 2**18


known_names = st.sampled_from(["id", "from", "user", "chat", "message_id", "type", "text", "message"])
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=5), known_names),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


kinds = st.one_of(st.sampled_from(sorted(UPDATE_KINDS)), st.text(max_size=80))


@given(
    st.dictionaries(kinds, json_values, max_size=3),
    st.integers(0, 2**63 - 1),
)
@example({"message": MESSAGE}, 5)
def test_any_object_with_an_update_id_is_accepted(fields: dict[str, Any], update_id: int) -> None:
    try:
        raw = json.dumps({**fields, "update_id": update_id}, allow_nan=False).encode()
    except ValueError:
        return  # NaN and infinities are not JSON
    envelope = read_envelope(raw)
    assert envelope.update_id == update_id
    assert 1 <= len(envelope.kind) <= 64
    assert len(envelope.lane) <= 24
    envelope.text.encode()
    assert "\0" not in envelope.text + envelope.kind


@given(st.binary(max_size=200))
@example(b'{"update_id":1}')
def test_any_bytes_are_an_update_or_not(raw: bytes) -> None:
    try:
        envelope = read_envelope(raw)
    except NotAnUpdate:
        return
    assert envelope.update_id >= 0


@given(st.data())
def test_a_broken_sample_is_an_update_or_not(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SAMPLES)))
    raw = bytearray(json.dumps({"update_id": 1, kind: SAMPLES[kind][0]}).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_envelope(bytes(raw))
    except NotAnUpdate:
        return
