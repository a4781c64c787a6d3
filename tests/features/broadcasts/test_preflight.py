"""What is looked at before a broadcast starts, and that no start goes around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.features.broadcasts.crowd import (
    ADMIN,
    BOT,
    HELLO,
    NOW,
    PACE,
    drafted,
    gather,
    reasons,
    seen,
    started,
)

from botyard.db.session import Database
from botyard.features.broadcasts import checks
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.message import (
    ButtonKind,
    Media,
    Message,
    MessageButton,
    MessageKind,
)
from botyard.features.broadcasts.models import BroadcastState
from botyard.features.broadcasts.service import drafts, life, preflight
from botyard.features.broadcasts.service.drafts import Wording
from botyard.features.broadcasts.service.preflight import NotReady, Preflight
from botyard.ids import BotId, UserId
from botyard.members import consent
from botyard.members.consent import Topic
from botyard.members.models import BotChat, Chat, User
from botyard.outbox.bulk import Pace

PHOTO = Media(MessageKind.PHOTO, "file")


def text(html: str, *buttons: MessageButton) -> Message:
    return Message(MessageKind.TEXT, html, buttons=(buttons,) if buttons else ())


def link(target: str, kind: ButtonKind = ButtonKind.LINK, says: str = "Go") -> Message:
    return text("Hello", MessageButton(says, kind, target))


def album(*kinds: MessageKind, **more: Any) -> Message:
    return Message(MessageKind.ALBUM, media=tuple(Media(kind, "file") for kind in kinds), **more)


async def checked(database: Database, number: int, pace: Pace = PACE, **more: Any) -> Preflight:
    async with database.reading() as session:
        return await preflight.check(session, await drafts.get(session, number), pace, NOW, **more)


async def worded(database: Database, number: int, *wordings: Wording) -> None:
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        await drafts.word(session, broadcast, wordings, ADMIN, NOW)
        broadcast.tested_at = NOW


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (text(" "), "no text"),
        (text("<b>Hello"), "never closed"),
        (text("{first_name|<b>}"), "never closed"),
        (text("<b>{username|</b>}"), "never closed"),
        (text("Hello {nick_name}"), "{nick_name} stands for nothing"),
        (text("{username}"), "Nothing is left of the text"),
        (text("<b>{last_name} {username}</b>"), "Nothing is left of the text"),
        (link("example.com"), "leads nowhere"),
        (link("http://localhost/"), "leads nowhere"),
        (link("https://exa mple.com"), "leads nowhere"),
        (link("javascript:alert(1)"), "leads nowhere"),
        (link("https://[1"), "leads nowhere"),
        (link("tg://user?id=1", ButtonKind.TRACKED), "counted begins with https"),
        (link("http://example.com", ButtonKind.MINI_APP), "no Mini App"),
        (link("x" * 201, ButtonKind.PRESS), "answers with 201 letters"),
        (link("https://example.com", says=" "), "says nothing"),
        (link("https://example.com", says="x" * 65), "says 65 letters"),
        (text("Hello", *[MessageButton("Go", ButtonKind.PRESS, "")] * 101), "101 buttons"),
        (album(MessageKind.PHOTO), "has 1 file."),
        (album(*[MessageKind.PHOTO] * 11), "has 11 files."),
        (album(MessageKind.PHOTO, MessageKind.VOICE), "No album takes voice"),
        (album(MessageKind.PHOTO, MessageKind.DOCUMENT), "albums of their own"),
        (
            album(MessageKind.PHOTO, MessageKind.PHOTO, buttons=link("https://example.com").buttons),
            "no buttons",
        ),
        (Message(MessageKind.PHOTO), "no photo in it"),
        (Message(MessageKind.PHOTO, media=(Media(MessageKind.PHOTO, "file", BotId(8)),)), "another bot"),
        (Message(MessageKind.COPY, source_chat=1), "copies nothing"),
    ],
)
def test_what_telegram_would_not_take(message: Message, what: str) -> None:
    problems = checks.problems_of(message, BOT, 3)
    assert any(what in str(each) for each in problems), problems
    assert all(each.remedy and str(each).startswith("Message 3: ") for each in problems)


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        text("<b>{first_name}</b> {last_name} {username|you} {id} {not a variable}"),
        text("{name|friend}"),
        link("tg://resolve?domain=shop"),
        link("https://example.com/a?b=c#d"),
        link("", ButtonKind.PRESS),
        link("https://example.com", ButtonKind.MINI_APP),
        text("Hello", *[MessageButton("Go", ButtonKind.PRESS, "")] * 100),
        Message(MessageKind.PHOTO, "{username}", (PHOTO,)),
        Message(MessageKind.PHOTO, None, (Media(MessageKind.PHOTO, "file", BOT),)),
        album(MessageKind.PHOTO, MessageKind.VIDEO),
        album(MessageKind.DOCUMENT, MessageKind.DOCUMENT),
        Message(MessageKind.COPY, source_chat=1, source_message=2),
    ],
)
def test_what_telegram_takes(message: Message) -> None:
    assert checks.problems_of(message, BOT, 1) == []


async def test_a_sound_broadcast_is_ready_and_shown(database: Database) -> None:
    await gather(database, 5)
    await gather(database, 1, first=6, language_code="de")
    async with database.session() as session:
        await session.execute(update(User).where(User.id == 4).values(first_name="Maximiliane <3"))
        blocked = select(Chat.id).where(Chat.telegram_id == 5).scalar_subquery()
        await session.execute(update(BotChat).where(BotChat.chat_key == blocked).values(reachable=False))
    number = await drafted(database)
    await worded(database, number, Wording(1, HELLO), Wording(2, text("Hallo {first_name}"), "de"))
    found = await checked(database, number, bots=[BOT])
    assert (found.problems, found.warnings, found.is_ready) == ((), (), True)
    assert (found.recipients, found.by_variant, found.unreachable) == (5, {1: 4, 2: 1}, 1 / 6)
    assert [(each.variant, each.user_id, each.html) for each in found.samples] == [
        (1, 4, "Hello Maximiliane &lt;3!"),
        (1, 1, "Hello Name1!"),
        (1, 2, "Hello Name2!"),
        (2, 6, "Hallo Name6"),
    ]


async def test_duration_and_stars_count_messages(database: Database) -> None:
    await gather(database, 35)
    plain = await checked(database, await drafted(database))
    assert (plain.duration, plain.stars) == (timedelta(seconds=35 / 30 * 1.1), 0)
    assert (await checked(database, await drafted(database), Pace(0, 0))).duration == timedelta()
    paid = await checked(database, await drafted(database, paid=True))
    assert (paid.duration, paid.stars) == (timedelta(seconds=35 / 1000 * 1.1), 4)
    assert "10,000 Stars" in str(paid.warnings[0])
    three = await drafted(database, album(*[MessageKind.PHOTO] * 3), paid=True)
    assert (await checked(database, three)).stars == 11


async def test_who_has_the_longest_name_decides_about_the_length(database: Database) -> None:
    await gather(database, 3)
    number = await drafted(database, text("x" * 4085 + "{name}"))
    found = await checked(database, number)
    assert found.problems == ()
    (warning,) = found.warnings
    assert "letters too long for the longest name" in warning.what
    async with database.session() as session:
        await session.execute(update(User).where(User.id == 2).values(first_name="Anna", last_name="Beatrix"))
    found = await checked(database, number)
    assert "one letter too long for Anna Beatrix (2)" in found.problems[0].what
    with pytest.raises(NotReady, match="too long for Anna Beatrix"):
        async with database.session() as session:
            await life.start(session, await drafts.locked(session, number), ADMIN, NOW)


async def test_the_way_out_of_an_album_counts(database: Database) -> None:
    await gather(database, 1)
    await agree(database, 1, Topic.NEWS)
    message = album(MessageKind.PHOTO, MessageKind.PHOTO, html="x" * 1010)
    found = await checked(database, await drafted(database, message, topic=Topic.NEWS))
    assert "too long" in found.problems[0].what
    found = await checked(database, await drafted(database, message))
    assert "too long" in found.problems[0].what, "what belongs to the service can be left too"


async def agree(database: Database, user_id: int, topic: Topic) -> None:
    async with database.session() as session:
        await consent.say(session, UserId(user_id), [topic], NOW, granted=True, source="test")


async def test_nobody_to_send_to_says_why(database: Database) -> None:
    await gather(database, 2, language_code="en")
    nobody = await checked(database, await drafted(database, audience=Audience(tags=("vip",))))
    assert [each.what for each in nobody.problems] == ["Nobody is in its audience."]
    marketing = await checked(database, await drafted(database, topic=Topic.OFFERS))
    assert "2 members who are meant have not said yes to offers" in marketing.problems[0].what
    number = await drafted(database)
    await worded(database, number, Wording(1, HELLO, "de"))
    assert "language" in (await checked(database, number)).problems[0].what
    with pytest.raises(NotReady, match="language"):
        async with database.session() as session:
            await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    await agree(database, 1, Topic.OFFERS)
    assert (await checked(database, await drafted(database, topic=Topic.OFFERS))).problems == ()


async def test_who_is_left_out_is_told(database: Database) -> None:
    await gather(database, 2, language_code="en")
    await gather(database, 3, first=10, language_code="fr")
    number = await drafted(database)
    await worded(database, number, Wording(1, HELLO, "en"), Wording(2, HELLO, "de"))
    found = await checked(database, number, above=1)
    assert (found.recipients, found.problems) == (2, ())
    assert [(each.variant, each.what) for each in found.warnings] == [
        (None, "3 members get nothing: no message is in their language."),
        (2, "Nobody gets it."),
        (None, "It goes to more than 1 members: a second admin has to agree."),
    ]


async def test_a_country_goes_before_its_language(database: Database) -> None:
    await gather(database, 1, first=1, language_code="de-AT")
    await gather(database, 1, first=2, language_code="de")
    number = await drafted(database)
    await worded(database, number, Wording(1, HELLO, "de"), Wording(2, HELLO, "de-at"))
    assert (await checked(database, number)).by_variant == {1: 1, 2: 1}


async def test_a_bot_that_is_not_here_any_more(database: Database) -> None:
    await gather(database, 1)
    number = await drafted(database)
    assert "not among" in (await checked(database, number, bots=[BotId(8)])).problems[0].what


async def test_no_start_goes_around_it(database: Database) -> None:
    await gather(database, 2)
    number = await drafted(database)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        await drafts.word(session, broadcast, [Wording(1, text("<b>Hello"))], ADMIN, NOW)
        assert [each.variant for each in (await preflight.check(session, broadcast, PACE, NOW)).problems] == [
            1,
            None,
        ]
        with pytest.raises(NotReady, match="never closed") as refusal:
            await life.start(session, broadcast, ADMIN, NOW)
        assert len(refusal.value.problems) == 2
        with pytest.raises(NotReady):
            await life.schedule(session, broadcast, NOW + timedelta(hours=1), ADMIN, NOW)
        await drafts.word(session, broadcast, [Wording(1, HELLO)], ADMIN, NOW)
        with pytest.raises(NotReady, match="Send it to yourself first"):
            await life.start(session, broadcast, ADMIN, NOW)
        broadcast.tested_at = NOW
        assert await life.start(session, broadcast, ADMIN, NOW)
    assert (await seen(database, number)).state is BroadcastState.FREEZING


async def test_one_that_was_spoilt_while_it_was_paused_does_not_go_on(database: Database) -> None:
    await gather(database, 2)
    number = await started(database)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.pause(session, broadcast, ADMIN, NOW)
        await drafts.word(session, broadcast, [Wording(1, text("<b>Hello"))], ADMIN, NOW)
        with pytest.raises(NotReady):
            await life.resume(session, broadcast, ADMIN, NOW)
    assert len(await reasons(database, number)) == 2


@pytest.mark.parametrize(
    "typed",
    [
        "{First_Name}",
        "{FIRST_NAME|friend}",
        "{ first_name }",
        "{ first_name | friend }",
        "{first name}",
        "{first_name",
        "{first_name|friend",
        "{first_name|a|b}",
        "{{first_name}}",
        "{{first_name|friend}}",
        "{first_name}}",
        "{<b>first_name</b>}",
        "{Name}",
        "{id",
    ],
)
def test_what_looks_like_a_variable_is_not_sent_as_typed(typed: str) -> None:
    (problem,) = checks.problems_of(text(f"Hello {typed}, welcome"), BOT, 1)
    assert "would be sent as it is typed" in problem.what
    assert "{first_name|friend}" in problem.remedy


@pytest.mark.parametrize(
    "typed",
    [
        "{first_name}",
        "{first_name|dear <b>friend</b>}",
        "{first_name}{last_name|}",
        "{see {name}}",
        "{id est}",
        "{the name of the shop}",
        "{ 20 % }",
        "{}",
        "a { b",
        ":-{ name it",
        "{namely so",
    ],
)
def test_other_braces_are_text(typed: str) -> None:
    assert checks.problems_of(text(f"Hello {typed}, welcome"), BOT, 1) == []
