"""Settings: every name that an operator may set, its default, and how the values are put together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainSerializer, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from botyard.errors import BotyardError
from botyard.ids import BotToken, ChatId, UserId
from botyard.money import Money
from botyard.settings import formats
from botyard.settings.formats import IpNetwork, ReferralReward
from botyard.settings.sources import (
    Given,
    GivenSource,
    Source,
    Variable,
    Variables,
    from_command_line,
    from_environment,
    from_secrets,
    from_toml,
)

__all__ = [
    "LogFormat",
    "LogLevel",
    "ProcessRole",
    "ReferralReward",
    "Settings",
    "SettingsError",
    "load_settings",
]

CONFIG_FILE = "botyard.toml"
SECRETS_FOLDER = Path("/run/secrets")

_BOTS = '{"main": "123456789:from-BotFather"}'
_GROUPS = '{"gold+crypto": -1001234567890, "silver": [-1002345678901, -1003456789012]}'
_GROUPS_TOML = '{ "gold+crypto" = -1001234567890, silver = [-1002345678901, -1003456789012] }'
_NETWORKS = "149.154.160.0/20,2001:db8::/32"
_NETWORKS_TOML = '["149.154.160.0/20", "2001:db8::/32"]'


class SettingsError(BotyardError):
    """Wrong settings. The message has one line for each problem: name, what is wrong, a good example."""


class LogFormat(StrEnum):
    """How logs are written; `auto` is for people on a terminal and JSON otherwise."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe kind of message that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class ProcessRole(StrEnum):
    """What this process does among replicas."""

    WEB = "web"
    WORKER = "worker"
    ALL = "all"


