"""What each setting must look like: a function per format, from a person's text or TOML value to a typed one.

Each raises `ValueError` with the end of a sentence that begins with the variable's name ("must be ..."). None
repeats the value: a secret may have been put under the wrong name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from botyard.ids import BotId, BotToken, ChatId, UserId
from botyard.money import Money, MoneyError

IpNetwork = IPv4Network | IPv6Network
Choice = TypeVar("Choice", bound=StrEnum)

MAIN_BOT = "main"
"""The name of the only bot where just a token is given."""
TELEGRAM_ID_LIMIT = 2**52
"""Telegram's ids have at most 52 significant bits (Bot API, `User` and `Chat`)."""
MOST_PERCENT = 90
"""Something is always left to pay."""
SQLITE_DRIVER = "sqlite+aiosqlite"
POSTGRES_DRIVER = "postgresql+psycopg"
_DRIVERS = {
    "sqlite": SQLITE_DRIVER,
    SQLITE_DRIVER: SQLITE_DRIVER,
    "postgres": POSTGRES_DRIVER,
    "postgresql": POSTGRES_DRIVER,
    POSTGRES_DRIVER: POSTGRES_DRIVER,
}

_BOT_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_SPAN = re.compile(r"([0-9]{1,2})([dh])")
_LENGTHS = {"h": "hours", "d": "days"}
_LEAST_GRACE = timedelta(hours=3)
_MOST_GRACE = timedelta(days=90)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class ReferralReward:
    """What a member gets for each friend who buys: `days` of a plan, or a code for `percent` off."""

    days: int = 0
    percent: int = 0


def _text(value: object) -> str:
    """The text itself, or that of a `SecretStr`."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.isprintable():
        raise ValueError("must be text without control characters")
    return value


def _entries(value: object) -> Iterable[object]:
    """The entries of a comma separated text or of a list."""
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",") if entry.strip()]
    if isinstance(value, list | tuple):
        return value
    return [value]


def _object(value: object, what: str) -> Mapping[str, object]:
    """A TOML table, or the text of a JSON object in which no key comes twice."""
    if isinstance(value, str):
        try:
            value = json.loads(value, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError):
            raise ValueError(f"is not valid JSON: it must be an object of {what}, each key once") from None
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"must be an object of {what}")
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key comes twice")
    return result


def folder(value: object) -> Path:
    """A folder. It need not exist yet."""
    text = _text(str(value) if isinstance(value, Path) else value)
    if not text:
        raise ValueError("must be the path of a folder")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ where no home folder is known") from None


def database_url(value: object) -> SecretStr:
    """The database's address with the driver that botyard uses. The password is kept, but not shown."""
    try:
        url = make_url(_text(value))
    except (ArgumentError, ValueError):
        raise ValueError("is not the address of a database") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if driver == SQLITE_DRIVER and (url.host or url.database in (None, "", ":memory:")):
        raise ValueError("must name a file: three slashes, then its path")
    if not url.database:
        raise ValueError("must end with the name of a database")
    if url.host and not _is_host(url.host):
        raise ValueError("has no host name where one belongs (in a password write @ as %40)")
    if url.port is not None and not 0 < url.port < 2**16:
        raise ValueError("has a port outside 1 to 65535")
    return SecretStr(url.set(drivername=driver).render_as_string(hide_password=False))


def sqlite_file(path: Path) -> SecretStr:
    """The address of an SQLite file."""
    return SecretStr(URL.create(SQLITE_DRIVER, database=str(path)).render_as_string())


def bots(value: object) -> Mapping[str, BotToken]:
    """Bots by name. Two names for one bot are refused: each would take the other's updates."""
    found: dict[str, BotToken] = {}
    names: dict[BotId, str] = {}
    for name, text in _object(value, "bot names and tokens").items():
        if not _BOT_NAME.fullmatch(name):
            raise ValueError("has a bot whose name is not 1-32 of a-z, 0-9, _ and -")
        token = _token(text, f"has no valid token for the bot '{name}'")
        other = names.setdefault(token.bot_id, name)
        if other != name:
            raise ValueError(f"gives the same bot two names, '{other}' and '{name}'")
        found[name] = token
    return found


