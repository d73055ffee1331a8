"""A header with parameters: Content-Type and Content-Disposition (RFC 2045, 2231)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from crm.mail.charsets import one_line, text_of
from crm.mail.headers import decoded

_KEY = re.compile(r"\s*([^\s=;\"]{1,80})\s*=\s*")
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?$")
_MOST = 100  # parameters of one header


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """What stands before the first semicolon, lower case; and the parameters by lower case name, decoded."""
    head, _, rest = value.partition(";")
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    plain: dict[str, str] = {}
    for count, (key, text) in enumerate(_pairs(rest)):
        if count >= _MOST:
            break
        section = _SECTION.match(key)
        if section and (section[2] or section[3]):
            pieces.setdefault(section[1], []).append((int(section[2] or 0), bool(section[3]), text))
        else:
            plain.setdefault(key, decoded(text))
    joined = {name: _joined(sorted(parts, key=lambda part: part[0])) for name, parts in pieces.items()}
    return one_line(head).lower(), plain | joined  # RFC 2231 over what old clients need


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _KEY.match(text, at)
        if not found:
            after = text.find(";", at)
            if after < 0:
                return
            at = after + 1
            continue
        value, at = (
            _quoted(text, found.end()) if text[found.end() : found.end() + 1] == '"' else _bare(text, found.end())
        )
        yield found[1].lower(), value


def _bare(text: str, at: int) -> tuple[str, int]:
    end = text.find(";", at)
    end = len(text) if end < 0 else end
    return text[at:end].strip(), end + 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    out: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:  # a lone backslash is a path of Windows
            at += 1
        out.append(text[at])
        at += 1
    end = text.find(";", at)
    return "".join(out), len(text) if end < 0 else end + 1


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    charset, octets = "", b""
    for index, (_, encoded, text) in enumerate(parts):
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)  # noqa: PLW2901
        octets += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return one_line(text_of(octets, charset))