class Settings(BaseSettings):
    """Everything that an operator can set. Made by `load_settings`; never changes.

    A field's name is its key in TOML. Neither `repr` nor a dump shows a secret.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=False,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    data_dir: Path
    """Its variable is in `_variables`: a relative folder starts from the working directory."""
    database_url: Annotated[
        SecretStr,
        Variable(
            "BOTYARD_DATABASE_URL",
            "DATABASE_URL",
            parse=formats.database_url,
            example="postgresql://botyard:password@localhost/botyard",
        ),
    ] = Field(default_factory=lambda data: formats.sqlite_file(data["data_dir"] / "botyard.db"))

    bots: Annotated[
        Mapping[str, Annotated[BotToken, PlainSerializer(str)]],
        Variable(
            "BOTYARD_BOTS",
            "TELEGRAM_BOT_TOKENS_JSON",
            parse=formats.bots,
            example=_BOTS,
            toml='{ main = "123456789:from-BotFather" }',
        ),
        Variable("TELEGRAM_BOT_TOKEN", parse=formats.main_bot, example="123456789:from-BotFather"),
    ] = Field(default_factory=dict)
    webhook_secret: Annotated[
        SecretStr | None,
        Variable(
            "BOTYARD_WEBHOOK_SECRET",
            "TELEGRAM_WEBHOOK_SECRET",
            parse=formats.webhook_secret,
            example="a-long-random-word",
        ),
    ] = None
    ip_allowlist: Annotated[
        tuple[IpNetwork, ...],
        Variable(
            "BOTYARD_IP_ALLOWLIST",
            "TELEGRAM_IP_ALLOWLIST",
            parse=formats.networks,
            example=_NETWORKS,
            toml=_NETWORKS_TOML,
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[IpNetwork, ...],
        Variable(
            "BOTYARD_TRUSTED_PROXIES", parse=formats.networks, example="10.0.0.0/8", toml='["10.0.0.0/8"]'
        ),
    ] = ()
    public_url: Annotated[
        str | None,
        Variable("BOTYARD_PUBLIC_URL", parse=formats.public_url, example="https://bots.example.com"),
    ] = None
    bot_api_url: Annotated[
        str,
        Variable(
            "BOTYARD_BOT_API_URL",
            "TELEGRAM_API_BASE",
            parse=formats.service_url,
            example="https://api.telegram.org",
        ),
    ] = "https://api.telegram.org"
    owner_ids: Annotated[
        tuple[UserId, ...],
        Variable(
            "BOTYARD_OWNER_IDS", parse=formats.owner_ids, example="123456789,987654321", toml="[123456789]"
        ),
    ] = ()
    group_map: Annotated[
        Mapping[str, tuple[ChatId, ...]],
        Variable(
            "BOTYARD_GROUP_MAP",
            "TELEGRAM_GROUP_MAP_JSON",
            parse=formats.group_map,
            example=_GROUPS,
            toml=_GROUPS_TOML,
        ),
    ] = Field(default_factory=dict)

    send_rate: Annotated[
        float, Variable("BOTYARD_SEND_RATE", parse=formats.rate, example="30", toml="30")
    ] = 30.0
    """Messages a second of one bot; 0 lifts the limit, here and in the next four."""
    paid_rate: Annotated[
        float, Variable("BOTYARD_PAID_RATE", parse=formats.rate, example="1000", toml="1000")
    ] = 1000.0
    """Messages a second of one bot, those of paid broadcasts included."""
    chat_rate: Annotated[float, Variable("BOTYARD_CHAT_RATE", parse=formats.rate, example="1", toml="1")] = (
        1.0
    )
    """Messages a second in one chat."""
    group_rate: Annotated[
        float, Variable("BOTYARD_GROUP_RATE", parse=formats.rate, example="20", toml="20")
    ] = 20.0
    """Messages a minute in one group."""
    ingress_rate: Annotated[
        float, Variable("BOTYARD_INGRESS_RATE", parse=formats.rate, example="1000", toml="1000")
    ] = 1000.0
    """Updates a second that one bot may receive."""

    click_counting: Annotated[
        bool, Variable("BOTYARD_CLICK_COUNTING", parse=formats.flag, example="false", toml="false")
    ] = True
    """Whether links in guides, promos and posts go through the click counter. It needs a public address."""

    two_person_above: Annotated[
        int | None,
        Variable("BOTYARD_TWO_PERSON_ABOVE", parse=formats.count, example="1000", toml="1000"),
    ] = None
    """A broadcast to more members than this needs a second admin's yes."""

    large_refund: Annotated[
        tuple[Money, ...],
        Variable(
            "BOTYARD_LARGE_REFUND",
            parse=formats.amounts,
            example="100 GBP, 10000 XTR",
            toml='["100 GBP", "10000 XTR"]',
        ),
    ] = ()
    """Giving back more than this needs a second admin's yes; in other currencies one is enough."""
    reminders: Annotated[
        tuple[timedelta, ...],
        Variable("BOTYARD_REMINDERS", parse=formats.spans, example="3d,1d,0d", toml='["3d", "1d", "0d"]'),
    ] = (timedelta(days=3), timedelta(days=1), timedelta(0))
    """So long before a member's time with a pack runs out he is reminded; 0 is when it has."""
    referral_reward: Annotated[
        ReferralReward | None,
        Variable("BOTYARD_REFERRAL_REWARD", parse=formats.referral_reward, example="7d"),
    ] = ReferralReward(days=7)
    """What a member gets for each friend of his who buys; None: nothing."""
    grace: Annotated[
        timedelta, Variable("BOTYARD_GRACE", parse=formats.grace, example="24h", toml='"24h"')
    ] = timedelta(hours=24)
    """So long after the end of his paid time nobody is removed from a paid chat; never under 3 hours."""
    removal_brake: Annotated[
        int, Variable("BOTYARD_REMOVAL_BRAKE", parse=formats.percent, example="5", toml="5")
    ] = 5
    """A plan that would remove more than so many percent of a chat waits for an admin's yes."""

    stripe_secret_key: Annotated[
        SecretStr | None, Variable("STRIPE_SECRET_KEY", parse=formats.key, example="sk_test_from_Stripe")
    ] = None
    stripe_webhook_secret: Annotated[
        SecretStr | None, Variable("STRIPE_WEBHOOK_SECRET", parse=formats.key, example="whsec_from_Stripe")
    ] = None
    stripe_api_base: Annotated[
        str, Variable("STRIPE_API_BASE", parse=formats.service_url, example="https://api.stripe.com")
    ] = "https://api.stripe.com"
    telegram_payment_provider_token: Annotated[
        SecretStr | None,
        Variable("TELEGRAM_PAYMENT_PROVIDER_TOKEN", parse=formats.key, example="12345:TEST:from-BotFather"),
    ] = None

    host: Annotated[str, Variable("BOTYARD_HOST", parse=formats.host, example="127.0.0.1")] = "127.0.0.1"
    port: Annotated[int, Variable("BOTYARD_PORT", parse=formats.port, example="8080", toml="8080")] = 8080
    log_format: Annotated[
        LogFormat, Variable("BOTYARD_LOG_FORMAT", parse=formats.one_of(LogFormat), example="json")
    ] = LogFormat.AUTO
    log_level: Annotated[
        LogLevel, Variable("BOTYARD_LOG_LEVEL", parse=formats.one_of(LogLevel), example="info")
    ] = LogLevel.INFO
    sandbox: Annotated[bool, Variable(parse=formats.flag, example="true")] = False
    role: Annotated[ProcessRole, Variable(parse=formats.one_of(ProcessRole), example="all")] = ProcessRole.ALL

    def __init__(self, *sources: Source) -> None:
        """From these sources alone, the strongest first."""
        super().__init__(_build_sources=(tuple(GivenSource(type(self), source) for source in sources), {}))

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, given: Given) -> object:
        """The typed value of what a person gave. Its error is the whole line that the person gets to see."""
        try:
            return given.parse(given.value)
        except ValueError as problem:
            raise ValueError(f"{given.label} {problem}; for example {given.example}") from None

    def secret_texts(self) -> tuple[str, ...]:
        """Every secret in plain text: for the log's mask, nothing else."""
        keys = (
            self.webhook_secret,
            self.stripe_secret_key,
            self.stripe_webhook_secret,
            self.telegram_payment_provider_token,
        )
        password = make_url(self.database_url.get_secret_value()).password
        return (
            *(token.reveal() for token in self.bots.values()),
            *(key.get_secret_value() for key in keys if key),
            *([password] if password else []),
        )


