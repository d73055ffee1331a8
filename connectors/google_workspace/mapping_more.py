"""What Google knows of a person and a card has no property for: lines of the record, which phones show or leave alone.

Lines of people's own (X-SHOE-SIZE) are custom fields at Google; those of programs stay in the hub.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from connectors.described import Document, Json, one_line_ends
from connectors.google_workspace.mapping_dates import get_days
from connectors.google_workspace.mapping_labels import (
    NO_TYPES,
    as_a_set,
    label_of,
    labelled,
    own,
    type_of,
)
from connectors.google_workspace.mapping_names import ROLE, get_roles, other_jobs, spoken_lines
from connectors.google_workspace.mapping_relations import put_relations, relation_lines
from sync_engine.formats.text_values import escape, structure, unescape
from sync_engine.model import Contact, ContentLine

GENDER, PRONOUNS = "GENDER", "PRONOUNS"  # RFC 6350 6.2.7, RFC 9554 3.4
CUSTOM = "X-GOOGLE-USER-DEFINED"
_SEXES = {"M": "male", "F": "female", "U": "unspecified", "O": "other", "N": "none"}
_LETTERS = {"male": "M", "female": "F", "unspecified": "U"}
_OWN_NAME = re.compile(r"X-[A-Za-z0-9-]+\Z")
_OF_PROGRAMS = re.compile(
    r"X-(?:AB(?:ADR|CROP|DATE|LABEL|ORDER|RELATED|SHOWAS|UID)|IMAGE(?:HASH|TYPE)|"
    r"(?:ADDRESSBOOKSERVER|AIM|ANDROID|APPLE|ASSISTANT|DAVX5|EVOLUTION|GADUGADU|GENDER|GOOGLE|GROUPWISE|GTALK|ICQ|JABBER|"
    r"KADDRESSBOOK|MANAGER|MICROSOFT|MOZILLA|MS|MSN|PHONETIC|QQ|RADICALE|SERVICE|SIP|SKYPE|SOCIALPROFILE|SOGO|SPOUSE|"
    r"SYNTHESIS|TWITTER|YAHOO)(?:-|\Z))"
)


class Sort(NamedTuple):
    """Entries of Google's that are one line each."""

    name: str
    line: str
    value: str = "value"
    typed: bool = True  # the type is the label of the line


_SORTS = (
    Sort("interests", "INTEREST", typed=False),  # RFC 6715 2.3
    Sort("locales", "LANG", typed=False),
    Sort("calendarUrls", "CALURI", "url"),
    Sort("externalIds", "X-GOOGLE-EXTERNAL-ID"),
    Sort("locations", "X-GOOGLE-LOCATION"),
    Sort("miscKeywords", "X-GOOGLE-KEYWORD"),
)
_FREE_BUSY = ("freeBusy", "FBURL")
MORE = (*(sort.name for sort in _SORTS), "relations", "userDefined", "genders")
"""The lists of Google's that are only lines of a card."""


def put_more(contact: Contact) -> dict[str, Json]:
    """All lists of Google's that lines of a card stand for."""
    found: dict[str, Json] = {sort.name: _entries(contact, sort) for sort in _SORTS}
    found["relations"] = put_relations(contact)
    found["userDefined"] = as_a_set(_user_defined(line) for line in contact.extra)
    return found | _put_gender(contact)


def _entries(contact: Contact, sort: Sort) -> list[Json]:
    return as_a_set(_entry(line, sort) for line in contact.extra if line.value)


def _entry(line: ContentLine, sort: Sort) -> dict[str, Json] | None:
    if line.name == _FREE_BUSY[1] and sort.name == "calendarUrls":
        return {sort.value: unescape(line.value), "type": _FREE_BUSY[0]}
    if line.name != sort.line:
        return None
    kind = type_of((), line.companions, NO_TYPES) if sort.typed else ""
    return {sort.value: unescape(line.value)} | ({"type": kind} if kind else {})


def more_lines(person: Document) -> list[ContentLine]:
    """The lines of all that."""
    found = [*spoken_lines(person), *other_jobs(person), *get_days(person)[1], *_gender_lines(person)]
    found += [ContentLine(ROLE, escape(text)) for text in get_roles(person)[1:]]
    found += relation_lines(person)
    found += [_custom_line(one) for one in own(person.get("userDefined")) if one.get("key") and one.get("value")]
    for sort in _SORTS:
        found += [_line(one, sort) for one in own(person.get(sort.name)) if one.get(sort.value)]
    return list(dict.fromkeys(found))


def _line(entry: Document, sort: Sort) -> ContentLine:
    value, kind = escape(one_line_ends(entry[sort.value])), entry.get("type") or ""
    if kind == _FREE_BUSY[0] and sort.name == "calendarUrls":
        return ContentLine(_FREE_BUSY[1], value)
    return ContentLine(sort.line, value, companions=labelled(kind) if sort.typed else ())


# ---------------------------------------------------------------- gender, own fields


def _put_gender(contact: Contact) -> dict[str, Json]:
    said = {line.name: line.value for line in reversed(contact.extra)}
    sex, identity, *_ = [" ".join(part) for part in structure(said.get(GENDER, ""))] + ["", ""]
    value = _SEXES.get(sex.strip().upper(), "")
    named = {
        "value": value if value in _LETTERS and not identity else identity or value,
        "addressMeAs": unescape(said.get(PRONOUNS, "")),
    }
    entry = {name: text for name, text in named.items() if text}
    return {"genders": [entry] if entry else []}


def _gender_lines(person: Document) -> Iterator[ContentLine]:
    entry = next(iter(own(person.get("genders"))), {})
    if value := entry.get("value"):
        yield ContentLine(GENDER, _LETTERS.get(value) or f";{escape(value)}")
    if pronouns := entry.get("addressMeAs"):
        yield ContentLine(PRONOUNS, escape(pronouns))


def _user_defined(line: ContentLine) -> dict[str, Json] | None:
    value = unescape(line.value)
    if not value.strip():
        return None
    if line.name == CUSTOM:
        key = label_of(line.companions)
        return {"key": key, "value": value} if key else None
    theirs = not _OWN_NAME.match(line.name) or _OF_PROGRAMS.match(line.name)
    return None if theirs or line.params or line.companions else {"key": line.written or line.name, "value": value}


def _custom_line(entry: Document) -> ContentLine:
    key, value = str(entry["key"]), escape(one_line_ends(str(entry["value"])))
    name = key.upper()
    if not _OWN_NAME.match(key) or _OF_PROGRAMS.match(name):
        return ContentLine(CUSTOM, value, companions=labelled(key))
    return ContentLine(name, value, written=key if key != name else "")
