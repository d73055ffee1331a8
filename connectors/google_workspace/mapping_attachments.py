"""Attachments: Google has links to files, a record lines ATTACH (RFC 5545 3.8.1.1); files themselves have no place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.described import Document, Json
from sync_engine.formats.outline import in_order
from sync_engine.model import ContentLine, Params

MOST = 25  # of one event (Calendar API, Event)
_TITLE = "FILENAME"  # RFC 8607 4.2


def put_attachments(lines: Sequence[ContentLine]) -> list[Json]:
    """The links, each once."""
    found: dict[str, Json] = {}
    for line in in_order(list(lines)):
        url = line.value.strip()
        if url.lower().startswith(("http://", "https://")):
            found.setdefault(url, _put(url, line.params))
    return list(found.values())[:MOST]


def _put(url: str, params: Params) -> dict[str, Json]:
    said = {name: " ".join(values) for name, values in params}
    named = {"fileUrl": url, "title": said.get(_TITLE, ""), "mimeType": said.get("FMTTYPE", "")}
    return {name: text for name, text in named.items() if text}


def get_attachments(document: Document) -> dict[str, Any]:
    """The lines of an event."""
    found = [_line(one) for one in document.get("attachments") or () if one.get("fileUrl")]
    return {"attachments": in_order(found)}


def _line(one: Document) -> ContentLine:
    words = {"FMTTYPE": one.get("mimeType") or "", _TITLE: " ".join((one.get("title") or "").split())}
    return ContentLine("ATTACH", one["fileUrl"], tuple((name, (text,)) for name, text in sorted(words.items()) if text))
