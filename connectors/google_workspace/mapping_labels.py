"""What an address, a number or a name is for: Google's types, the types of a vCard and Apple's labels (X-ABLabel).

A type of Google's own is a type of the card where phones know one; any other word is a label, as people see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from connectors.described import Document, Json
from sync_engine.formats.outline import line_key
from sync_engine.formats.text_values import escape, unescape
from sync_engine.model import Address, ContentLine, Labelled

Companions: TypeAlias = tuple[ContentLine, ...]
SupportsOrder: TypeAlias = Any
Types: TypeAlias = dict[str, tuple[str, ...]]

PLACES: Types = {"home": ("home",), "work": ("work",), "other": ("other",)}
PHONES: Types = PLACES | {
    "mobile": ("cell",),
    "workMobile": ("cell", "work"),
    "homeFax": ("fax", "home"),
    "workFax": ("fax", "work"),
    "otherFax": ("fax",),
    "pager": ("pager",),
    "workPager": ("pager", "work"),
    "main": ("main",),
}
URLS: Types = PLACES | {"homePage": (), "blog": (), "profile": (), "ftp": (), "reservations": ()}
RELATIONS: Types = {
    "spouse": (), "child": (), "mother": (), "father": (), "parent": (), "brother": (), "sister": (), "friend": (),
    "relative": (), "domesticPartner": (), "manager": (), "assistant": (), "referredBy": (), "partner": (),
}  # fmt: skip
NO_TYPES: Types = {}
_APPLE = frozenset({
    "Anniversary", "Assistant", "Brother", "Child", "Daughter", "Father", "Friend", "HomePage", "Main", "Manager",
    "Mother", "Other", "Parent", "Partner", "Sibling", "Sister", "Son", "Spouse",
})  # fmt: skip
"""Words that Apple translates: it writes them as ``_$!<Spouse>!$_``."""
_BUILT_IN = re.compile(r"_\$!<(.*)>!\$_\Z", re.DOTALL)
_SAME = {"mobile": "cell", "iphone": "cell", "business": "work", "facsimile": "fax"}
_SILENT = frozenset(
    ("voice", "internet", "x400", "x-400", "pref", "text", "video", "msg", "dom", "intl", "postal", "parcel")
)
_WORDS = frozenset(
    ("car", "isdn", "bbs", "modem", "textphone", "x-assistant", "assistant", "callback", "radio", "telex")
)
"""Types of a card that are a word of their own at Google."""


def type_of(types: Sequence[str], companions: Companions, known: Types) -> str:
    """Google's type; empty for none."""
    label = label_of(companions)
    if label:
        return _predefined(label, known) or label
    words = tuple(sorted({_SAME.get(word, word) for word in types} - _SILENT))
    exact = {theirs: name for name, theirs in known.items() if theirs}
    if words in exact:
        return exact[words]
    fitting = [theirs for theirs in exact if set(theirs) <= set(words)]
    if fitting:
        return exact[max(fitting, key=lambda theirs: (len(theirs), theirs not in (("home",), ("work",)), theirs))]
    return words[0] if words else ""


def _predefined(label: str, known: Types) -> str:
    plain = label.replace(" ", "").lower()
    return next((name for name in known if name.lower() == plain), "")


def said_as(google_type: str | None, known: Types) -> tuple[tuple[str, ...], Companions]:
    """The types and the label of one of Google's types."""
    name = (google_type or "").strip()
    if known.get(name):
        return known[name], ()
    if name.lower() in _WORDS:
        return (name.lower(),), ()
    return (), labelled(name)


def labelled(name: str) -> Companions:
    """The label of this name, as Apple writes it; none of an empty one."""
    if not name:
        return ()
    word = name[:1].upper() + name[1:]
    text = f"_$!<{word}>!$_" if word in _APPLE else name
    return (ContentLine("X-ABLABEL", escape(text), (), "X-ABLabel"),)


