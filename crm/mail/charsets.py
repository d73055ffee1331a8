"""From octets to text, whatever character set is claimed."""

from __future__ import annotations

import codecs
import re

# What mails claim and Python calls otherwise; small sets are read as the larger ones that senders mean.
_MEANT = {
    "us-ascii": "utf-8", "ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "8bit": "utf-8", "7bit": "utf-8", "": "utf-8",
    "unknown-8bit": "utf-8", "x-unknown": "utf-8", "default": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252", "l1": "cp1252", "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "x-sjis": "cp932",
    "shift_jis": "cp932", "sjis": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "windows-874": "cp874",
    "windows-31j": "cp932", "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "unicode-1-1-utf-7": "utf-7",
    "cp-850": "cp850", "big5": "big5hkscs", "x-euc-jp": "euc-jp", "unicode": "utf-16",
}  # fmt: skip
# Codecs of Python that are no character sets, or cost more than they give.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)


def text_of(octets: bytes, charset: str = "") -> str:
    """Text without NUL, control characters and lone surrogates; lines end with a line feed. Never raises."""
    text = _decoded(octets, _codec(charset))
    return _BAD.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Without control characters, and with one space for any white space."""
    return " ".join(_BAD.sub(" ", text).split())


def html_charset(octets: bytes) -> str:
    """What the document says of itself at its beginning; "" when it says nothing."""
    found = _META.search(octets[:2048])
    return found[1].decode("ascii") if found else ""


def _decoded(octets: bytes, codec: str) -> str:
    if octets.startswith(codecs.BOM_UTF8):
        octets, codec = octets[3:], "utf-8"
    for name in dict.fromkeys((codec, "utf-8")):
        try:
            return octets.decode(name)
        except (UnicodeError, ValueError):
            continue
    fallback = "cp1252" if codec in {"utf-8", "utf-7"} and not _mostly_utf8(octets) else codec
    return octets.decode(fallback, "replace")


def _mostly_utf8(octets: bytes) -> bool:
    """Whether a few octets are wrong, and not the character set."""
    bad = octets.decode("utf-8", "replace").count("�")
    return bad * 20 < sum(octet > 127 for octet in octets[:100_000])


def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return "utf-8"
    text_codec = getattr(found, "_is_text_encoding", True)  # rot13, hex and zlib are codecs, too
    return found.name if text_codec and found.name.replace("-", "_") not in _REFUSED else "utf-8"
