"""The head of a content line: everything before its colon.

Heads repeat ("TEL;TYPE=CELL"), values do not, so heads are read once and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from sync_engine.model import Params

_NAME = re.compile(r"(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)\Z")
_HYPHEN = re.compile(r"\s*-\s*")
_HYPHENATED = frozenset(
    ("LAST-MODIFIED", "PERCENT-COMPLETE", "RECURRENCE-ID", "REFRESH-INTERVAL", "RELATED-TO", "REQUEST-STATUS")
)
_PARAM_NAME = re.compile(r"[A-Z0-9_-]+\Z")
_PLAIN = re.compile(r"[\w@./+-]+(?: [\w@./+-]+)*\Z")
_CARET = re.compile(r"\^([n'^])", re.IGNORECASE)
_CARET_NEEDED = re.compile(r"\^(?=[nN'^\"\r\n])|[\"\r\n]+")
_QUOTE_NEEDED = re.compile(r"[,;:]")
_UPPER_VALUES = frozenset(
    ("CUTYPE", "ENCODING", "FBTYPE", "PARTSTAT", "RANGE", "RELATED", "RELTYPE", "ROLE", "RSVP", "VALUE")
)  # values of these are case-insensitive
_COMMA, _SEMICOLON = "\x01", "\x02"  # stand in for escaped ones; no text that comes here has control characters
CACHED_LENGTH = 200  # longer heads are not remembered: the memory stays bounded
_MOST_REMEMBERED = 4096

Known = TypeVar("Known")


class Head(NamedTuple):
    """A head as read."""

    name: str  # upper case
    written: str  # as written, for X- names that are not all upper case
    group: str
    params: Params  # sorted by name, the values of one name together


class Remembered(dict[str, Known | None], Generic[Known]):
    """What heads mean, by their text: read when first asked for, bounded in number and length."""

    __slots__ = ("read",)

    def __init__(self, read: Callable[[str], Known | None]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> Known | None:
        known = self.read(text)
        if len(text) <= CACHED_LENGTH:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[text] = known
        return known


def split_line(line: str) -> tuple[str, str]:
    """Head and value: cut at the first colon that is not in a quoted parameter."""
    head, _, value = line.partition(":")
    if '"' not in head:
        return head, value
    at = 0
    for number, part in enumerate(line.split('"')):
        if number % 2 == 0:
            found = part.find(":")
            if found >= 0:
                return line[: at + found], line[at + found + 1 :]
        at += len(part) + 1
    return head, value  # a quote that never ends


def read_head(text: str) -> Head | None:
    """Read a head; None when it is not one."""
    return _cached(text) if len(text) <= CACHED_LENGTH else _read(text)


def _read(text: str) -> Head | None:
    if "\\" in text and '"' not in text:  # no escapes are meant to be here, but some write them
        text = text.replace("\\,", _COMMA).replace("\\;", _SEMICOLON)
    name, *params = _cut(text, ";")
    match = _NAME.match(name.strip()) or _NAME.match(_without_blanks(name))
    if match is None or match[2].upper() in ("BEGIN", "END"):
        return None
    written = match[2]
    upper = written.upper()
    keep = written if upper != written and upper.startswith("X-") else ""
    read = _params(params) if params else ()
    return None if read is None else Head(upper, keep, match[1] or "", read)


_cached = lru_cache(maxsize=4096)(_read)


def _without_blanks(name: str) -> str:
    """``REFRESH - INTERVAL``: only names that are known, for a line of a text may look like this too."""
    joined = _HYPHEN.sub("-", name.strip())
    return joined if joined in _HYPHENATED else ""


def _params(parts: list[str]) -> Params | None:
    found: dict[str, list[str]] = {}
    for part in _rejoined(parts):
        name, equals, text = part.partition("=")
        name = name.strip().upper()
        if not _PARAM_NAME.match(name):
            return None
        values = [_canonical(name, value) for value in _values(name, text)] if equals else []
        found.setdefault(name, []).extend(values)
    if "TYPE" in found:
        found["TYPE"] = sorted(set(found["TYPE"]))
    return tuple(sorted((name, tuple(values)) for name, values in found.items()))


def _rejoined(parts: list[str]) -> list[str]:
    """CN=Doe; John: the semicolon should have been quoted."""
    whole: list[str] = []
    for part in filter(None, parts):
        if "=" in part or not whole or _PARAM_NAME.match(part.strip().upper()):
            whole.append(part)
        else:
            whole[-1] += f";{part}"
    return whole


def _values(name: str, text: str) -> list[str]:
    values = [_unquoted(value) for value in _cut(text, ",")]
    if name == "TYPE":  # vCard 4 writes the whole list in quotes
        return [word.strip().lower() for value in values for word in value.split(",")]
    return values


def _canonical(name: str, value: str) -> str:
    return value.strip().upper() if name in _UPPER_VALUES else value


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    value = value.replace(_COMMA, ",").replace(_SEMICOLON, ";")
    return _CARET.sub(_caret, value) if "^" in value else value


def _caret(match: re.Match[str]) -> str:
    return {"n": "\n", "N": "\n", "'": '"', "^": "^"}[match[1]]


def _cut(text: str, separator: str) -> list[str]:
    """Cut at separators outside of quotes."""
    if '"' not in text or text.count('"') % 2:
        return text.split(separator)
    parts: list[list[str]] = [[]]
    for number, part in enumerate(text.split('"')):
        if number % 2:
            parts[-1].append(f'"{part}"')
        else:
            first, *rest = part.split(separator)
            parts[-1].append(first)
            parts += [[piece] for piece in rest]
    return ["".join(part) for part in parts]


def write_params(params: Params) -> str:
    """Parameters as text, each with its semicolon; quoted and ^-encoded (RFC 6868) where needed."""
    parts: list[str] = []
    for name, values in params:
        if len(values) == 1:
            value = values[0]
            parts.append(f";{name}={value if value.isalnum() else _quoted(value)}")
        elif values:
            parts.append(f";{name}={','.join([_quoted(value) for value in values])}")
        else:
            parts.append(f";{name}")
    written = "".join(parts)
    if "\\;" in written or "\\," in written:  # outside of quotes that would be taken for an escape
        return "".join(
            [f";{name}={','.join(map(_in_quotes, values))}" if values else f";{name}" for name, values in params]
        )
    return written


def _in_quotes(value: str) -> str:
    quoted = _quoted(value)
    return quoted if quoted.startswith('"') else f'"{quoted}"'


def _quoted(value: str) -> str:
    if _PLAIN.match(value):
        return value
    if '"' in value or "^" in value or "\n" in value or "\r" in value:
        value = _CARET_NEEDED.sub(_encode_caret, value)
    return f'"{value}"' if not value or _QUOTE_NEEDED.search(value) or value != value.strip() else value


def _encode_caret(match: re.Match[str]) -> str:
    found = match[0].replace("\r\n", "\n").replace("\r", "\n")
    return found.replace("^", "^^").replace('"', "^'").replace("\n", "^n")