def main_bot(value: object) -> Mapping[str, BotToken]:
    """One bot, named `main`, from its token alone."""
    return {MAIN_BOT: _token(value, "is not a bot token")}


def _token(value: object, problem: str) -> BotToken:
    try:
        return value if isinstance(value, BotToken) else BotToken(_text(value))
    except ValueError:
        raise ValueError(f"{problem}: the bot's number, a colon, then letters, digits, - and _") from None


def webhook_secret(value: object) -> SecretStr:
    """The secret that Telegram sends back with every update (Bot API, `setWebhook`)."""
    text = _text(value)
    if not _WEBHOOK_SECRET.fullmatch(text):
        raise ValueError("must be 1-256 of A-Z, a-z, 0-9, _ and -")
    return SecretStr(text)


def key(value: object) -> SecretStr:
    """A key of another service: any visible characters."""
    text = _text(value)
    if not _VISIBLE.fullmatch(text):
        raise ValueError("must be one word of visible ASCII characters")
    return SecretStr(text)


def networks(value: object) -> tuple[IpNetwork, ...]:
    """IPv4 and IPv6 networks; a bare address is a network of one."""
    return tuple(_network(entry, place) for place, entry in enumerate(_entries(value), start=1))


def _network(entry: object, place: int) -> IpNetwork:
    if isinstance(entry, IPv4Network | IPv6Network):
        return entry
    try:
        network = ip_network(_text(entry), strict=False)
    except ValueError:
        raise ValueError(f"has no IPv4 or IPv6 network as entry {place}") from None
    if ip_address(_text(entry).partition("/")[0]) != network.network_address:
        raise ValueError(f"has as entry {place} an address inside a network, not the network's first")
    return network


def spans(value: object) -> tuple[timedelta, ...]:
    """Lengths of time such as `3d` or `12h`, each once, the longest first; `none` for none."""
    entries = [] if value == "none" else _entries(value)
    found = {_span(entry, place) for place, entry in enumerate(entries, start=1)}
    return tuple(sorted(found, reverse=True))


def _span(entry: object, place: int) -> timedelta:
    if isinstance(entry, timedelta):
        return entry
    read = _SPAN.fullmatch(_text(entry))
    if read is None:
        raise ValueError(f"has no length of time, such as 3d or 12h, as entry {place}")
    return timedelta(days=int(read[1])) if read[2] == "d" else timedelta(hours=int(read[1]))


def public_url(value: object) -> str:
    """Where Telegram and browsers reach botyard: https, or http on this machine. Without the last slash."""
    parts = _url(value)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https:// (http:// is for this machine alone)")
    return parts.geturl().rstrip("/")


def service_url(value: object) -> str:
    """The address of another service's API, http or https. Without the last slash."""
    return _url(value).geturl().rstrip("/")


def _url(value: object) -> SplitResult:
    text = _text(value)
    problem = "must be a full address with http:// or https:// and a host"
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        raise ValueError(problem) from None
    if not complete or not _VISIBLE.fullmatch(text):
        raise ValueError(problem)
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    if "?" in text or "#" in text:
        raise ValueError("must have no query (?) and no fragment (#)")
    return parts


def _is_loopback(host_name: str) -> bool:
    try:
        return ip_address(host_name).is_loopback
    except ValueError:
        return host_name == "localhost" or host_name.endswith(".localhost")


def owner_ids(value: object) -> tuple[UserId, ...]:
    """Telegram ids of people, each once, in the order given."""
    found = [_whole_number(entry) for entry in _entries(value)]
    if not all(number is not None and 0 < number < TELEGRAM_ID_LIMIT for number in found):
        raise ValueError("must be positive Telegram ids below 2^52, separated by commas")
    return tuple(dict.fromkeys(UserId(number) for number in found if number is not None))


