"""Wrong settings: one line each, with the name as it was written, a good example, and never the value."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from botyard.settings import SettingsError, load_settings

SECRET = "s3cr3t-s3cr3t-s3cr3t"
TOKEN = f"123456:{SECRET}"
RATES = [
    "BOTYARD_SEND_RATE", "BOTYARD_PAID_RATE", "BOTYARD_CHAT_RATE", "BOTYARD_GROUP_RATE",
    "BOTYARD_INGRESS_RATE",
]  # fmt: skip
URLS = ["BOTYARD_BOT_API_URL", "TELEGRAM_API_BASE", "STRIPE_API_BASE", "BOTYARD_PUBLIC_URL"]
BAD = {
    "BOTYARD_DATA_DIR": [SECRET + "\0", SECRET + "\udcff", f"{SECRET}\n{SECRET}", f"~{SECRET}/x"],
    "BOTYARD_DATABASE_URL": [
        SECRET, f"mysql://u:{SECRET}@db/x", f"postgres://u:{SECRET}@db:12x/x", f"postgres://u:{SECRET}@db:99999/x",
        f"postgres://u:{SECRET}@db", f"postgresql+asyncpg://u:{SECRET}@db/x", "sqlite://", "sqlite:///:memory:",
        f"sqlite://{SECRET}/x.db", f"postgres://u:{SECRET}@[db/x", f"postgres://u:p@{SECRET}@db/x",
    ],
    "DATABASE_URL": [f"{SECRET}://", f"postgres://u:{SECRET}\udcff@db/x"],
    "BOTYARD_BOTS": [
        TOKEN, "[]", f'["{TOKEN}"]', "{", '{"main": 5}', '{"main": ""}', f'{{"main": "{SECRET}"}}',
        f'{{"Main": "{TOKEN}"}}',
        f'{{"": "{TOKEN}"}}', f'{{"a b": "{TOKEN}"}}', f'{{"{"a" * 33}": "{TOKEN}"}}',
        f'{{"{TOKEN}": "main"}}',
        f'{{"a": "{TOKEN}", "b": "123456:another"}}', f'{{"a": "{TOKEN}", "a": "9:b"}}',
        f'{{"a": "{TOKEN} "}}',
        "[" * 100_000, "null", f'{{"a": "{"9" * 5000}:{SECRET}"}}',
    ],
    "TELEGRAM_BOT_TOKENS_JSON": [TOKEN, f'{{"main": "{SECRET}"}}'],
    "TELEGRAM_BOT_TOKEN": [SECRET, f"bot{TOKEN}", f"{TOKEN} {TOKEN}", f"{TOKEN}!", "123456:", f":{SECRET}",
                           f"{{{TOKEN}}}"],
    "BOTYARD_WEBHOOK_SECRET": [f"{SECRET}!", f"{SECRET} {SECRET}", SECRET * 13, SECRET + "é"],
    "TELEGRAM_WEBHOOK_SECRET": [SECRET + ":"],
    "BOTYARD_IP_ALLOWLIST": ["10.0.0.0/33", "10.0.0.1/8", "10.0.0", "2001:db8::/129", "2001:db8::1/32",
                             "example.com", f"10.0.0.0/8,{SECRET}", "10.0.0.0/8;10.1.0.0/16"],
    "TELEGRAM_IP_ALLOWLIST": [TOKEN],
    "BOTYARD_TRUSTED_PROXIES": ["*", "1"],
    **{name: ["bots.example.com", "ftp://example.com", "https://", "https://:443", "https://a b", "https://example.com:x",
              "https://example.com:99999", "https://example.com/?a=b", "https://example.com/#", f"https://u:{SECRET}@example.com",
              f"https://{SECRET}@example.com", "https://[::1", "https://exam\nple.com", "//example.com", "https://-a"]
       for name in URLS},
    "BOTYARD_PUBLIC_URL ": ["http://bots.example.com", "http://10.0.0.1", "http://localhost.example.com"],
    "BOTYARD_OWNER_IDS": ["0", "-5", "x", "1,x", "1.5", str(2**52), "9" * 30, "١٢", "1_0", TOKEN],
    "BOTYARD_GROUP_MAP": ["gold", "[]", '{"gold": "x"}', '{"gold": "-100"}', '{"gold": []}',
                          '{"gold": [1, null]}', '{"gold": true}', '{"gold": 1.5}', '{"gold": 0}',
                          f'{{"gold": {2**52}}}', '{"": -1}', '{"gold+": -1}', f'{{"gold": "{SECRET}"}}',
                          '{"a": 1, "a": 2}', f'{{"a": {"9" * 5000}}}'],
    "TELEGRAM_GROUP_MAP_JSON": [SECRET],
    **{name: ["-1", "x", "nan", "inf", "-inf", "1e999", SECRET, "1,5", "30/s"] for name in RATES},
    "BOTYARD_REMINDERS": ["3", "3w", "-1d", "100d", "3d;1d", "3d,x", SECRET],
    "BOTYARD_CLICK_COUNTING": ["yes", "1", SECRET],
    "BOTYARD_GRACE": ["2h", "0d", "24", "-3h", "1.5d", "91d", "h", SECRET],
    "BOTYARD_REMOVAL_BRAKE": ["-1", "101", "5%", "1.5", SECRET],
    "STRIPE_SECRET_KEY": [f"{SECRET} {SECRET}", f"{SECRET}\x07", SECRET + "é"],
    "STRIPE_WEBHOOK_SECRET": [f"{SECRET}\n{SECRET}"],
    "TELEGRAM_PAYMENT_PROVIDER_TOKEN": [f"{SECRET} {SECRET}"],
    "BOTYARD_HOST": ["a b", "http://localhost", "::1::", "-x", SECRET + "/"],
    "BOTYARD_PORT": ["-1", "65536", "x", "80.0", "0x50", SECRET, "8_0", "9" * 5000],
    "BOTYARD_LOG_FORMAT": ["xml", SECRET],
    "BOTYARD_LOG_LEVEL": ["loud", SECRET],
}  # fmt: skip
CASES = [(name.strip(), value) for name, values in BAD.items() for value in values]


def problem_of(cwd: Path, environ: dict[str, str] | None = None, **overrides: object) -> str:
    """The text of the error, once it is sure that nothing behind it knows more."""
    (cwd / "no-secrets").mkdir(exist_ok=True)
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={"BOTYARD_SECRETS_DIR": "no-secrets", **(environ or {})}, cwd=cwd, **overrides)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}={value[:24]!r}" for name, value in CASES])
def test_one_line_with_name_reason_and_example(tmp_path: Path, name: str, value: str) -> None:
    line = problem_of(tmp_path, {name: value})
    assert line.startswith(f"{name} ")
    assert len(line.splitlines()) == 1
    assert f"; for example {name}=" in line
    assert len(line) < 300
    if len(value) > 8 and value not in line.partition("; for example ")[2]:
        assert value not in line


@pytest.mark.parametrize("name", sorted({name.strip() for name in BAD}))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=st.text(max_size=10), after=st.text(max_size=10))
@example(before="sqlite:///", after="")
@example(before="postgres://u:", after="@db:port/x")
@example(before='{"main": "', after='"}')
def test_no_error_repeats_a_value(tmp_path: Path, name: str, before: str, after: str) -> None:
    problem = ""
    try:
        load_settings(environ={name: f"{before}{SECRET}{after}"}, cwd=tmp_path)
    except SettingsError as error:
        problem = str(error)
    assert SECRET not in problem
    assert len(problem.splitlines()) <= 1


def test_several_problems_have_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "botyard.toml").write_text("prot = 1\nhost = 5\n")
    environ = {"BOTYARD_PORT": "x", "TELEGRAM_BOT_TOKEN": SECRET, "BOTYARD_DATA_DIR": "\0"}
    lines = problem_of(tmp_path, environ, role="boss").splitlines()
    assert len(lines) == 6
    for name in (
        "'prot'",
        "BOTYARD_PORT",
        "TELEGRAM_BOT_TOKEN",
        "BOTYARD_DATA_DIR",
        "host in botyard.toml",
        "--role",
    ):
        assert len([line for line in lines if name in line]) == 1
    assert all("for example " in line for line in lines)


def test_the_command_line_is_named_as_written(tmp_path: Path) -> None:
    assert problem_of(tmp_path, port=70000).startswith("--port must")
    assert problem_of(tmp_path, log_level="loud").endswith("for example --log-level info")
    assert problem_of(tmp_path, sandbox="yes").startswith("--sandbox must be true or false")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('port = "x"', "port in botyard.toml must"),
        ("port = true", "port in botyard.toml must"),
        ("send_rate = true", "send_rate in botyard.toml must"),
        ("send_rate = nan", "send_rate in botyard.toml must"),
        ("send_rate = [1]", "send_rate in botyard.toml must"),
        ('public_url = ""', "public_url in botyard.toml must"),
        ("data_dir = 2026-11-23", "data_dir in botyard.toml must"),
        ('data_dir = ""', "data_dir in botyard.toml must"),
        ("owner_ids = [1, true]", "owner_ids in botyard.toml must"),
        ("ip_allowlist = [5]", "ip_allowlist in botyard.toml has"),
        (f'bots = "{TOKEN}"', "bots in botyard.toml is not valid JSON"),
        (f'[bots]\nmain = "{SECRET}"', "bots in botyard.toml has no valid token for the bot 'main'"),
        (f'[bots]\n"{TOKEN}" = "main"', "bots in botyard.toml has a bot whose name"),
        ("[port]\nx = 1", "port in botyard.toml must"),
        ("[group_map]\ngold = 'x'", "group_map in botyard.toml has no chat id"),
    ],
)
def test_a_toml_key_is_named_with_its_file(tmp_path: Path, text: str, start: str) -> None:
    (tmp_path / "botyard.toml").write_text(text)
    line = problem_of(tmp_path)
    assert line.startswith(start)
    assert len(line.splitlines()) == 1
    assert f"for example {start.split(maxsplit=1)[0]} = " in line


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("prot", "port"),
        ("databse_url", "database_url"),
        ("DATA_DIR", "data_dir"),
        ("botyard_public_url", "public_url"),
        ("bot", "bots"),
        ("trusted_proxy", "trusted_proxies"),
        ("telegram_bot_token", "telegram_payment_provider_token"),
    ],
)
def test_an_unknown_key_suggests_the_nearest(tmp_path: Path, key: str, nearest: str) -> None:
    (tmp_path / "botyard.toml").write_text(f'{key} = "{SECRET}"\n')
    line = problem_of(tmp_path)
    assert line.startswith(f"botyard.toml has the key '{key}', which is no setting")
    assert f"did you mean '{nearest}'? for example {nearest} = " in line


@pytest.mark.parametrize("key", [f'"{TOKEN}"', '"two\\nlines"', '""'])
def test_a_key_that_looks_like_no_key_is_not_repeated(tmp_path: Path, key: str) -> None:
    (tmp_path / "botyard.toml").write_text(f'{key} = "main"\n')
    line = problem_of(tmp_path)
    assert line.startswith("botyard.toml has a key, which is no setting")
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [
        f'port = 1\nwebhook_secret = "{SECRET}'.encode(),
        f"webhook_secret = {SECRET}".encode(),
        f"{SECRET} = 1\n{SECRET} = 2".encode(),
        b"\xff\xfe",
        b"port = " + b"9" * 5000,
        b"a = " + b"[" * 50_000,
        b"port = 8080 \x00",
    ],
)
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "botyard.toml").write_bytes(content)
    line = problem_of(tmp_path)
    assert line.startswith("botyard.toml ")
    assert len(line.splitlines()) == 1
    assert "for example botyard.toml with the line data_dir = " in line


def test_the_place_of_a_toml_mistake(tmp_path: Path) -> None:
    (tmp_path / "botyard.toml").write_text("port = 8080\nhost = \n")
    assert "is not valid TOML at line 2, column 8;" in problem_of(tmp_path)


def test_files_and_folders_that_are_not_there(tmp_path: Path) -> None:
    line = problem_of(tmp_path, {"BOTYARD_CONFIG": "gone.toml"})
    assert line == "BOTYARD_CONFIG names a file that does not exist; for example BOTYARD_CONFIG=botyard.toml"
    line = problem_of(tmp_path, {"BOTYARD_SECRETS_DIR": "gone"})
    assert line.startswith("BOTYARD_SECRETS_DIR names no folder")
    assert line.endswith("for example BOTYARD_SECRETS_DIR=/run/secrets")
    assert problem_of(tmp_path, {"BOTYARD_CONFIG": "."}).startswith(". cannot be read")


def test_a_secret_file_is_named_with_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "telegram_bot_token").write_text(SECRET)
    line = problem_of(tmp_path, {"BOTYARD_SECRETS_DIR": "secrets"})
    assert line.startswith(f"TELEGRAM_BOT_TOKEN (in {folder}/telegram_bot_token) is not a bot token")
    (folder / "telegram_bot_token").write_bytes(b"\xff" + SECRET.encode())
    line = problem_of(tmp_path, {"BOTYARD_SECRETS_DIR": "secrets"})
    assert line.startswith(f"TELEGRAM_BOT_TOKEN (in {folder}/telegram_bot_token) cannot be read")


def test_two_names_for_one_bot_are_named(tmp_path: Path) -> None:
    line = problem_of(tmp_path, {"BOTYARD_BOTS": f'{{"news": "{TOKEN}", "shop": "123456:other-secret"}}'})
    assert "gives the same bot two names, 'news' and 'shop'" in line
    assert "other-secret" not in line
