"""Settings: every name, every source, and which one wins."""

import json
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from botyard.ids import BotToken
from botyard.settings import (
    LogFormat,
    LogLevel,
    ProcessRole,
    ReferralReward,
    Settings,
    SettingsError,
    load_settings,
)
from botyard.settings.sources import PREFIX, Variable, from_environment

SECRET = "s3cr3t-s3cr3t-s3cr3t"
TOKEN = f"123456:{SECRET}"

VARIABLES = [
    (field, variable)
    for field, info in Settings.model_fields.items()
    for variable in info.metadata
    if isinstance(variable, Variable)
]
NAMES = [(field, variable, name) for field, variable in VARIABLES for name in variable.names]


def load(cwd: Path, environ: dict[str, str] | None = None, **overrides: object) -> Settings:
    (cwd / "no-secrets").mkdir(exist_ok=True)
    return load_settings(
        environ={"BOTYARD_SECRETS_DIR": "no-secrets", **(environ or {})}, cwd=cwd, **overrides
    )


def url_of(settings: Settings) -> str:
    return settings.database_url.get_secret_value()


def test_defaults_are_the_contracts(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.data_dir == tmp_path / "data"
    assert url_of(settings) == f"sqlite+aiosqlite:///{tmp_path}/data/botyard.db"
    assert (settings.bots, settings.group_map) == ({}, {})
    assert settings.webhook_secret is None
    assert (settings.ip_allowlist, settings.trusted_proxies, settings.owner_ids) == ((), (), ())
    assert settings.public_url is None
    assert settings.bot_api_url == "https://api.telegram.org"
    assert (settings.send_rate, settings.chat_rate, settings.group_rate, settings.ingress_rate) == (
        30,
        1,
        20,
        1000,
    )
    assert settings.paid_rate == 1000
    assert settings.stripe_secret_key is settings.stripe_webhook_secret is None
    assert settings.telegram_payment_provider_token is None
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert (settings.log_format, settings.log_level) == (LogFormat.AUTO, LogLevel.INFO)
    assert settings.click_counting is True
    assert settings.two_person_above is None
    assert (settings.grace, settings.removal_brake) == (timedelta(hours=24), 5)
    assert settings.referral_reward == ReferralReward(days=7)
    assert settings.reminders == (timedelta(days=3), timedelta(days=1), timedelta(0))
    assert (settings.sandbox, settings.role) == (False, ProcessRole.ALL)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("7d, 12h,7d", (timedelta(days=7), timedelta(hours=12))),
        ("0d", (timedelta(0),)),
        ("none", ()),
        ("", (timedelta(days=3), timedelta(days=1), timedelta(0))),
    ],
)
def test_reminders_are_lengths_of_time(tmp_path: Path, written: str, read: tuple[timedelta, ...]) -> None:
    settings = load_settings(environ={"BOTYARD_REMINDERS": written}, cwd=tmp_path)
    assert settings.reminders == read


def test_the_contracts_names_and_no_others_are_read() -> None:
    assert {name for _, _, name in NAMES} == {
        "BOTYARD_DATABASE_URL", "DATABASE_URL", "BOTYARD_BOTS", "TELEGRAM_BOT_TOKENS_JSON",
        "TELEGRAM_BOT_TOKEN", "BOTYARD_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_SECRET", "BOTYARD_IP_ALLOWLIST",
        "TELEGRAM_IP_ALLOWLIST", "BOTYARD_TRUSTED_PROXIES", "BOTYARD_PUBLIC_URL", "BOTYARD_BOT_API_URL",
        "BOTYARD_REFERRAL_REWARD", "BOTYARD_REMOVAL_BRAKE", "BOTYARD_REMINDERS", "BOTYARD_GRACE",
        "BOTYARD_LARGE_REFUND",
        "TELEGRAM_API_BASE", "BOTYARD_OWNER_IDS", "BOTYARD_GROUP_MAP", "TELEGRAM_GROUP_MAP_JSON",
        "BOTYARD_SEND_RATE", "BOTYARD_PAID_RATE", "BOTYARD_CHAT_RATE", "BOTYARD_GROUP_RATE",
        "BOTYARD_INGRESS_RATE", "BOTYARD_CLICK_COUNTING", "BOTYARD_TWO_PERSON_ABOVE",
        "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "TELEGRAM_PAYMENT_PROVIDER_TOKEN",
        "BOTYARD_HOST", "BOTYARD_PORT", "BOTYARD_LOG_FORMAT", "BOTYARD_LOG_LEVEL",
    }  # fmt: skip  # and BOTYARD_DATA_DIR, whose folder starts from the working directory