def _whole_number(value: object) -> int | None:
    """An integer or the text of one; nothing for anything else (True is not 1)."""
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def group_map(value: object) -> Mapping[str, tuple[ChatId, ...]]:
    """Chats by keyword. `a+b` needs both words."""
    found: dict[str, tuple[ChatId, ...]] = {}
    for place, (keyword, chats) in enumerate(_object(value, "keywords and chat ids").items(), start=1):
        if not all(word.strip() for word in keyword.split("+")):
            raise ValueError(f"has an empty keyword or word as entry {place}")
        ids = chats if isinstance(chats, list | tuple) else [chats]
        if not ids:
            raise ValueError(f"has an empty list as entry {place}")
        found[keyword] = tuple(dict.fromkeys(_chat_id(chat, place) for chat in ids))
    return found


def _chat_id(value: object, place: int) -> ChatId:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < abs(value) < TELEGRAM_ID_LIMIT:
        raise ValueError(f"has no chat id (a whole number) or list of them as entry {place}")
    return ChatId(value)


def rate(value: object) -> float:
    """A rate that is not negative; 0 lifts the limit."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # TypeError is caught
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ValueError("must be a number, 0 or more")
    return number


def count(value: object) -> int:
    """A number of people or things."""
    number = _whole_number(value)
    if number is None or not 0 <= number < 2**31:
        raise ValueError("must be a whole number, 0 or more")
    return number


def amounts(value: object) -> tuple[Money, ...]:
    """Amounts of money, one for each currency, such as `100 GBP, 10000 XTR`."""
    words = value if isinstance(value, list | tuple) else _text(value).split(",")
    try:
        found = tuple(Money.parse(" ".join(_text(each).split())) for each in words)
    except MoneyError:
        found = ()
    if not found or len({each.currency for each in found}) < len(found):
        raise ValueError("must be amounts with their currencies, each currency once")
    return found


def referral_reward(value: object) -> ReferralReward | None:
    """What members get for who they bring: days such as `7d`, a share such as `10%`, or nothing: `off`."""
    text = _text(value).strip().lower()
    found = re.fullmatch(r"([1-9][0-9]{0,2}) *(d|%)", text)
    if text in ("off", ""):
        return None
    if found is None or (found[2] == "%" and int(found[1]) > MOST_PERCENT):
        raise ValueError(f"must be days such as 7d, a share such as 10% (up to {MOST_PERCENT}%), or off")
    number = int(found[1])
    return ReferralReward(days=number) if found[2] == "d" else ReferralReward(percent=number)


def percent(value: object) -> int:
    """A whole number from 0 to 100."""
    number = _whole_number(value)
    if number is None or not 0 <= number <= 100:
        raise ValueError("must be a whole number of percent, from 0 to 100")
    return number


def grace(value: object) -> timedelta:
    """Hours or days, such as 24h or 2d: three hours at least, 90 days at most."""
    match = re.fullmatch(r"([0-9]{1,4}) ?(h|d)", _text(value).strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a number of hours or days, such as 24h or 2d")
    length = timedelta(**{_LENGTHS[match[2]]: int(match[1])})
    if length < _LEAST_GRACE:
        raise ValueError("must be at least 3h: so long, a clock that is two hours wrong removes nobody")
    if length > _MOST_GRACE:
        raise ValueError("must be at most 90d")
    return length


def port(value: object) -> int:
    """A TCP port; 0 lets the system choose a free one."""
    number = _whole_number(value)
    if number is None or not 0 <= number < 2**16:
        raise ValueError("must be a whole number from 0 to 65535")
    return number


def host(value: object) -> str:
    """The address or host name to listen on."""
    text = _text(value)
    if not _is_host(text):
        raise ValueError("must be an IP address or a host name")
    return text


def _is_host(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return bool(_HOST_NAME.fullmatch(text))


def flag(value: object) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    text = _text(value).lower() if isinstance(value, str) else ""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def one_of(choices: type[Choice]) -> Callable[[object], Choice]:
    """The format of a choice between words; upper case will do too."""

    def choose(value: object) -> Choice:
        try:
            return choices(_text(value).lower())
        except ValueError:
            raise ValueError(f"must be one of {', '.join(choices)}") from None

    return choose
