"""Mails that Exchange, Microsoft 365 or Gmail is to send: these send to whom the headers name, and know no envelope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.parser import HeaderParser
from email.utils import getaddresses

from sync_engine.errors import Rejected

_HEADERS = ("to", "cc", "bcc")
_ADDRESS = re.compile(r"[^\s<>,;:\"@\x00-\x1f\x7f]+@[^\s<>,;:\"@\x00-\x1f\x7f]+")
_SHOWN = 3  # addresses that a message names


def addressed(raw: bytes, recipients: Sequence[str]) -> bytes:
    """The mail with a Bcc header for recipients whom it does not name; the server takes that header out again.

    Raises Rejected when nobody is to get it, or when it names somebody who is not: he would get it all the same.
    """
    wanted = {one.lower(): one for one in recipients}
    if not wanted or not all(_ADDRESS.fullmatch(one) for one in recipients):
        raise Rejected("This mail has no recipient, or one whose address is none; check it.")
    named = _named(raw)
    unwanted = sorted(named - wanted.keys())
    if unwanted:
        raise Rejected(
            "This account's system sends a mail to everybody whom its headers name, and this one is not for"
            f" {', '.join(unwanted[:_SHOWN])}; send it through another account."
        )
    hidden = [address for name, address in wanted.items() if name not in named]
    return _bcc(hidden, _line_end(raw)) + raw if hidden else raw


def bracketed(message_id: str) -> str:
    """A Message-ID as these systems keep it."""
    return f"<{message_id.strip().strip('<>')}>"


def _named(raw: bytes) -> set[str]:
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")
    headers = HeaderParser().parsestr(head, headersonly=True)
    lines = [str(line) for name in _HEADERS for line in headers.get_all(name, [])]
    return {address.lower() for _, address in getaddresses(lines) if "@" in address}


def _bcc(addresses: Iterable[str], end: bytes) -> bytes:
    return b"Bcc: " + ("," + end.decode("ascii") + " ").join(addresses).encode() + end


def _line_end(raw: bytes) -> bytes:
    return b"\r\n" if b"\r\n" in raw[:2000] else b"\n"
