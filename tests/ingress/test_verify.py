"""Who calls: behind proxies, from which network, with which secret."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.ingress.verify import client_address, is_allowed, secret_matches

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
TELEGRAM = (ip_network("149.154.160.0/20"), ip_network("91.108.4.0/22"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # no trusted proxy: the header is anybody's word
        ("149.154.160.1", [], "149.154.160.1"),
        ("203.0.113.9", ["149.154.160.1"], "203.0.113.9"),
        ("2001:db8::5", ["149.154.160.1"], "2001:db8::5"),
        # one proxy
        ("10.0.0.1", ["149.154.160.1"], "149.154.160.1"),
        ("10.0.0.1", ["149.154.160.1, 203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["149.154.160.1"], "149.154.160.1"),
        # a chain of proxies, in one header or several
        ("10.0.0.1", ["149.154.160.1, 10.0.0.2, 10.0.0.3"], "149.154.160.1"),
        ("10.0.0.1", ["198.51.100.7, 149.154.160.1", "10.0.0.2"], "149.154.160.1"),
        ("10.0.0.1", ["149.154.160.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        # the proxy itself calls, or something behind it does
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["", " , "], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.7, 10.0.0.2"], "10.0.0.7"),
        # how hops are written
        ("10.0.0.1", ["149.154.160.1:4711"], "149.154.160.1"),
        ("10.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("10.0.0.1", ['"[2001:db8::5]"'], "2001:db8::5"),
        ("10.0.0.1", ["::ffff:149.154.160.1"], "149.154.160.1"),
        ("10.0.0.1", ["[::ffff:149.154.160.1]:443"], "149.154.160.1"),
        ("10.0.0.1", [" 149.154.160.1 ,, "], "149.154.160.1"),
        ("fd00::1%eth0", ["149.154.160.1"], "149.154.160.1"),
        # garbage is nobody; what stands left of it counts no more
        ("10.0.0.1", ["unknown"], None),
        ("10.0.0.1", ["149.154.160.1, unknown"], None),
        ("10.0.0.1", ["149.154.160.1, 10.0.0.2, <script>"], None),
        ("10.0.0.1", ["999.1.1.1"], None),
        ("10.0.0.1", ["unknown, 149.154.160.1"], "149.154.160.1"),
        (None, ["149.154.160.1"], None),
        ("", ["149.154.160.1"], None),
        ("testclient", ["149.154.160.1"], None),
    ],
)
def test_who_the_client_is(peer: str | None, forwarded: list[str], client: str | None) -> None:
    expected = None if client is None else ip_address(client)
    assert client_address(peer, forwarded, PROXIES) == expected


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert client_address("10.0.0.1", ["149.154.160.1"], ()) == ip_address("10.0.0.1")


@given(st.lists(st.text(max_size=30)), st.ip_addresses(v=4))
def test_nobody_forges_what_a_trusted_proxy_saw(forged: list[str], seen: object) -> None:
    address = client_address("10.0.0.1", [*forged, str(seen)], PROXIES)
    if not str(seen).startswith("10."):
        assert address == seen


@given(st.one_of(st.none(), st.text(max_size=20)), st.lists(st.text(max_size=60)))
def test_any_header_has_an_answer(peer: str | None, forwarded: list[str]) -> None:
    client_address(peer, forwarded, (ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("149.154.160.0", True),
        ("149.154.175.255", True),
        ("149.154.176.0", False),
        ("91.108.4.220", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::1", False),
    ],
)
def test_the_allowlist(address: str, allowed: bool) -> None:
    assert is_allowed(ip_address(address), TELEGRAM) is allowed


def test_an_empty_allowlist_lets_everybody_in_and_another_nobody_unknown() -> None:
    assert is_allowed(ip_address("203.0.113.9"), ())
    assert is_allowed(None, ())
    assert not is_allowed(None, TELEGRAM)


@pytest.mark.parametrize(
    ("given_secret", "matches"),
    [(b"s3cret", True), (b"s3creT", False), (b"s3cre", False), (b"s3cret ", False), (None, False)],
)
def test_the_secret(given_secret: bytes | None, matches: bool) -> None:
    assert secret_matches(given_secret, b"s3cret") is matches


def test_any_bytes_may_be_given_as_a_secret() -> None:
    assert not secret_matches(b"\xff\x00" * 1000, b"s3cret")


@pytest.mark.parametrize("nothing", [b"", None])
def test_no_secret_set_is_not_an_open_door(nothing: bytes | None) -> None:
    assert not secret_matches(nothing, b"")
