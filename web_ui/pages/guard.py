"""Who may send what: a page is reached safely, and a form comes from a page of ours (CSRF)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from web_ui.pages.visit import Turned, Visit

FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip")


def is_secure(scheme: str, host: str, client: str, headers: Mapping[str, str], *, behind_proxies: bool) -> bool:
    """Whether it came over https; False on this machine itself. Raises `Turned` where a password could be overheard.

    `scheme` is that of the connection, or what a proxy said whose address is in [server] proxies.
    """
    if scheme == "https":
        return True
    forwarded = not behind_proxies and any(name in headers for name in FORWARDED)
    if is_loopback(client) and is_loopback(host) and not forwarded:
        return False
    raise Turned(403, "insecure")


def is_loopback(host: str) -> bool:
    """Whether a host name, with or without a port, or an address means this machine."""
    try:
        name = urlsplit(f"//{host}").hostname if not _is_address(host) else host
    except ValueError:  # what no browser sends
        return False
    if name is None:
        return False
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_sender(visit: Visit) -> None:
    """An unsafe request comes from a page of our own, as far as the browser tells. Raises `Turned`.

    Fetch Metadata first; ``none`` is the person himself (a reload). Origin (RFC 6454) is told with every form; where
    the browser tells neither, the hidden token decides alone.
    """
    site, origin = visit.headers.get("sec-fetch-site", ""), visit.headers.get("origin", "")
    if site not in ("", "same-origin", "none") or (origin and origin.lower() not in _own_origins(visit)):
        raise Turned(403, "elsewhere")


def _own_origins(visit: Visit) -> set[str]:
    own = {visit.origin.lower()}
    if visit.desk.base_url:
        parts = urlsplit(visit.desk.base_url)
        own.add(f"{parts.scheme}://{parts.netloc}".lower())
    return own
