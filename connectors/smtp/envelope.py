"""A mail as it goes over the wire, with its envelope; what cannot be said there is refused before it is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync_engine.errors import Rejected

_LINE_END = re.compile(rb"\r\n|\r|\n")
_ADDRESS = re.compile(r"[^\s<>@\"(),:;\\\[\]\x00-\x1f\x7f]+@[^\s<>@\"(),:;\\\[\]\x00-\x1f\x7f]+")
_NO_ADDRESS = "this is no address of a mailbox"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is handed over."""

    sender: str  # "" for none
    recipients: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]  # by us, because they are no addresses: with the reason
    raw: bytes  # with CR LF at every line end, the last too

    @classmethod
    def of(cls, raw: bytes, sender: str, recipients: Sequence[str]) -> Envelope:
        """Raises Rejected when nobody is left, or the sender is no address."""
        if sender and not _ADDRESS.fullmatch(sender):
            raise Rejected(f"{sender!r} cannot be the sender of a mail: {_NO_ADDRESS}.")
        wanted = tuple(dict.fromkeys(recipients))
        good = tuple(one for one in wanted if _ADDRESS.fullmatch(one))
        if not good:
            raise Rejected("The mail has no recipient that is an address of a mailbox.")
        refused = tuple((one, _NO_ADDRESS) for one in wanted if one not in good)
        return cls(sender, good, refused, whole_lines(raw))

    def stuffed(self) -> bytes:
        """Lines that begin with a dot get another one (RFC 5321 4.5.2)."""
        return re.sub(rb"(?m)^\.", b"..", self.raw)

    def options(self, offered: Mapping[str, str], host: str) -> tuple[str, ...]:
        """Of MAIL FROM. Raises Rejected for what the server cannot take."""
        limit = offered.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(self.raw):
            raise Rejected(f"The mail has {len(self.raw)} octets; {host} takes {limit} at most.")
        found = [f"SIZE={len(self.raw)}"] if "size" in offered else []
        if not self.raw.isascii():
            if "8bitmime" not in offered:
                raise Rejected(f"{host} takes only mails in 7-bit encodings.")
            found.append("BODY=8BITMIME")
        if self._beyond_ascii:
            if "smtputf8" not in offered:
                raise Rejected(f"{host} takes no addresses and headers with letters beyond ASCII.")
            found.append("SMTPUTF8")
        return tuple(found)

    @property
    def _beyond_ascii(self) -> bool:
        headers = self.raw.partition(b"\r\n\r\n")[0]
        return not (headers.isascii() and all(wire(one).isascii() for one in (self.sender, *self.recipients)))


def whole_lines(raw: bytes) -> bytes:
    """With the line ends of RFC 5321 2.3.8: a lone LF may end a mail early at servers that are lax."""
    text = _LINE_END.sub(b"\r\n", raw)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def wire(address: str) -> str:
    """With its domain in ASCII, where there is such a form (RFC 5890)."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return address
