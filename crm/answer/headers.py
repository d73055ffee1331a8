"""Header lines of a mail that we write (RFC 5322), folded and encoded (RFC 2047, 2231), with nothing smuggled in.

Written by hand: the standard library's folding turns long Message-IDs into encoded words and loses spaces.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from crm.errors import Invalid
from crm.mail.model import Party

_LINE = 76  # characters of a line, where its words allow that
_LONGEST_WORD = 900  # of 998 that a line may have (RFC 5322, 2.1.1)
_WORD_OCTETS = 42  # of text in an encoded word, which may have 75 characters
_SEGMENT = 60  # characters of a parameter's value in one line
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LOCAL = re.compile(r"[^\s<>()\[\],;:\\\"@]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_ID = re.compile(r"[!-;=?-~]{1,900}")


def one_line(text: str, what: str) -> str:
    """The text without white space around it. Raises Invalid for line breaks and other control characters in it."""
    text = text.strip()
    if any(unicodedata.category(letter) in _FORBIDDEN for letter in text):
        raise Invalid(f"{what} must be one line without control characters.")
    return text


def address(party: Party) -> str:
    """As it goes on the envelope; the domain in ASCII. Raises Invalid."""
    local, at, domain = one_line(party.address, "An address").rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode() if domain else ""
    except UnicodeError:
        ascii_domain = ""
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64 or not _DOMAIN.fullmatch(ascii_domain):
        raise Invalid(f"{party.address[:100]!r} is no mail address; write it as name@example.org.")
    return f"{local}@{ascii_domain.lower()}"


def text_line(name: str, text: str) -> str:
    """A header of free text, such as Subject."""
    text = one_line(text, name)
    plain = text.isascii() and "=?" not in text and "  " not in text
    words = text.split(" ") if plain else list(_encoded(text))
    if any(len(word) > _LONGEST_WORD for word in words):
        words = list(_encoded(text))
    return _folded(name, words)


def address_line(name: str, parties: Sequence[Party]) -> str:
    """From, To, Cc, Reply-To."""
    return f"{name}: " + ",\r\n ".join(_party(party) for party in parties) + "\r\n"


def id_line(name: str, ids: Sequence[str]) -> str:
    """Message-ID, In-Reply-To, References: one id a line. What is no id is left out: it came from a stranger's mail."""
    good = [f"<{found}>" for found in ids if _ID.fullmatch(found)]
    return f"{name}: " + "\r\n ".join(good) + "\r\n" if good else ""


def parameter(name: str, value: str) -> str:
    """One parameter of a MIME header, in front of it what separates it; of any length and script (RFC 2231)."""
    value = one_line(value, "A file's name")
    if value.isascii() and len(value) <= _SEGMENT and not set(value) & set('"\\%'):
        return f';\r\n {name}="{value}"'
    pieces = list(_segments("UTF-8''" + quote(value, safe="")))
    if len(pieces) == 1:
        return f";\r\n {name}*={pieces[0]}"
    return "".join(f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(pieces))


def _party(party: Party) -> str:
    name = one_line(party.name, "A name")[:200]
    if not name:
        return f"<{address(party)}>"
    if not name.isascii() or "=?" in name:
        return "\r\n ".join((*_encoded(name), f"<{address(party)}>"))
    if not _ATOMS.fullmatch(name) or "  " in name:
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name}\r\n <{address(party)}>" if len(name) > _LINE // 2 else f"{name} <{address(party)}>"


def _encoded(text: str) -> Iterator[str]:
    """Encoded words; no character is cut in two."""
    waiting = b""
    for letter in text:
        octets = letter.encode()
        if len(waiting) + len(octets) > _WORD_OCTETS:
            yield _word(waiting)
            waiting = b""
        waiting += octets
    if waiting:
        yield _word(waiting)


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{b64encode(octets).decode()}?="


def _folded(name: str, words: Sequence[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _segments(escaped: str) -> Iterator[str]:
    """Pieces of a percent-encoded value; no %XX is cut in two."""
    units = re.findall(r"%[0-9A-F]{2}|.", escaped)
    piece = ""
    for unit in units:
        if len(piece) + len(unit) > _SEGMENT:
            yield piece
            piece = ""
        piece += unit
    yield piece
