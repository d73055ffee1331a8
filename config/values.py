"""The kinds of value that a setting can have: durations, references to secrets, names."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_NAME = 100
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}  # line ends, NUL, half characters
_MAIL_SCHEMES = {"imap", "imaps", "smtp", "smtps"}
SECRET_WAYS = ("env:", "file:", "store:")


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", value)
    if match is None:
        raise ValueError('write a duration as seconds or like "30s", "5m", "12h", "1d"')
    return float(match[1]) * _UNITS[match[2]]


def _name(value: str) -> str:
    """Whatever people call things at their servers, emoji too; "-" would be an option on the command line."""
    if not 0 < len(value) <= _LONGEST_NAME or value != value.strip() or value.startswith("-"):
        raise ValueError("a name is 1 to 100 characters, without a space at its ends and no - at its beginning")
    if any(unicodedata.category(character) in _UNSEEN for character in value):
        raise ValueError("a name is one line of characters that can be seen")
    return value


def _reference(value: str) -> str:
    way = next((way for way in SECRET_WAYS if value.startswith(way)), None)
    if value and (way is None or not value[len(way) :].strip()):
        raise ValueError(
            "a secret is never written here: use env:NAME (environment), file:PATH (a file) or store:NAME "
            "(encrypted in the store, put there by `agendahub account add`)"
        )
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("an address starts with https:// (or http://) and names a server")
    if parts.password is not None:
        raise ValueError("no password in an address: use `secret`")
    return value


def _proxy(value: str) -> str:
    """uvicorn takes what it does not know for the name of a socket, which no proxy ever has."""
    if value != "*" and not _is_network(value, strict=True):
        raise ValueError(f'{value} is no IP address or network, such as "127.0.0.1" or "10.1.0.0/16"')
    return value


def _outward_host(value: str) -> str:
    inner = value.strip("[] ")
    if not _is_network(inner, strict=False) and not re.fullmatch(r"[^\s/:@*]+", inner):
        raise ValueError(f'{value} is no host name, address or network, such as "ntfy.office.example" or "10.1.0.0/16"')
    return value


def _is_network(value: str, *, strict: bool) -> bool:
    try:
        ip_network(value, strict=strict)
    except ValueError:
        return False
    return True


def _server_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in _MAIL_SCHEMES:
        return _web_address(value)
    if not parts.hostname or _port(value) == 0:
        raise ValueError(f"an address such as {parts.scheme}://mail.example.org names a server, and a port if need be")
    if parts.password is not None:
        raise ValueError("no password in an address: use `secret`")
    return value


def _port(address: str) -> int | None:
    """None when it names none, 0 when it cannot be one."""
    try:
        return urlsplit(address).port
    except ValueError:
        return 0


def _mail_address(value: str) -> str:
    """In small letters: mailboxes are told apart without regard to case."""
    local, at, domain = value.strip().rpartition("@")
    if not (local and at and domain) or any(character.isspace() for character in value.strip()):
        raise ValueError("write the address of a mailbox, such as ada@example.org")
    return value.strip().lower()


Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0, allow_inf_nan=False)]
"""Seconds; written as a number of seconds or as "5m"."""

Name = Annotated[str, AfterValidator(_name)]
"""What an account, a binding or a collection is called."""

MailAddress = Annotated[str, AfterValidator(_mail_address), Field(max_length=320)]
"""The address of a mailbox, in small letters."""

SecretReference = Annotated[str, AfterValidator(_reference)]
"""Where a secret is: env:NAME, file:PATH or store:NAME; empty for none."""

WebAddress = Annotated[str, AfterValidator(_web_address)]
"""An http or https address without a password; may be empty."""

ProxyAddress = Annotated[str, AfterValidator(_proxy)]
"""An IP address or network whose X-Forwarded-* headers are believed; "*" for any."""

OutwardHost = Annotated[str, AfterValidator(_outward_host)]
"""A host name, an IP address or a network inside that may be called."""

ServerAddress = Annotated[str, AfterValidator(_server_address)]
"""A web address, or one of a mail server: imap, imaps, smtp or smtps. Without a password; may be empty."""