@pytest.mark.parametrize(("field", "variable", "name"), NAMES, ids=[name for *_, name in NAMES])
def test_every_example_is_good(tmp_path: Path, field: str, variable: Variable, name: str) -> None:
    settings = load(tmp_path, {name: variable.example})
    assert field in settings.model_fields_set


@pytest.mark.parametrize(("field", "variable"), [pair for pair in VARIABLES if pair[1].names])
def test_every_toml_example_is_good_and_equal(tmp_path: Path, field: str, variable: Variable) -> None:
    if field == "bots" and variable.names == ("TELEGRAM_BOT_TOKEN",):
        return  # TOML has the table alone
    assert variable.names[0].removeprefix(PREFIX).lower() == field
    (tmp_path / "botyard.toml").write_text(f"{field} = {variable.toml_example}\n")
    from_file = getattr(load(tmp_path), field)
    (tmp_path / "botyard.toml").unlink()
    if field == "owner_ids":
        assert from_file == (123456789,)
    elif field == "ip_allowlist":
        assert from_file == (ip_network("149.154.160.0/20"), ip_network("2001:db8::/32"))
    else:
        assert from_file == getattr(load(tmp_path, {variable.names[0]: variable.example}), field)


def test_sources_in_order_of_strength(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    environ = {"BOTYARD_SECRETS_DIR": "secrets"}

    def port() -> int:
        return load_settings(environ=environ, cwd=tmp_path).port

    assert port() == 8080
    (tmp_path / "secrets" / "botyard_port").write_text("8001\n")
    assert port() == 8001
    (tmp_path / "botyard.toml").write_text("port = 8002\n")
    assert port() == 8002
    environ["BOTYARD_PORT"] = "8003"
    assert port() == 8003
    assert load_settings(environ=environ, cwd=tmp_path, port=8004).port == 8004
    assert load_settings(environ=environ, cwd=tmp_path, port=None).port == 8003


def test_a_stronger_source_replaces_a_table_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "botyard.toml").write_text(f'[bots]\nmain = "{TOKEN}"\nother = "99:xyz"\n')
    assert set(load(tmp_path).bots) == {"main", "other"}
    assert set(load(tmp_path, {"TELEGRAM_BOT_TOKEN": "77:abc"}).bots) == {"main"}
    assert set(load(tmp_path, bots={"mine": "77:abc"}).bots) == {"mine"}


def test_botyards_own_name_wins_over_its_alias(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "TELEGRAM_BOT_TOKEN": "3:c",
            "TELEGRAM_BOT_TOKENS_JSON": '{"b": "2:b"}',
            "BOTYARD_BOTS": '{"a": "1:a"}',
        },
    )
    assert settings.bots == {"a": BotToken("1:a")}


def test_an_alias_in_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "botyard.toml").write_text('bot_api_url = "http://file:8081"\n')
    assert (
        load(tmp_path, {"TELEGRAM_API_BASE": "http://environment:8081"}).bot_api_url
        == "http://environment:8081"
    )


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_variable_is_not_set(tmp_path: Path, empty: str) -> None:
    environ = dict.fromkeys([name for *_, name in NAMES] + ["BOTYARD_CONFIG"], empty)
    assert load(tmp_path, environ) == load(tmp_path)
    environ = {"BOTYARD_WEBHOOK_SECRET": empty, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    assert load(tmp_path, environ).webhook_secret is not None


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOTYARD_PORT", "8123")
    (tmp_path / "botyard.toml").write_text('data_dir = "there"\n')
    settings = load_settings()
    assert (settings.port, settings.data_dir) == (8123, tmp_path / "there")


def test_values_are_typed(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "BOTYARD_IP_ALLOWLIST": "149.154.160.0/20, 2001:db8::/32,192.0.2.7",
            "BOTYARD_OWNER_IDS": "12, 34,12",
            "BOTYARD_GROUP_MAP": '{"gold+crypto": -1001, "silver": [-1002, -1003]}',
            "BOTYARD_PUBLIC_URL": "https://bots.example.com/yard/",
            "BOTYARD_SEND_RATE": "0",
            "BOTYARD_CHAT_RATE": "0.5",
            "BOTYARD_LOG_LEVEL": "DEBUG",
            "BOTYARD_HOST": "::",
        },
        role="web",
        sandbox=True,
    )
    assert settings.ip_allowlist == (
        ip_network("149.154.160.0/20"),
        ip_network("2001:db8::/32"),
        ip_network("192.0.2.7/32"),
    )
    assert settings.owner_ids == (12, 34)
    assert settings.group_map == {"gold+crypto": (-1001,), "silver": (-1002, -1003)}
    assert settings.public_url == "https://bots.example.com/yard"
    assert (settings.send_rate, settings.chat_rate) == (0.0, 0.5)
    assert (settings.log_level, settings.host) == (LogLevel.DEBUG, "::")
    assert (settings.role, settings.sandbox) == (ProcessRole.WEB, True)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgres://u:p%40ss@db:5433/x", "postgresql+psycopg://u:p%40ss@db:5433/x"),
        ("postgresql://u@db/x?sslmode=require", "postgresql+psycopg://u@db/x?sslmode=require"),
        ("postgresql+psycopg://u@[::1]/x", "postgresql+psycopg://u@[::1]/x"),
        ("postgresql:///x?host=%2Frun%2Fpostgresql", "postgresql+psycopg:///x?host=%2Frun%2Fpostgresql"),
        ("sqlite:///yard.db", "sqlite+aiosqlite:///yard.db"),
        ("sqlite:////var/lib/yard.db", "sqlite+aiosqlite:////var/lib/yard.db"),
        ("sqlite+aiosqlite:////var/lib/yard.db", "sqlite+aiosqlite:////var/lib/yard.db"),
    ],
)
def test_database_urls_get_their_driver(tmp_path: Path, given: str, url: str) -> None:
    assert url_of(load(tmp_path, {"DATABASE_URL": given})) == url


