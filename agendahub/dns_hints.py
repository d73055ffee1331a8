"""DNS records by which a phone finds the gateway from a mail address alone (RFC 6764), and whether they are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

PATIENCE = 3.0  # seconds for one question
_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")  # RFC 2606, 6761


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a zone."""

    name: str  # _caldavs._tcp.example.org
    kind: str  # SRV, TXT
    value: str  # as it is written in a zone

    def __str__(self) -> str:
        return f"{self.name}. {self.kind} {self.value}"


def is_public_name(host: str) -> bool:
    """Whether a host can have records: SRV points to names only (RFC 2782)."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host
    return False


def is_reserved(host: str) -> bool:
    """Whether nobody can own it, so that nobody is asked about it."""
    return any(host == name or host.endswith(f".{name}") for name in _RESERVED)


def domain_for(host: str, addresses: Iterable[str]) -> str:
    """Where the records belong: the domain of the users' mail that the host is in, else the one above the host."""
    domains = {address.rpartition("@")[2].lower() for address in addresses if "@" in address}
    above = [domain for domain in domains if host == domain or host.endswith(f".{domain}")]
    if above:
        return max(above, key=len)
    return host.partition(".")[2] if host.count(".") >= 2 else host


def records(url: str, domain: str) -> list[Record]:
    """What to enter for a gateway at this address."""
    parts = urlsplit(url)
    secure = "s" if parts.scheme == "https" else ""
    port = parts.port or (443 if secure else 80)
    path = f"{parts.path.rstrip('/')}/dav/"
    found = []
    for kind in ("caldav", "carddav"):
        name = f"_{kind}{secure}._tcp.{domain}"
        found += [Record(name, "SRV", f"0 1 {port} {parts.hostname}."), Record(name, "TXT", f'"path={path}"')]
    return found


def answers(record: Record, resolver: dns.resolver.Resolver | None = None) -> list[str] | None:
    """What there is at this name, as it is written in a zone; None when nobody answers."""
    asked = resolver or _system()
    if asked is None:
        return None
    try:
        found = asked.resolve(f"{record.name}.", record.kind, lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [one.to_text() for one in found]


def _system() -> dns.resolver.Resolver | None:
    try:
        return dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None
