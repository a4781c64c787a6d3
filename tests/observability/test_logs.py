"""Logs: one pipeline, UTC, and no secret in any line."""

import asyncio
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
import uvicorn
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from botyard.ids import BotToken
from botyard.observability import logs
from botyard.observability.logs import configure_logging, mask, mask_event, register_secret
from botyard.settings import LogFormat, LogLevel

SECRET = "aaaa-bbbb_cccc-dddd_eeee"
TOKEN = f"123456:{SECRET}"

secrets = st.text("abcXYZ019_-", min_size=20, max_size=50).map("k{}".format)
tokens = st.builds("{}:{}".format, st.integers(10_000, 10**12), secrets)
surroundings = st.text(max_size=40) | st.text("0189:/@ab _%3A\"'", max_size=40)


@pytest.fixture(autouse=True)
def no_registered_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_registered", set())


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What was logged since the last look. Puts the process's logging back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield lambda: capsys.readouterr().err
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


@given(surroundings, tokens, surroundings)
def test_no_token_gets_through(before: str, token: str, after: str) -> None:
    secret = token.partition(":")[2]
    assume(secret not in before + after)
    assert secret not in mask(before + token + after)


@given(surroundings, tokens, surroundings)
def test_no_token_gets_through_in_a_url(before: str, token: str, after: str) -> None:
    secret = token.partition(":")[2]
    assume(secret not in before + after)
    assert secret not in mask(f"{before}https://api.telegram.org/bot{token}/sendMessage{after}")
    assert secret not in mask(f"{before}/bot{token.replace(':', '%3A')}/getMe{after}")


@given(
    st.sets(st.text('ab@:/" 1', min_size=4, max_size=12), max_size=4),
    st.lists(surroundings, min_size=1, max_size=5),
)
def test_no_registered_secret_gets_through(known: set[str], between: list[str]) -> None:
    logs._registered.clear()
    for secret in known:
        register_secret(secret)
    masked = mask("".join(piece + secret for piece in between for secret in known))
    assert not [secret for secret in known if secret in masked]


@given(st.text(st.characters(exclude_characters=":%"), max_size=200))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (TOKEN, "123456:***"),
        (f"POST /bot{TOKEN}/sendMessage 200", "POST /bot123456:***/sendMessage 200"),
        ("postgresql+psycopg://botyard:p4ss@db:5432/x", "postgresql+psycopg://botyard:***@db:5432/x"),
        ("postgres://botyard:p/4@s:s@db/x", "postgres://botyard:***@db/x"),
        ('{"url": "postgres://u:pass@db/x", "by": "a@b"}', '{"url": "postgres://u:***@db/x", "by": "a@b"}'),
        ("redis://:p4ss@cache:6379", "redis://:***@cache:6379"),
        ("http://127.0.0.1:8080/telegram/main/webhook?to=a@b", "http://127.0.0.1:8080/telegram/main/webhook?to=a@b"),
        ("2026-11-23T21:45:59.691447Z chat 123456789012:", "2026-11-23T21:45:59.691447Z chat 123456789012:"),
    ],
)  # fmt: skip
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_secret_within_a_longer_one_leaves_no_tail() -> None:
    for secret in ("whsec", "whsec_long", "ong_and_more"):
        register_secret(secret)
    assert mask("<whsec_long_and_more>") == "<***>"


def test_very_short_texts_do_not_hide_the_log() -> None:
    register_secret("")
    register_secret("bot")
    assert mask("the bot starts") == "the bot starts"


