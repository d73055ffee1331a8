"""Make an input that shows a fault as small as it gets, and as much our own as it gets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from tests.fuzz.run import attempt
from tests.fuzz.targets import Target

_SECONDS = 60.0  # for one fault
_WORDS = re.compile(rb"[A-Za-z\x80-\xff]{2,}|[1-9]\d*")


def shrink(target: Target, raw: bytes, what: str) -> bytes:
    """A smaller input with the same fault, its words replaced where they do not matter."""
    until = time.monotonic() + _SECONDS

    def fails(candidate: bytes) -> bool:
        if time.monotonic() > until:
            return False
        fault = attempt(target, candidate)[2]
        return fault is not None and fault[0] == what

    for separator in (b"\r\n", b"\n", b";", b",", b""):
        raw = _without_parts(raw, separator, fails)
    return _plain(raw, fails)


def _without_parts(raw: bytes, separator: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Leave out halves, quarters ... single parts."""
    parts = raw.split(separator) if separator else [raw[n : n + 1] for n in range(len(raw))]
    if not separator and len(parts) > 2000:
        return raw
    size = len(parts) // 2
    while size:
        at = 0
        while at < len(parts):
            rest = parts[:at] + parts[at + size :]
            if rest and fails(separator.join(rest)):
                parts = rest
            else:
                at += size
        size //= 2
    return separator.join(parts)


def _plain(raw: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Words that do not matter become "a" and numbers "1": nobody else's text stays."""
    for found in list(_places(raw)):
        plain = b"1" if raw[found.start() : found.start() + 1].isdigit() else b"a"
        candidate = raw[: found.start()] + plain + raw[found.end() :]
        if fails(candidate):
            raw = candidate
    return raw


def _places(raw: bytes) -> Iterator[re.Match[bytes]]:
    """From the end, so that earlier places stay where they are."""
    return reversed(list(_WORDS.finditer(raw)))
