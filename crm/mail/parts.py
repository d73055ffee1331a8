"""The parts of a mail (RFC 2046), found without recursion and in time linear in its size."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crm.errors import NotThere
from crm.mail import limits
from crm.mail.charsets import html_charset, text_of
from crm.mail.headers import Headers, base64_octets, read_headers
from crm.mail.parameters import parameters
from crm.mail.uuencoding import uu_octets

_BOUNDARY = 200  # octets; RFC 2046 allows 70


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf: what is in it is `raw[start:end]`, encoded. A mail within the mail is a leaf, too."""

    number: int  # in the order of the mail, from 0
    headers: Headers
    media_type: str
    parameters: dict[str, str]
    disposition: str  # inline, attachment, "" for none
    file_name: str  # as it is told; "" for none
    start: int
    end: int
    alternative: int = 0  # which multipart/alternative it stands in, from 1; 0 for none
    container: str = ""  # type of the multipart that it stands in

    def octets(self, raw: bytes) -> bytes:
        """Decoded."""
        return _decoded(raw[self.start : self.end], self.headers.first("content-transfer-encoding"))

    def text(self, raw: bytes) -> str:
        """In its character set."""
        octets = self.octets(raw)
        charset = self.parameters.get("charset", "")
        if not charset and self.media_type == "text/html":
            charset = html_charset(octets)
        return text_of(octets, charset)


@dataclass(frozen=True, slots=True)
class Parts:
    """All leaves, and what was wrong."""

    headers: Headers  # of the mail itself
    media_type: str
    parameters: dict[str, str]
    leaves: tuple[Part, ...]
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    """What is still to be looked at, the next at the end."""

    raw: bytes
    todo: list[tuple[int, int, int, int, str, str]] = field(default_factory=list)
    leaves: list[Part] = field(default_factory=list)
    problems: dict[str, None] = field(default_factory=dict)  # in order, each once
    alternatives: int = 0


def normalised(raw: bytes) -> bytes:
    """At most the octets that are read; with line feeds where a mail has only carriage returns."""
    raw = raw[: limits.MAIL]
    return raw.replace(b"\r", b"\n") if b"\n" not in raw[:8192] and b"\r" in raw[:8192] else raw


def read_parts(raw: bytes) -> Parts:
    """The leaves of a `normalised` mail."""
    top = read_headers(raw, len(raw) - len(raw.lstrip(b"\r\n")))
    kind, values = _type(top, "text/plain")
    walk = _Walk(raw)
    if top.problem:
        walk.problems[top.problem] = None
    _look(walk, top, top.body, len(raw), 0, 0, "", "text/plain")
    while walk.todo:
        start, end, depth, alternative, container, default = walk.todo.pop()
        headers = read_headers(raw, start, end)
        if headers.problem:
            walk.problems[headers.problem] = None
        _look(walk, headers, headers.body, end, depth, alternative, container, default)
    return Parts(top, kind, values, tuple(walk.leaves), tuple(walk.problems))


def _look(
    walk: _Walk, headers: Headers, start: int, end: int, depth: int, alternative: int, container: str, default: str
) -> None:
    """Take a part as a leaf, or put what is in it on the list."""
    kind, values = _type(headers, default)
    if kind.startswith("multipart/"):
        if depth >= limits.DEPTH:
            walk.problems[f"Parts nested deeper than {limits.DEPTH} were not read."] = None
        elif places := _split(walk, start, end, values.get("boundary", "")):
            if kind == "multipart/alternative":
                walk.alternatives += 1
                alternative = walk.alternatives
            inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            walk.todo += [(*place, depth + 1, alternative, kind, inner) for place in reversed(places)]
            return
        kind = "text/plain"  # a reader still finds its words
    if len(walk.leaves) >= limits.PARTS:
        walk.problems[f"More than {limits.PARTS} parts: the rest was left out."] = None
        walk.todo.clear()
        return
    walk.leaves.append(_leaf(len(walk.leaves), headers, kind, values, start, end, alternative, container))


def _leaf(
    number: int, headers: Headers, kind: str, values: dict[str, str], start: int, end: int, group: int, container: str
) -> Part:
    disposition, more = parameters(headers.first("content-disposition"))
    name = more.get("filename") or values.get("name", "")
    return Part(number, headers, kind, values, disposition, name, start, end, group, container)


def _type(headers: Headers, default: str) -> tuple[str, dict[str, str]]:
    value = headers.first("content-type")
    kind, values = parameters(value)
    if re.fullmatch(r"[!-.0-~]{1,100}/[!-.0-~]{1,100}", kind):
        return kind, values
    return ("text/plain" if value and kind != "text" else default), values


def _split(walk: _Walk, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """Where the parts of a multipart lie. One that is not ended goes on to the end of what it is in."""
    mark = boundary.encode("utf-8", "replace").rstrip()
    if not mark or len(mark) > _BOUNDARY:
        walk.problems["A multipart has no usable boundary: it was read as text."] = None
        return []
    places: list[tuple[int, int]] = []
    begun = -1
    for found in _delimiters(walk.raw, mark, start, end):
        if begun >= 0:
            places.append((begun, _before(walk.raw, begun, found.start())))
        begun = min(found.end(), end)
        if found[1]:
            return places
        if len(places) > limits.PARTS:
            walk.problems[f"More than {limits.PARTS} parts: the rest was left out."] = None
            return places
    if begun >= 0:
        places.append((begun, end))
    else:
        walk.problems["A multipart has no parts: it was read as text."] = None
    return places


def _delimiters(raw: bytes, mark: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    pattern = re.compile(rb"(?<![^\n])--" + re.escape(mark) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    yield from pattern.finditer(raw, start, end)


def _before(raw: bytes, start: int, end: int) -> int:
    """The line's end before a delimiter belongs to it."""
    end -= raw[end - 1 : end] == b"\n"
    end -= raw[end - 1 : end] == b"\r"
    return max(start, end)


def _decoded(octets: bytes, encoding: str) -> bytes:
    match encoding.split(";", maxsplit=1)[0].strip().lower():
        case "base64":
            return base64_octets(octets)
        case "quoted-printable":
            return quopri.decodestring(octets)
        case "x-uuencode" | "uuencode" | "x-uue":
            return uu_octets(octets)
    return octets


def content(raw: bytes, number: int) -> bytes:
    """What is in an attachment, decoded. Raises `crm.errors.NotThere` for a number that the mail does not have."""
    raw = normalised(raw)
    leaves = read_parts(raw).leaves
    if not 0 <= number < len(leaves):
        raise NotThere(f"This mail has no part {number}.")
    return leaves[number].octets(raw)
