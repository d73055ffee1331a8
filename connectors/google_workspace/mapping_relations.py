"""Related people: Google's relations, Apple's X-ABRELATEDNAMES with its label, and RELATED of vCard 4 (RFC 6350 6.6.6).

Each comes back as what it was: the types of RELATED begin with a capital at Google, all others with a small letter.
"""

from __future__ import annotations

from connectors.described import Document, Json
from connectors.google_workspace.mapping_labels import RELATIONS, as_a_set, labelled, own, type_of
from sync_engine.formats.text_values import escape, unescape
from sync_engine.model import Contact, ContentLine

RELATED, RELATED_NAME = "RELATED", "X-ABRELATEDNAMES"
_WORDS = (
    *("contact", "acquaintance", "friend", "met", "co-worker", "colleague", "co-resident", "neighbor", "child"),
    *("parent", "sibling", "spouse", "kin", "muse", "crush", "date", "sweetheart", "me", "agent", "emergency"),
)
_UNSAID = "Related"
_SPELLED = {word.capitalize(): word for word in _WORDS} | {_UNSAID: ""}
_TEXT = ("VALUE", ("TEXT",))


def put_relations(contact: Contact) -> list[Json]:
    """Names: a RELATED that is a link has no place."""
    return as_a_set(_put(line) for line in contact.extra)


def _put(line: ContentLine) -> dict[str, Json] | None:
    if line.name == RELATED and _TEXT in line.params:
        words = next((values for name, values in line.params if name == "TYPE"), ())
        return _entry(line, next((word.capitalize() for word in words if word in _WORDS), _UNSAID))
    if line.name != RELATED_NAME:
        return None
    kind = type_of((), line.companions, RELATIONS)
    return _entry(line, kind.lower() if kind in _SPELLED else kind)


def _entry(line: ContentLine, kind: str) -> dict[str, Json] | None:
    name = unescape(line.value)
    return ({"person": name} | ({"type": kind} if kind else {})) if name.strip() else None


def relation_lines(person: Document) -> list[ContentLine]:
    """The lines of a card."""
    return [_line(one) for one in own(person.get("relations")) if one.get("person")]


def _line(entry: Document) -> ContentLine:
    name, kind = escape(" ".join(entry["person"].split())), entry.get("type") or ""
    if kind not in _SPELLED:
        return ContentLine(RELATED_NAME, name, companions=labelled(kind))
    types = (("TYPE", (_SPELLED[kind],)),) if _SPELLED[kind] else ()
    return ContentLine(RELATED, name, (*types, _TEXT))
