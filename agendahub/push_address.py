"""Where outside systems can call us: they are on the internet, so it must be a name that the internet knows."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from agendahub.failure import Failure
from agendahub.push_door import PATH
from agendahub.texts import _

_AT_HOME = ("local", "localhost", "lan", "internal", "intranet", "home.arpa", "test", "invalid")
"""Last parts of names that are known in one house only (RFC 6761, RFC 6762, RFC 8375, and usage)."""


def public_address(base_url: str, system: str) -> str:
    """The address below `base_url` that calls come to, up to their secret part. Raises Failure that says why not.

    `system`: the address of the system that shall call. One that is asked over plain http, in a laboratory, may call us
    over it too, and anywhere.
    """
    base = base_url.rstrip("/")
    if base and urlsplit(system).scheme == "http":
        return base + PATH
    if not base.startswith("https://"):
        raise Failure(_("[server] base_url is no https address at which the system could call us; changes are polled"))
    host = urlsplit(base).hostname or ""
    if not _is_public(host):
        said = _(
            "[server] base_url names {host}, which the system cannot reach from the internet; set it to a public name "
            "(changes are polled)"
        )
        raise Failure(said.format(host=host))
    return base + PATH


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        return "." in name and not any(name == end or name.endswith(f".{end}") for end in _AT_HOME)
