"""Where addresses that other people chose may lead: to the public internet, and where the admin says so.

A push service or a feed is named by whoever has a phone. Without these rules the hub would be their way into the
house: to its router, its other servers, the cloud's metadata service (server-side request forgery).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from sync_engine.errors import AccountError

LONGEST = 2000  # characters of an address
PORTS = {"http": 80, "https": 443}
_FIRST_FREE = 1024  # ports below are of mail, files, shells ...: none of them speaks HTTP
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last octets

_UNICAST = IPv6Network("2000::/3")  # RFC 4291 2.4: all of the internet that there is so far
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))  # global to older Pythons

Address = IPv4Address | IPv6Address


class NotAllowedOut(AccountError):
    """An address that this server must not call. The sentence says why and what an admin can do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, read from a URL that may be called."""

    scheme: str  # http, https
    host: str  # lower case, ASCII; an IPv6 address without brackets
    port: int
    path: str  # with the query, without a fragment
    user: str = ""
    password: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, the last where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole address, without name and password."""
        return self.origin + self.path


class Rules:
    """Which URLs and which addresses may be called."""

    def __init__(self, allowed: Iterable[str] = (), schemes: Iterable[str] = ("https",)) -> None:
        """`allowed`: host names, addresses and networks (10.1.0.0/16) inside that the admin lets people call."""
        self._schemes = frozenset(schemes)
        self._names: set[str] = set()
        self._networks = []
        for one in allowed:
            try:
                self._networks.append(ip_network(one.strip("[] "), strict=False))
            except ValueError:
                self._names.add(one.strip(" .").lower())

    def target(self, url: str) -> Target:
        """What a URL says, without asking for any name. Raises `NotAllowedOut`; ValueError for what is no URL."""
        parts = _parts(url)
        if parts.scheme not in self._schemes:
            wanted = " or ".join(sorted(self._schemes))
            raise NotAllowedOut(f"Only addresses that begin with {wanted}:// are called.")
        host = _host(parts)
        port = parts.port or PORTS[parts.scheme]
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._check(host, port)
        return Target(parts.scheme, host, port, path, unquote(parts.username or ""), unquote(parts.password or ""))

    def may_reach(self, host: str, address: str) -> bool:
        """Whether a host may be called at an address that its name was looked up to."""
        if host in self._names:
            return True
        found = [ip_address(address.partition("%")[0])]
        found += _embedded(found[0])
        return all(_is_public(one) for one in found) or self._listed(found[0])

    def _check(self, host: str, port: int) -> None:
        try:
            literal: Address | None = ip_address(host)
        except ValueError:
            literal = None
        inside = host in self._names or (literal is not None and self._listed(literal))
        if port < _FIRST_FREE and port not in PORTS.values() and not inside:
            raise NotAllowedOut(f"Port {port} is not called.")
        if literal is not None and not self.may_reach(host, host):
            raise inside_only(host)

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def inside_only(host: str) -> NotAllowedOut:
    """A host that only the admin can open."""
    return NotAllowedOut(
        f"{host} is inside this network; an admin can allow it: outward_hosts in [server] of the configuration."
    )


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("This is no address that can be called.")
    parts = urlsplit(url)
    return parts._replace(scheme=parts.scheme.lower())


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host or "%" in host or parts.port == 0:
        raise ValueError("The address names no host.")
    return host


def _is_public(address: Address) -> bool:
    """Of the internet. What has no such use yet (RFC 4291 2.4) may have one inside: site-local, an own NAT64."""
    within = isinstance(address, IPv4Address) or address in _UNICAST or address in _NAT64
    return within and address.is_global and not address.is_multicast and not any(address in one for one in _SPECIAL)


def _embedded(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 one leads to (RFC 4291 2.5.5, RFC 3056, RFC 4380, RFC 6052)."""
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (int(address) >> 32 == 0 and low > 1):
        inner.append(IPv4Address(low))
    return [one for one in inner if one is not None]