@pytest.mark.parametrize(
    "hostile", ["postgres://a:", "1", "://a:", "12345:", "postgres", "123456:" + "a" * 30 + "@"]
)
def test_hostile_text_is_masked_in_no_time(hostile: str) -> None:
    started = time.perf_counter()
    mask(hostile * (100_000 // len(hostile)))
    assert time.perf_counter() - started < 2


@given(
    st.recursive(
        tokens | st.integers() | st.none() | tokens.map(str.encode) | tokens.map(ValueError),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(tokens, inner, max_size=3) | st.tuples(inner, inner)
        ),
        max_leaves=8,
    )
)
def test_nothing_nested_gets_through(value: object) -> None:
    line = json.dumps(mask_event(None, "info", {"event": "x", "value": value}))
    assert not logs._SHAPES.search(line)


def test_values_that_contain_themselves_end() -> None:
    loop: list[object] = [TOKEN]
    loop.append(loop)
    assert SECRET not in json.dumps(mask_event(None, "info", {"loop": loop}))


def test_json_line(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    structlog.get_logger("botyard.test").info(
        "update handled", bot="main", lane=5, token=BotToken(TOKEN), raw=TOKEN
    )
    line = json.loads(read())
    logged_at = datetime.fromisoformat(line.pop("timestamp"))
    assert logged_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - logged_at) < timedelta(minutes=1)
    assert line == {
        "event": "update handled",
        "level": "info",
        "logger": "botyard.test",
        "bot": "main",
        "lane": 5,
        "token": "BotToken(123456:***)",
        "raw": "123456:***",
    }


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.CONSOLE, LogFormat.AUTO])
@pytest.mark.parametrize(
    "name", ["botyard", "uvicorn.error", "aiohttp.client", "sqlalchemy.engine", "alembic"]
)
def test_tracebacks_of_all_loggers_hide_secrets(
    read: Callable[[], str], log_format: LogFormat, name: str
) -> None:
    register_secret("hunter2-password")
    configure_logging(log_format, LogLevel.INFO)
    log = structlog.get_logger(name) if name == "botyard" else logging.getLogger(name)
    try:
        try:
            raise ConnectionError(f"https://api.telegram.org/bot{TOKEN}/getMe")
        except ConnectionError as error:
            raise RuntimeError("login as hunter2-password failed") from error
    except RuntimeError:
        log.exception("cannot connect with %s", TOKEN)
    text = read()
    assert "Traceback" in text
    assert "ConnectionError" in text
    assert "RuntimeError" in text
    assert SECRET not in text
    assert "hunter2" not in text


def test_stdlib_lines_have_the_same_shape(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    logging.getLogger("some.library").info("Running upgrade %s", TOKEN, extra={"revision": TOKEN})
    line = json.loads(read())
    assert line["event"] == "Running upgrade 123456:***"
    assert line["revision"] == "123456:***"
    assert (line["logger"], line["level"]) == ("some.library", "info")
    assert line["timestamp"].endswith("Z")


async def test_uvicorn_logs_through_the_pipeline(read: Callable[[], str]) -> None:
    async def nothing(scope: object, receive: object, send: object) -> None: ...

    configure_logging(LogFormat.JSON, LogLevel.INFO)
    server = uvicorn.Server(uvicorn.Config(nothing, log_config=None, port=0, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    server.should_exit = True
    await serving
    lines = [json.loads(line) for line in read().splitlines()]
    assert lines[0]["event"].startswith("Started server process")
    assert all(set(line) == {"event", "level", "logger", "timestamp"} for line in lines)


def test_loggers_that_were_configured_before_join_in(read: Callable[[], str]) -> None:
    earlier = logging.getLogger("uvicorn.error")
    earlier.addHandler(logging.StreamHandler())
    earlier.propagate = False
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    earlier.warning("started")
    assert [json.loads(line)["event"] for line in read().splitlines()] == ["started"]


def test_warnings_are_logged(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"unclosed {TOKEN}", stacklevel=1)
        logging.captureWarnings(False)
    assert "unclosed 123456:***" in read()


def test_level_holds_for_both(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.WARNING)
    structlog.get_logger("botyard.level").info("quiet")
    logging.getLogger("aiohttp").info("quiet")
    structlog.get_logger("botyard.level").warning("loud")
    logging.getLogger("aiohttp").warning("loud")
    assert [json.loads(line)["event"] for line in read().splitlines()] == ["loud", "loud"]


def test_request_lines_are_not_repeated(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.DEBUG)
    logging.getLogger("uvicorn.access").info("POST /telegram/main/webhook 200")
    assert read() == ""


def test_statements_are_not_logged(read: Callable[[], str]) -> None:
    """SQLAlchemy echoes each of them at INFO, for which every statement pays."""
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert read() == ""


def test_a_line_stays_one_line_whatever_is_in_it(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.JSON, LogLevel.INFO)
    structlog.get_logger("botyard.lines").info(
        "two\nlines", text="\ud800\x00\u2028", **{"odd\nkey": object()}
    )
    (line,) = read().splitlines()
    assert json.loads(line)["text"] == "\ud800\x00\u2028"


def test_away_from_a_terminal_auto_is_json(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.AUTO, LogLevel.INFO)
    structlog.get_logger("botyard.auto").info("hello")
    assert json.loads(read())["event"] == "hello"


def test_console_is_for_people(read: Callable[[], str]) -> None:
    configure_logging(LogFormat.CONSOLE, LogLevel.INFO)
    structlog.get_logger("botyard.console").info("hello", bot="main", token=TOKEN)
    text = read()
    assert "hello" in text
    assert "bot=main" in text
    assert "token=123456:***" in text
    assert "\x1b[" not in text
