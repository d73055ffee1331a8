"""Files of many items, as people export them, cut into one text for each item.

Works on the lines as written, so that nothing is lost or changed; linear in the length of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from sync_engine.formats.outline import mark
from sync_engine.formats.text_values import unescape

_BREAK = re.compile(r"\r\n|\n|\r")
_ZONE_USED = re.compile(r'TZID=("[^"]*"|[^:;,]*)', re.IGNORECASE)
_CONTAINERS = ("VCALENDAR", "VCARD")


def split(text: str) -> list[str]:
    """One text for each card, and for each UID of each calendar.

    A calendar's own properties go with every item of it, and of its zones those that the item uses. Components without
    a UID, and text that belongs to nothing, come as texts of their own, for the caller to quarantine. One item comes
    back as it is.
    """
    return list(parts_of(text))


def parts_of(text: str) -> Iterator[str]:
    """What `split` gives, one at a time: what all items share is repeated for each, and not all at once in memory."""
    lines = _BREAK.split(text.removeprefix("\ufeff"))
    parts = (part for name, block in _blocks(lines) for part in _parts(name, block))
    first, second = next(parts, None), next(parts, None)
    if first is None:
        return
    if second is None:
        yield text
        return
    yield first
    yield second
    yield from parts


class _Open:
    """The components that are open, outermost first; an END costs what it closes, however many are open."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._counts: Counter[str] = Counter()

    def begin(self, name: str) -> None:
        self.names.append(name)
        self._counts[name] += 1

    def end(self, name: str) -> bool:
        """Close the innermost of this name and all in it; False when there is none."""
        if not self._counts[name]:
            return False
        closed = ""
        while closed != name:
            closed = self.names.pop()
            self._counts[closed] -= 1
        return True


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The outermost components, and under an empty name the text between them."""
    depth = _Open()
    block: list[str] = []
    for at, line in enumerate(lines):
        word, name = mark(line)
        nested = depth.names and name == "VCARD" and at and lines[at - 1].strip().upper() == "AGENT:"
        if word == "BEGIN" and (not depth.names or (name in _CONTAINERS and not nested)):
            yield _outermost(depth), [*block, *(f"END:{open_}" for open_ in _recoverable(depth.names))]
            block, depth = [], _Open()
        block.append(line)
        if word == "BEGIN":
            depth.begin(name)
        elif word == "END" and depth.end(name) and not depth.names:
            yield name, block
            block = []
    yield _outermost(depth), block


def _outermost(depth: _Open) -> str:
    return depth.names[0] if depth.names else ""


def _recoverable(depth: list[str]) -> list[str]:
    """A card that ends where the next one begins only lacks its END."""
    return ["VCARD"] if depth == ["VCARD"] else []


def _parts(name: str, block: list[str]) -> Iterator[str]:
    if not any(line.strip() for line in block):
        return
    if name == "VCALENDAR":
        yield from _items(block)
    else:
        yield _text(block)


def _items(block: list[str]) -> Iterator[str]:
    """One calendar text for each UID."""
    header, components = _components(block)
    zones: dict[str, list[str]] = {}
    others: list[str] = []
    items: dict[str, list[str]] = {}
    for number, (name, lines) in enumerate(components):
        unfolded = _unfold(lines)
        if name == "VTIMEZONE":
            zones.setdefault(unescape(_value(unfolded, "TZID")), []).extend(lines)
        elif name.startswith("X-"):
            others += lines
        else:
            items.setdefault(_value(unfolded, "UID") or f"\n{number}", []).extend(lines)
    if len(items) == 1:
        yield _text(block)
        return
    for lines in items.values():
        used = dict.fromkeys(zone.strip('"') for zone in _ZONE_USED.findall("\n".join(_unfold(lines))))
        needed = [line for zone in used for line in zones.get(zone, ())]
        end = ["END:VCALENDAR"] if _is_closed(lines) else []  # what was cut off must not look whole
        yield _text([*header, *needed, *others, *lines, *end])
        others = []  # with the first item only


def _is_closed(lines: list[str]) -> bool:
    last = next(line for line in reversed(lines) if line.strip())
    return mark(last)[0] == "END"


def _components(block: list[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The calendar's own lines from its BEGIN on, and the components in it."""
    header: list[str] = []
    components: list[tuple[str, list[str]]] = []
    depth = _Open()
    for line in block:
        word, name = mark(line)
        if word == "BEGIN":
            depth.begin(name)
            if len(depth.names) == 2:
                components.append((name, []))
        if len(depth.names) >= 2:
            components[-1][1].append(line)
        elif not (word == "END" and name == "VCALENDAR"):
            header.append(line)
        if word == "END":
            depth.end(name)
    return [line for line in header if line.strip()], components


def _unfold(lines: list[str]) -> list[str]:
    return "\n".join(lines).replace("\n ", "").replace("\n\t", "").split("\n")


def _value(lines: list[str], name: str) -> str:
    """The value of a component's own property: one that is in no component within it."""
    depth = 0
    for line in lines:
        word, _ = mark(line)
        depth += {"BEGIN": 1, "END": -1}.get(word, 0)
        if depth == 1 and line[: len(name)].upper() == name and line[len(name) : len(name) + 1] in (":", ";"):
            return line.partition(":")[2].strip()
    return ""


def _text(lines: list[str]) -> str:
    return "\r\n".join([*lines, ""])
