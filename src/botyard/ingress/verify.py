"""Who calls: the address behind proxies, the allowlist, the secret."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from botyard.settings.formats import IpNetwork

IpAddress = IPv4Address | IPv6Address


def client_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[IpNetwork]
) -> IpAddress | None:
    """The address of the client, or None where it can't be known.

    That is the peer, unless the peer is a trusted proxy: then the right-most hop in `forwarded_for` (the
    values of all X-Forwarded-For headers, in order) that is not a trusted proxy too. What stands left of it,
    anybody may have written. If every hop is trusted, the client is the first of them.
    """
    address = _address(peer or "")
    for hop in _hops_from_the_right(forwarded_for):
        if address is None or not _is_in(address, trusted):
            break
        address = _address(hop)
    return address


def is_allowed(address: IpAddress | None, allowlist: Sequence[IpNetwork]) -> bool:
    """Whether the address is in the list. An empty list lets everybody in, another nobody who is unknown."""
    return not allowlist or (address is not None and _is_in(address, allowlist))


def secret_matches(given: bytes | None, expected: bytes) -> bool:
    """Whether the secret is right, in a time that tells nothing about it. An empty one matches nothing."""
    return hmac.compare_digest(given or b"", expected) and bool(expected)


def _is_in(address: IpAddress, networks: Sequence[IpNetwork]) -> bool:
    return any(address in network for network in networks)


def _hops_from_the_right(forwarded_for: Sequence[str]) -> Iterator[str]:
    """Empty elements of a list header say nothing (RFC 9110, section 5.6.1)."""
    for value in reversed(forwarded_for):
        yield from (hop for hop in reversed(value.split(",")) if hop.strip())


def _address(text: str) -> IpAddress | None:
    """The address in a hop: bare, quoted, with a port, in brackets. An IPv4 address inside IPv6 is IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])  # a zone (%eth0) means something on one machine only
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
