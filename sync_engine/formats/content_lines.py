"""Content lines: text to unfolded lines and back (RFC 5545 3.1, RFC 6350 3.2).

Reading takes any line ends and blank lines. Control characters, which both formats forbid and XML cannot carry, are
dropped on both ways, and a line end inside a value is written as an escape: no value can bring in a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FOLD_AT = 75  # octets in a line, without its CR LF
_SOFT = re.compile(r"^[^\":]*;(?:ENCODING=(?:[^\";]*,)?)?QUOTED-PRINTABLE(?=[,;]|\Z)[^\":]*\Z", re.IGNORECASE)
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in (9, 10, 13))


def unfold(text: str) -> list[str]:
    """The lines of a text, without blank ones."""
    text = clean(text)
    if "RINTABLE" not in text and "rintable" not in text:
        whole = "".join(text.split("\r\n "))
        lines = whole.split("\r\n")
        breaks = len(lines) - 1
        if whole.count("\n") == breaks == whole.count("\r") and "\t" not in whole:
            if lines[-1] == "":
                lines.pop()
            if "" not in lines:
                return lines
    return _unfold_any(text)


def _unfold_any(text: str) -> list[str]:
    """Unfold what does not simply end its lines with CR LF and fold them with a space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = join_soft_breaks(text).replace("\n ", "").replace("\n\t", "")
    return [line for line in text.split("\n") if line and not line.isspace()]


def join_soft_breaks(text: str) -> str:
    """Join quoted-printable values that go on after a ``=`` at the end of the line (vCard 2.1, vCalendar 1.0)."""
    if "RINTABLE" not in text.upper():
        return text
    lines: list[str] = []
    soft: list[str] = []
    for line in text.split("\n"):
        begins = not soft and _SOFT.search(line.partition(":")[0]) is not None
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


def fold(lines: Sequence[str]) -> str:
    """Lines as text: each folded at 75 octets between characters, ended by CR LF."""
    body = "\n".join(lines)
    if clean(body) is not body or "\r" in body or body.count("\n") != len(lines) - 1:
        lines = [_flat(clean(line)) for line in lines]
    folded = [line if len(line) <= FOLD_AT and line.isascii() else _fold(line) for line in lines]
    folded.append("")
    return "\r\n".join(folded)


def _fold(line: str) -> str:
    if line.isascii():
        parts = [line[:FOLD_AT]]
        parts += [line[at : at + FOLD_AT - 1] for at in range(FOLD_AT, len(line), FOLD_AT - 1)]
        return "\r\n ".join(parts)
    octets = line.encode()
    if len(octets) <= FOLD_AT:
        return line
    return "\r\n ".join(_octet_parts(octets))


def _octet_parts(octets: bytes) -> list[str]:
    parts: list[str] = []
    start, width = 0, FOLD_AT
    while start < len(octets):
        end = start + width
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # inside a UTF-8 sequence
            end -= 1
        parts.append(octets[start:end].decode())
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