def load_settings(
    *, environ: Mapping[str, str] | None = None, cwd: Path | None = None, **overrides: object
) -> Settings:
    """The settings: overrides before the environment, `botyard.toml`, the secrets folder and the defaults.

    By default `environ` is the process's own and `cwd`, where relative paths start, the working directory.
    An override is named like its field; `None` counts as not given.
    Raises `SettingsError` that names every problem, and `TypeError` for an override that is no field.
    """
    environ = os.environ if environ is None else environ
    cwd = Path.cwd() if cwd is None else cwd.absolute()
    variables = _variables(cwd)
    sources = [
        from_command_line(overrides, variables),
        from_environment(environ, variables),
        from_toml(environ, CONFIG_FILE, cwd, variables),
        from_secrets(environ, SECRETS_FOLDER, cwd, variables),
        from_command_line({"data_dir": "data"}, variables),
    ]
    problems = [problem for source in sources for problem in source.problems]
    settings = None
    try:
        settings = Settings(*sources)
    except ValidationError as error:
        problems += _lines(error)
    # Outside the except block, so that nothing keeps hold of an error which knows the values.
    if settings is None or problems:
        raise SettingsError("\n".join(" ".join(problem.split()) for problem in problems))
    return settings


def _variables(cwd: Path) -> Variables:
    """Every variable by field, those of the command line alone included."""
    data_dir = Variable("BOTYARD_DATA_DIR", parse=lambda value: cwd / formats.folder(value), example="./data")
    declared = {
        name: tuple(entry for entry in field.metadata if isinstance(entry, Variable))
        for name, field in Settings.model_fields.items()
    }
    return declared | {"data_dir": (data_dir,)}


def _lines(error: ValidationError) -> list[str]:
    """What `Settings` found wrong, without what only follows from another problem."""
    return [
        details["msg"].removeprefix("Value error, ")
        for details in error.errors(include_url=False, include_input=False)
        if details["type"] != "default_factory_not_called"
    ]
