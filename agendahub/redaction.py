"""Keeps secrets out of logs and messages: by the name of a field, by the shape of a header, and by the known values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
_NAMES = re.compile(r"authorization|password|passwd|secret|token|cookie|api.?key", re.IGNORECASE)
_SHAPES = (
    (re.compile(r"\b(Basic|Bearer|Digest)\s+[^\s,'\"]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^/@\s:]*:)[^@/\s]+@"), rf"\1{HIDDEN}@"),
)
_SHORTEST = 4  # a shorter secret would make every log unreadable; it is still hidden by names and shapes
_known: set[str] = set()


def learn(secret: str) -> None:
    """From now on this value is hidden wherever it appears."""
    if len(secret) >= _SHORTEST:
        _known.add(secret)


def redact(value: Any, name: str = "") -> Any:
    """The value without secrets; containers are copied."""
    if name and _NAMES.search(name) and value not in (None, "", 0, False):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: redact(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(inner) for inner in value]
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    for secret in tuple(_known):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text
