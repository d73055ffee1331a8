"""Content lines: text to unfolded lines and back (RFC 5545 3.1, RFC 6350 3.2).

Reading takes any line ends and blank lines. Control characters, which both formats forbid and XML cannot carry, are
dropped on both ways, and a line end inside a value is written as an escape: no value can bring in a line of its own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from functools import lru_cache

FOLD_AT = 75  # octets in a line, without its CR LF
_MOST_CUT = 4096  # lines that are cut in one go
_SOFT = re.compile(r"^[^\":]*;(?:ENCODING=(?:[^\";]*,)?)?QUOTED-PRINTABLE(?=[,;]|\Z)[^\":]*\Z", re.IGNORECASE)
_ALL_CONTROLS = bytes((*range(32), 127))
_CONTROLS = _ALL_CONTROLS.translate(None, b"\t\r\n")
_ALL_BUT_TABS = _ALL_CONTROLS.translate(None, b"\t")
_at_breaks = re.compile("\r\n").split  # faster than split() of str


def unfold(text: str) -> list[str]:
    """The lines of a text, without blank ones."""
    lines = plain_lines(text)
    return unfold_any(text) if lines is None or may_have_soft_breaks(text) else lines


def plain_lines(text: str) -> list[str] | None:
    """The lines of a text that ends them with CR LF and folds with a space; None for one with anything else in it.

    One count tells: no control characters but those of the line ends and folds. Soft breaks are not looked for.
    """
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        return None
    parts = octets.split(b"\r\n ")
    lines = _at_breaks(b"".join(parts).decode())
    if len(octets) - len(octets.translate(None, _ALL_CONTROLS)) != 2 * (len(parts) + len(lines) - 2):
        return None
    if lines[-1] == "":
        lines.pop()
    return None if "" in lines else lines


def may_have_soft_breaks(text: str) -> bool:
    """Whether the text may hold quoted-printable values; in capitals or in small letters, as all write it."""
    return "RINTABLE" in text or "rintable" in text


def unfold_any(text: str) -> list[str]:
    """Unfold what does not simply end its lines with CR LF and fold them with a space."""
    text = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    text = join_soft_breaks(text).replace("\n ", "").replace("\n\t", "")
    return [line for line in text.split("\n") if line and not line.isspace()]


def join_soft_breaks(text: str) -> str:
    """Join quoted-printable values that go on after a ``=`` at the end of the line (vCard 2.1, vCalendar 1.0)."""
    if "RINTABLE" not in text.upper():
        return text
    lines: list[str] = []
    soft: list[str] = []
    for line in text.split("\n"):
        begins = not soft and line[:1] not in (" ", "\t") and _SOFT.search(line.partition(":")[0]) is not None
        if (begins or soft) and line.endswith("="):
            soft.append(line[:-1])
        elif soft:
            lines.append("".join(soft) + line)
            soft = []
        else:
            lines.append(line)
    if soft:
        lines.append("".join(soft))
    return "\n".join(lines)


def is_soft(head: str) -> bool:
    """Whether a value under this head goes on in the next line when it ends with ``=``."""
    return _SOFT.search(head) is not None


def fold(lines: Sequence[str]) -> str:
    """Lines as text: each folded at 75 octets between characters, ended by CR LF."""
    body = "\r\n".join([*lines, ""])
    if not _is_clean(body, len(lines)):
        return fold([_flat(clean(line)) for line in lines])
    if body.isascii():
        folded = [line if len(line) <= FOLD_AT else _fold_ascii(line) for line in lines]
    else:
        folded = [line if len(line) <= FOLD_AT and line.isascii() else _fold(line) for line in lines]
    folded.append("")
    return "\r\n".join(folded)


def _is_clean(body: str, breaks: int) -> bool:
    """No control characters but tabs and so many line ends."""
    try:
        octets = body.encode()
    except UnicodeEncodeError:
        return False
    return len(octets) - len(octets.translate(None, _ALL_BUT_TABS)) == 2 * breaks


def _fold_ascii(line: str) -> str:
    full, rest = divmod(len(line) - FOLD_AT, FOLD_AT - 1)
    end = len(line) - rest
    parts = _cutter(full).unpack_from(line.encode()) if full <= _MOST_CUT else _octet_parts(line[:end].encode())
    return b"\r\n ".join(parts).decode() + (f"\r\n {line[end:]}" if rest else "")


@lru_cache(maxsize=256)
def _cutter(full: int) -> struct.Struct:
    """Cuts the first line and so many full ones after it in one go."""
    return struct.Struct(f"{FOLD_AT}s" + f"{FOLD_AT - 1}s" * full)


def _fold(line: str) -> str:
    if line.isascii():
        return _fold_ascii(line)
    octets = line.encode()
    if len(octets) <= FOLD_AT:
        return line
    return b"\r\n ".join(_octet_parts(octets)).decode()


def _octet_parts(octets: bytes) -> list[bytes]:
    parts: list[bytes] = []
    start, width = 0, FOLD_AT
    while start < len(octets):
        end = start + width
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # inside a UTF-8 sequence
            end -= 1
        parts.append(octets[start:end])
        start, width = end, FOLD_AT - 1
    return parts


def clean(text: str) -> str:
    """The same text, or one without control characters and lone surrogates."""
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        octets = text.encode()
    cleaned = octets.translate(None, _CONTROLS)
    return text if len(cleaned) == len(octets) else cleaned.decode()


def _flat(line: str) -> str:
    return line.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
