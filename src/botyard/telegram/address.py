"""Where a Bot API server is: its base URL, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAPPED_AWAY = frozenset("ßς\u200c\u200d")
"""Letters that Python's IDNA of 2003 turns into others: the host would be another one than the one meant."""
_PATH_LETTERS = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, and the path in front of each method's."""

    host: str
    """In ASCII, without brackets. Empty where the URL names no server that HTTP could reach."""
    port: int
    tls: bool
    path: str

    @property
    def authority(self) -> str:
        """The `Host` header: the port only if it is not the usual one."""
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


def read_address(base_url: str) -> Address:
    """The address that `base_url` stands for. Raises `ValueError`, without the text, if it is none."""
    try:
        parts = urlsplit(base_url)
        host, port = _ascii(parts.hostname or ""), parts.port
    except ValueError:
        raise ValueError("not the address of a server") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("the address of a server must not hold a user or a password")
    if parts.query or parts.fragment:
        raise ValueError("the address of a server must have no query and no fragment")
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None:
        return Address("", 0, tls=False, path="")
    path = quote(parts.path, safe=_PATH_LETTERS).rstrip("/")
    return Address(host, default if port is None else port, parts.scheme == "https", path)


def _ascii(host: str) -> str:
    """The host as DNS and headers take it."""
    if not host.isascii():
        if _MAPPED_AWAY & set(host):
            raise ValueError("a host with these letters must be written in its xn-- form")
        host = host.encode("idna").decode("ascii")
    if any(letter <= " " or letter == "\x7f" for letter in host):
        raise ValueError("not a host")
    return host