def label_of(companions: Companions) -> str:
    """What a label says."""
    said = next((unescape(line.value).strip() for line in companions if line.name == "X-ABLABEL"), "")
    match = _BUILT_IN.match(said)
    return match[1].strip() if match else said


# ---------------------------------------------------------------- several of them


def arranged(entries: Sequence[tuple[Json, bool]], order: Callable[[Json], SupportsOrder]) -> list[Json]:
    """Entries, each with whether it is the one to use, as Google is told them: that one first, and each once."""
    found: list[tuple[Json, bool]] = []
    for entry, preferred in sorted(entries, key=lambda pair: (not pair[1], order(pair[0]))):
        if all(entry != other for other, _ in found):
            found.append((entry, preferred))
    if len(found) < 2:
        return [entry for entry, _ in found]
    (first, _), *others = found
    rest = sorted((entry for entry, _ in others), key=order)
    return [{**first, "metadata": {"sourcePrimary": True}}, *rest]


def first_and_others(entries: Iterable[Json]) -> list[Json]:
    """Entries of which the first means more than the others, which have no order."""
    said = [entry for entry in entries if entry]
    return arranged([(entry, place == 0) for place, entry in enumerate(said)], by_words)


def as_a_set(entries: Iterable[Json | None]) -> list[Json]:
    """Entries without order, each once."""
    found: list[Json] = []
    for entry in sorted((entry for entry in entries if entry), key=by_words):
        if entry not in found[-1:]:
            found.append(entry)
    return found


def by_words(entry: Json) -> SupportsOrder:
    """An order of entries that have none."""
    return [(name, str(value)) for name, value in sorted(entry.items()) if name in _SAID]


def preferred_first(entries: Sequence[Document]) -> list[Document]:
    """Google promises no order: the one to use, and the others by their words."""
    best = place_of_preferred(entries)
    others = sorted((one for place, one in enumerate(entries) if place != best), key=by_words)
    return [*([entries[best]] if best >= 0 else []), *others]


def own(entries: Json) -> list[Document]:
    """Those of the contact itself: Google shows with it what it knows of the person."""
    sources = (((one.get("metadata") or {}).get("source") or {}).get("type") for one in entries or ())
    return [one for one, source in zip(entries or (), sources, strict=True) if source in _OWN_SOURCES]


_SAID = frozenset(
    ("value", "type", "name", "department", "title", "key", "person", "date", "url")
)  # not what Google adds
_OWN_SOURCES = (None, "CONTACT", "OTHER_CONTACT")


def place_of_preferred(entries: Sequence[Document]) -> int:
    """Which of several is the one to use; -1 of a single one."""
    if len(entries) < 2:
        return -1
    said = [one.get("metadata") or {} for one in entries]
    return next((place for place, of in enumerate(said) if of.get("sourcePrimary") or of.get("primary")), 0)


def labelled_in_order(found: Iterable[Labelled]) -> tuple[Labelled, ...]:
    """As a card is read: the preferred one first, then by type and value."""
    return tuple(sorted(dict.fromkeys(found), key=lambda element: (not element.preferred, labelled_key(element))))


def labelled_key(e: Labelled) -> SupportsOrder:
    """The order of values that are equally good."""
    return e.types, e.value, e.params, _lines(e)


def addresses_in_order(found: Iterable[Address]) -> tuple[Address, ...]:
    """As a card is read."""
    return tuple(sorted(dict.fromkeys(found), key=lambda address: (not address.preferred, address_key(address))))


def address_key(e: Address) -> SupportsOrder:
    """The order of addresses that are equally good."""
    return e.types, _parts(e), e.params, _lines(e)


def _lines(element: Labelled | Address) -> list[tuple[object, ...]]:
    return [line_key(line) for line in element.companions]


def _parts(address: Address) -> tuple[tuple[str, ...], ...]:
    place = (address.locality, address.region, address.postal_code, address.country)
    return (address.po_box, address.extended, address.street, *place)