@pytest.mark.parametrize("folder", ["plain", "with space", "odd?name#50%"])
def test_the_default_database_is_in_the_data_folder(tmp_path: Path, folder: str) -> None:
    from sqlalchemy import make_url

    settings = load(tmp_path, {"BOTYARD_DATA_DIR": folder})
    assert settings.data_dir == tmp_path / folder
    assert make_url(url_of(settings)).database == str(tmp_path / folder / "botyard.db")


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_public_url_may_be_http_on_this_machine(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, {"BOTYARD_PUBLIC_URL": url}).public_url == url


def test_a_config_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "yard.toml").write_text("port = 8005\n")
    (tmp_path / "botyard.toml").write_text("port = 8006\n")
    assert load(tmp_path, {"BOTYARD_CONFIG": "etc/yard.toml"}).port == 8005
    assert load(tmp_path, {"BOTYARD_CONFIG": str(tmp_path / "etc" / "yard.toml")}).port == 8005


def test_secret_files_in_any_case_beside_files_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    (folder / "a-folder").mkdir(parents=True)
    (folder / "Telegram_Bot_Token").write_text(TOKEN + "\n")
    (folder / "STRIPE_SECRET_KEY").write_text("sk_test_1")
    (folder / "botyard_webhook_secret").write_text("\n")
    (folder / "someone_elses").write_bytes(b"\xff\xfe")
    settings = load(tmp_path, {"BOTYARD_SECRETS_DIR": "secrets"})
    assert settings.bots == {"main": BotToken(TOKEN)}
    assert settings.stripe_secret_key is not None
    assert settings.webhook_secret is None


def all_secrets(tmp_path: Path) -> Settings:
    return load(
        tmp_path,
        {
            "BOTYARD_BOTS": json.dumps({"main": TOKEN}),
            "BOTYARD_WEBHOOK_SECRET": SECRET + "-webhook",
            "DATABASE_URL": f"postgres://u:{SECRET}-database@db/x",
            "STRIPE_SECRET_KEY": SECRET + "-key",
            "STRIPE_WEBHOOK_SECRET": SECRET + "-stripe",
            "TELEGRAM_PAYMENT_PROVIDER_TOKEN": SECRET + "-provider",
        },
    )


def test_no_secret_shows_itself(tmp_path: Path) -> None:
    settings = all_secrets(tmp_path)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown


def test_a_source_does_not_show_what_it_was_given() -> None:
    variables = {field: (variable,) for field, variable in VARIABLES}
    source = from_environment({"TELEGRAM_BOT_TOKEN": TOKEN}, variables)
    assert source.given["bots"].value == TOKEN
    assert "TELEGRAM_BOT_TOKEN" in repr(source)
    assert SECRET not in repr(source)


def test_the_mask_gets_every_secret(tmp_path: Path) -> None:
    assert set(all_secrets(tmp_path).secret_texts()) == {
        TOKEN,
        SECRET + "-webhook",
        SECRET + "-database",
        SECRET + "-key",
        SECRET + "-stripe",
        SECRET + "-provider",
    }
    assert load(tmp_path).secret_texts() == ()


def test_settings_never_change(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_an_unknown_override_is_a_programmers_mistake(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="prot"):
        load(tmp_path, prot=1)


def test_sandbox_and_role_belong_to_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "botyard.toml").write_text("sandbox = true\n")
    with pytest.raises(SettingsError, match="'sandbox'"):
        load(tmp_path)
