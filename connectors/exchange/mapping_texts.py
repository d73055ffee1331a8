"""Texts that Exchange holds: no longer than it allows, and without characters that XML has not."""

from __future__ import annotations

import re
from typing import Any

from exchangelib import Body

from connectors.bodies import description_of
from connectors.described import Described, one_line_ends
from sync_engine.errors import Rejected

LONGEST = 255  # characters of short texts
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """A text as it comes back."""
    return _NOT_IN_XML.sub("", one_line_ends(text))


def short(text: str, what: str) -> str | None:
    """A short text; None of an empty one. Raises `Rejected`."""
    found = plain(text)
    if len(found) > LONGEST:
        raise Rejected(f"Exchange holds at most {LONGEST} characters as {what}; shorten it: {found[:40]!r}...")
    return found or None


def row(field: str, name: str, what: str = "") -> Described[Any]:
    """One text that both sides have; with `what` people call it, one that must be short."""

    def put_it(record: Any) -> dict[str, Any]:
        text = getattr(getattr(record, "details", record), field)
        return {name: short(text, what) if what else plain(text) or None}

    return Described((field,), (name,), put_it, lambda shown: {field: one_line_ends(shown.get(name) or "")})


def body_row(field: str) -> Described[Any]:
    """The body: written as text, read as text or HTML."""

    def put_it(record: Any) -> dict[str, Any]:
        text = plain(getattr(getattr(record, "details", record), field))
        return {"body": Body(text) if text else None}

    return Described((field,), ("body",), put_it, lambda shown: {field: _text(shown.get("body"))})


def _text(body: Any) -> str:
    return description_of(body, getattr(body, "body_type", "Text")) if body else ""


def categories_row() -> Described[Any]:
    """Categories are names, without order."""

    def put_it(record: Any) -> dict[str, Any]:
        names = {short(name, "a category") for name in getattr(record, "details", record).categories}
        return {"categories": sorted(name for name in names if name)}

    return Described(
        ("categories",),
        ("categories",),
        put_it,
        lambda s: {"categories": tuple(sorted(set(s.get("categories") or ())))},
    )
