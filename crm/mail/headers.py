"""The headers of a mail or of a part (RFC 5322, 2.2), read without believing in them."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

from crm.mail import limits
from crm.mail.charsets import one_line, text_of

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_WINDOWS = re.compile("[\x80-\x9f]")
_NOT_CONTINUED = re.compile(rb"\n(?![ \t])")
_ENVELOPE = (b">From ", b"From ")  # of a mbox, the second at the beginning only
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")


@dataclass(frozen=True, slots=True)
class Headers:
    """In the order of the mail."""

    fields: tuple[tuple[str, str], ...] = ()  # lower case name; value unfolded, not decoded
    body: int = 0  # where what follows the empty line begins
    problem: str = ""

    def all(self, name: str) -> list[str]:
        """The values of a header as they stand there, unfolded."""
        return [value for found, value in self.fields if found == name]

    def first(self, name: str) -> str:
        """The topmost; "" for none."""
        return next((value for found, value in self.fields if found == name), "")

    def has(self, name: str) -> bool:
        """Whether it stands there, be it empty."""
        return any(found == name for found, _ in self.fields)

    def text(self, name: str) -> str:
        """The topmost in words for people, one line."""
        return decoded(self.first(name))


def read_headers(raw: bytes, start: int = 0, end: int | None = None) -> Headers:
    """The headers that begin at `start`. A line that is none ends them, and belongs to the body."""
    end = len(raw) if end is None else end
    found: list[tuple[str, str]] = []
    at, problem = start, ""
    for _ in range(limits.HEADERS + 1):
        stop = raw.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        line = raw[at : min(stop, at + limits.HEADER)]
        if not line.rstrip(b"\r"):
            at = stop + 1
            break
        if named := _NAME.match(line):
            stop = _end_of_field(raw, stop, end)
            lines = raw[at + named.end() : min(stop, at + limits.HEADER)].split(b"\n")
            found.append((named[1].decode("ascii").lower(), _value(lines)))
        elif not line.startswith(_ENVELOPE[: 2 if at == start else 1]):
            break
        at = stop + 1
    else:
        del found[limits.HEADERS :]
        problem = f"More than {limits.HEADERS} headers: the rest was left out."
        at = _after_headers(raw, at, end)
    return Headers(tuple(found), min(at, end), problem)


def _end_of_field(raw: bytes, stop: int, end: int) -> int:
    """Where the lines that go on with one end. In one search: a header may have millions of lines."""
    ended = _NOT_CONTINUED.search(raw, stop, end)
    return ended.start() if ended else end


def _after_headers(raw: bytes, at: int, end: int) -> int:
    places = [(place + len(gap)) for gap in (b"\n\n", b"\n\r\n") if (place := raw.find(gap, at - 1, end)) >= 0]
    return min(places, default=end)


def _value(lines: list[bytes]) -> str:
    value = b"".join(line.rstrip(b"\r") for line in lines)
    try:
        text = value.decode("utf-8")  # RFC 6532
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip()


def decoded(value: str) -> str:
    """Encoded words (RFC 2047) in words for people; one line, without control characters."""
    if "=?" not in value:
        return one_line(_eight_bit(value))
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    pieces: list[tuple[str, bytes | str]] = []  # character set and octets, or "" and text
    at = 0
    for word in _WORD.finditer(joined):
        if word.start() > at:
            pieces.append(("", joined[at : word.start()]))
        charset = word[1].partition("*")[0].lower()  # RFC 2231: the language follows
        octets = _octets(word[2], word[3])
        last = pieces[-1] if pieces else ("", "")
        if last[0] == charset and isinstance(last[1], bytes):  # one character may be split over two words
            pieces[-1] = (charset, last[1] + octets)
        else:
            pieces.append((charset, octets))
        at = word.end()
    pieces.append(("", joined[at:]))
    return one_line("".join(text_of(p, charset) if isinstance(p, bytes) else _eight_bit(p) for charset, p in pieces))


def _eight_bit(text: str) -> str:
    """Raw octets that were no UTF-8 came as Latin-1; many mean Windows' set, which has letters at these places."""
    if not _WINDOWS.search(text) or max(text) > "\xff":
        return text
    return text.encode("latin-1").decode("cp1252", "replace")


def _octets(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False) if b"=" in raw else raw.replace(b"_", b" ")
    return base64_octets(raw)


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def base64_octets(raw: bytes) -> bytes:
    """Decoded as far as it goes: other characters are passed over, what is missing at the end is left out."""
    if raw.rstrip(b"-\r\n \t=").count(b"=") == 0:
        raw = raw.split(b"=", 1)[0]
    digits = raw.translate(None, _NOT_BASE64)
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4))
    except (binascii.Error, ValueError):
        return b""
