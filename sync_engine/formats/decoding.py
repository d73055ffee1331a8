"""Octets to text."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_CHARSETS = {
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "unicode-escape",
    "raw_unicode_escape",
}  # names of codecs


def decode(raw: bytes, charset: str | None = None) -> str:
    """Text of a file or an HTTP body: by its byte order mark, its declared charset, UTF-8, or else Windows-1252.

    Never raises: octets that fit nowhere become Latin-1.
    """
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(marked, "replace")
    for name in (_utf16_without_mark(raw), charset, "utf-8", "cp1252"):
        text = decode_as(raw, name) if name else None
        if text is not None:
            return text
    return raw.decode("latin-1")


def _utf16_without_mark(raw: bytes) -> str | None:
    """``B.E.`` or ``.B.E``: every second octet of BEGIN is zero."""
    if raw[1:4:2] == b"\0\0":
        return "utf-16-le"
    return "utf-16-be" if raw[0:4:2] == b"\0\0" else None


def decode_as(raw: bytes, charset: str) -> str | None:
    """Text in this charset; None when it is not, or when there is no such charset."""
    if charset.strip().lower() in _NO_CHARSETS:
        return None
    try:
        return raw.decode(charset.strip())
    except (LookupError, ValueError):
        return None
