"""A vCard in the other version: 3.0 (RFC 2426) to 4.0 (RFC 6350) and back, line by line.

What both know alike stays letter for letter. What one version has and the other has not keeps its name and value with
"X-" before the name, and gets its name back on the way back: nothing is lost. Groups and members, birthdays without a
year and preferred numbers are written as phones of that version expect them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sync_engine.errors import Unreadable
from sync_engine.formats.card_values import TO_3, TO_4, param, with_params
from sync_engine.formats.content_lines import fold, unfold
from sync_engine.formats.outline import Node, OddLineError, as_line, heads_of, mend, outline
from sync_engine.formats.text_values import escape, unescape
from sync_engine.formats.vcard_reader import read_card
from sync_engine.formats.vcard_writer import write_card, write_line
from sync_engine.model import ContentLine

_ONLY_3 = frozenset(("AGENT", "CLASS", "LABEL", "MAILER", "NAME", "PROFILE", "SORT-STRING"))
_ONLY_4 = frozenset(  # with RFC 6474, RFC 6715, RFC 8605 and RFC 9554
    (
        "BIRTHPLACE", "CLIENTPIDMAP", "CONTACT-URI", "CREATED", "DEATHDATE", "DEATHPLACE", "EXPERTISE", "GENDER",
        "GRAMGENDER", "HOBBY", "INTEREST", "JSPROP", "LANG", "LANGUAGE", "ORG-DIRECTORY", "PRONOUNS", "RELATED",
        "SOCIALPROFILE", "XML",
    )
)  # fmt: skip
_ONLY_4_PARAMS = frozenset(
    ("ALTID", "CALSCALE", "GEO", "INDEX", "LABEL", "LEVEL", "MEDIATYPE", "PID", "PREF", "SORT-AS", "TZ")
)
_BESIDE_IN_4 = {f"X-{name}" for name in _ONLY_3}
_BESIDE_IN_3 = {f"X-{name}" for name in _ONLY_4 | {"BDAY", "GEO", "TZ"}}
_APPLE = {"KIND": "X-ADDRESSBOOKSERVER-KIND", "MEMBER": "X-ADDRESSBOOKSERVER-MEMBER"}
_FROM_APPLE = {apple: name for name, apple in _APPLE.items()}


def in_version(text: str, version: str) -> str:
    """A vCard as 3.0 or 4.0; the same text where it is that already. Raises `Unreadable`."""
    lines = _lines_of(text)
    if _version(lines) == version:
        return text
    raw = {id(line): text for text, line in lines}
    turned = (_all_to_4 if version == "4.0" else _all_to_3)([line for _, line in lines if line.name != "VERSION"])
    written = [raw.get(id(line)) or _written(line) for line in turned]
    return fold(["BEGIN:VCARD", f"VERSION:{version}", *written, "END:VCARD"])


def version_of(text: str) -> str:
    """The version of a vCard, "" when it says none. Raises `Unreadable`."""
    return _version(_lines_of(text))


def _version(lines: Sequence[tuple[str, ContentLine]]) -> str:
    return next((line.value.strip() for _, line in lines if line.name == "VERSION"), "")


def _written(line: ContentLine) -> str:
    return f"{line.group}.{write_line(line)}" if line.group else write_line(line)


def _lines_of(text: str) -> list[tuple[str, ContentLine]]:
    """The lines of a card, each as it is written and as it is read. One of an old version comes as 3.0."""
    lines = unfold(text.removeprefix("\ufeff"))
    try:
        return _read(lines)
    except OddLineError:
        pass
    try:
        return _read(mend(lines))
    except OddLineError as odd:
        raise Unreadable(f"A line cannot be read as a property: {str(odd)[:60]!r}.") from odd


def _read(lines: list[str]) -> list[tuple[str, ContentLine]]:
    root = outline(lines)
    if len(root.children) != 1 or root.children[0].name != "VCARD":
        raise Unreadable("This is not one vCard.")
    card = root.children[0]
    found = _own(card, lines)
    if not card.children and _version(found) in ("3.0", "4.0"):
        return found
    plain = unfold(write_card(read_card(card, lines, "")))  # quoted-printable, cards in cards
    return _own(outline(plain).children[0], plain)


def _own(card: Node, lines: list[str]) -> list[tuple[str, ContentLine]]:
    own = card.own_lines(lines)
    return [(raw, as_line(head, value)) for raw, (head, value) in zip(own, heads_of(own), strict=True)]


# ---------------------------------------------------------------- to 4.0


def _all_to_4(lines: list[ContentLine]) -> Iterator[ContentLine]:
    lines = _sort_into_name(_labels_into_addresses(lines))
    known = {line.name for line in lines}
    for line in lines:
        yield _to_4(line, known)


def _to_4(line: ContentLine, known: set[str]) -> ContentLine:
    if line.name in _BESIDE_IN_3:
        line = replace(line, name=line.name[2:], written="")
        return _params_to_4(line)
    if line.name in _ONLY_3:
        return _params_to_4(replace(line, name=f"X-{line.name}", written=""))
    apple = _FROM_APPLE.get(line.name)
    if apple and (apple not in known or apple == "MEMBER"):
        line = replace(line, name=apple, written="")
    return _params_to_4(TO_4.get(line.name, _same)(line))


def _same(line: ContentLine) -> ContentLine:
    return line


def _params_to_4(line: ContentLine) -> ContentLine:
    types = param(line, "TYPE")
    params = {_plain(name): values for name, values in line.params}
    if "pref" in types:
        params["TYPE"] = tuple(value for value in types if value != "pref")
        params.setdefault("PREF", ("1",))
    if params.get("TYPE") == ():
        del params["TYPE"]
    return _with(line, params)


def _plain(name: str) -> str:
    return name[2:] if name.startswith("X-") and name[2:] in _ONLY_4_PARAMS else name


def _with(line: ContentLine, params: dict[str, tuple[str, ...]]) -> ContentLine:
    found = tuple(sorted(params.items()))
    return line if found == line.params else replace(line, params=found)


def _labels_into_addresses(lines: list[ContentLine]) -> list[ContentLine]:
    """LABEL is a parameter of its address in 4.0; one that does not tell which address is its own stays beside."""
    addresses, labels = _by_kind(lines, "ADR"), _by_kind(lines, "LABEL")
    pairs = {
        key: (labels[key][0], addresses[key][0])
        for key in labels
        if len(labels[key]) == 1 == len(addresses.get(key, ())) and not _has_label(addresses[key][0])
    }
    taken = {id(label) for label, _ in pairs.values()}
    into = {id(address): label for label, address in pairs.values()}
    return [
        with_params(line, LABEL=unescape(into[id(line)].value)) if id(line) in into else line
        for line in lines
        if id(line) not in taken
    ]


def _has_label(line: ContentLine) -> bool:
    return bool(param(line, "LABEL") or param(line, "X-LABEL"))


def _by_kind(lines: Sequence[ContentLine], name: str) -> dict[tuple[str, tuple[str, ...]], list[ContentLine]]:
    """Lines of one name by their group and types."""
    found: dict[tuple[str, tuple[str, ...]], list[ContentLine]] = {}
    for line in lines:
        if line.name == name:
            types = tuple(value for value in param(line, "TYPE") if value != "pref")
            found.setdefault((line.group.lower(), types), []).append(line)
    return found


def _sort_into_name(lines: list[ContentLine]) -> list[ContentLine]:
    """SORT-STRING is a parameter of the name in 4.0."""
    names = [line for line in lines if line.name == "N"]
    sorts = [line for line in lines if line.name == "SORT-STRING"]
    text = unescape(sorts[0].value) if len(sorts) == 1 else ""
    if not text or "," in text or sorts[0].params or len(names) != 1 or _has_sort(names[0]):
        return lines
    return [with_params(line, SORT_AS=text) if line is names[0] else line for line in lines if line is not sorts[0]]


def _has_sort(line: ContentLine) -> bool:
    return bool(param(line, "SORT-AS") or param(line, "X-SORT-AS"))


# ---------------------------------------------------------------- to 3.0


def _all_to_3(lines: list[ContentLine]) -> Iterator[ContentLine]:
    alone = {key for key, found in _by_kind(lines, "ADR").items() if len(found) == 1}
    if not any(line.name == "N" for line in lines):
        yield ContentLine("N", ";;;;")  # mandatory there (RFC 2426 3.1.2)
    for line in lines:
        sort, label = _sort_of(line), param(line, "LABEL")
        if sort:
            yield _to_3(with_params(line, "SORT-AS"))
            yield ContentLine("SORT-STRING", escape(sort))
        elif label and _by_kind([line], "ADR").keys() & alone:
            yield _to_3(with_params(line, "LABEL"))
            yield _label(line, label[0])
        else:
            yield _to_3(line)


def _sort_of(line: ContentLine) -> str:
    found = param(line, "SORT-AS") if line.name == "N" else ()
    return found[0] if len(found) == 1 and "," not in found[0] else ""


def _label(address: ContentLine, text: str) -> ContentLine:
    types = tuple(value for value in param(address, "TYPE") if value != "pref")
    params = (("TYPE", tuple(map(str.upper, types))),) if types else ()
    return ContentLine("LABEL", escape(text.replace("\\n", "\n")), params, group=address.group)


def _to_3(line: ContentLine) -> ContentLine:
    if line.name in _BESIDE_IN_4:
        return _params_to_3(replace(line, name=line.name[2:], written=""))
    if line.name in _ONLY_4:
        return _params_to_3(replace(line, name=f"X-{line.name}", written=""))
    if line.name in _APPLE:
        line = replace(line, name=_APPLE[line.name], written="")
    return _params_to_3(TO_3.get(line.name, _same)(line))


def _params_to_3(line: ContentLine) -> ContentLine:
    params = {f"X-{name}" if name in _ONLY_4_PARAMS else name: values for name, values in line.params}
    if params.get("X-PREF") == ("1",):
        del params["X-PREF"]
        params["TYPE"] = (*params.get("TYPE", ()), "pref")
    if params == dict(line.params):
        return line
    if "TYPE" in params:
        params["TYPE"] = tuple(value.upper() if value.isascii() else value for value in params["TYPE"])
    return _with(line, params)
