"""Whether an item matches a filter. Pure: components and filters in, yes or no out (RFC 4791 9.7, RFC 6352 10.5).

Time ranges of whole components depend on recurrence: the caller brings a function that tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias
from unicodedata import normalize

from dav_gateway.filters import CardFilter, CompFilter, ParamFilter, PropFilter, TextMatch, TimeRange
from sync_engine.formats.text_values import split_on, unescape
from sync_engine.model import Component, ContentLine

InRange: TypeAlias = Callable[[Sequence[Component], TimeRange], bool]
"""Tells whether a component of the item at hand falls into a range; it comes last, after those it is in."""

InstantsOf: TypeAlias = Callable[[ContentLine], Sequence[datetime]]
"""The instants of a date or time property; none when it is something else."""

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def matches_calendar(calendar: Component, wanted: CompFilter, in_range: InRange, instants_of: InstantsOf) -> bool:
    """Whether a VCALENDAR matches the outermost filter of a calendar-query."""
    return wanted.name == calendar.name and not wanted.absent and _inside((calendar,), wanted, in_range, instants_of)


def _inside(path: Sequence[Component], wanted: CompFilter, in_range: InRange, instants_of: InstantsOf) -> bool:
    if not all(matches_property(path[-1].lines, prop, instants_of) for prop in wanted.props):
        return False
    return all(_component(path, comp, in_range, instants_of) for comp in wanted.comps)


def _component(path: Sequence[Component], wanted: CompFilter, in_range: InRange, instants_of: InstantsOf) -> bool:
    """Whether one of the components that are in the last one of the path meets all conditions."""
    named = [(*path, component) for component in path[-1].components if component.name == wanted.name]
    if wanted.absent:
        return not named
    return any(
        (wanted.time_range is None or in_range(one, wanted.time_range)) and _inside(one, wanted, in_range, instants_of)
        for one in named
    )


def matches_card(card: Component, wanted: CardFilter) -> bool:
    """Whether a VCARD matches the filter of an addressbook-query. A filter without conditions takes every card."""
    if not wanted.props:
        return True
    lines = list(_with_companions(card.lines))
    results = (matches_property(lines, prop, lambda _: ()) for prop in wanted.props)
    return any(results) if wanted.any_of else all(results)


def _with_companions(lines: Sequence[ContentLine]) -> Iterator[ContentLine]:
    for line in lines:
        yield line
        yield from line.companions


def matches_property(lines: Sequence[ContentLine], wanted: PropFilter, instants_of: InstantsOf) -> bool:
    """Whether one of the properties of the wanted name meets the conditions, or there is none where that is wanted."""
    named = [line for line in lines if line.name == wanted.name and wanted.group in ("", line.group.upper())]
    if wanted.absent:
        return not named
    return any(_line(line, wanted, instants_of) for line in named)


def _line(line: ContentLine, wanted: PropFilter, instants_of: InstantsOf) -> bool:
    if wanted.time_range is not None and not _at(instants_of(line), wanted.time_range):
        return False
    if not (wanted.texts or wanted.params):
        return True
    results = [matches_text(unescape(line.value), text, _parts(line)) for text in wanted.texts]
    results += [_parameter(line, param) for param in wanted.params]
    return any(results) if wanted.any_of else all(results)


_LISTS = {"CATEGORIES": ",", "NICKNAME": ",", "RESOURCES": ",", "N": ";", "ORG": ";", "ADR": ";"}


def _parts(line: ContentLine) -> Sequence[str]:
    """The parts of a value that is a list: a text that is to be equal to one of them is found, too."""
    separator = _LISTS.get(line.name)
    return [unescape(part) for part in split_on(line.value, separator)] if separator else ()


def _at(instants: Sequence[datetime], wanted: TimeRange) -> bool:
    return any(
        (wanted.start is None or instant >= wanted.start) and (wanted.end is None or instant < wanted.end)
        for instant in instants
    )


def _parameter(line: ContentLine, wanted: ParamFilter) -> bool:
    values = next((values for name, values in line.params if name == wanted.name), None)
    if wanted.absent or values is None:
        return wanted.absent and values is None
    return wanted.text is None or any(matches_text(value, wanted.text) for value in values)


def matches_text(value: str, wanted: TextMatch, parts: Sequence[str] = ()) -> bool:
    """Whether a value has the text, by the collation and in the place that the filter names; or one of its parts."""
    text = folded(wanted.text, wanted.collation)
    values = [folded(one, wanted.collation) for one in dict.fromkeys((value, *parts))]
    return any(_has(one, text, wanted.match_type) for one in values) != wanted.negate


def _has(value: str, text: str, match_type: str) -> bool:
    if match_type == "equals":
        return value == text
    if match_type == "starts-with":
        return value.startswith(text)
    if match_type == "ends-with":
        return value.endswith(text)
    return text in value


def folded(value: str, collation: str) -> str:
    """A text in the form that is compared (RFC 4790 9.2, RFC 5051)."""
    if collation == "i;octet":
        return value
    if collation == "i;ascii-casemap" or value.isascii():
        return value.translate(_ASCII_LOWER)
    return "".join(map(_unicode_folded, value))


@lru_cache(maxsize=4096)
def _unicode_folded(letter: str) -> str:
    """RFC 5051: in titlecase and decomposed, as far as one letter stands for one; here then in lower case."""
    title = letter.title()
    return normalize("NFKD", title if len(title) == 1 else letter).translate(_ASCII_LOWER)
