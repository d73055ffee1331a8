"""Whether an item matches a filter. Pure: components and filters in, yes or no out (RFC 4791 9.7, RFC 6352 10.5).

Time ranges of whole components depend on recurrence: the caller brings a function that tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from dav_gateway.filters import CardFilter, CompFilter, ParamFilter, PropFilter, TextMatch, TimeRange
from sync_engine.formats.text_values import unescape
from sync_engine.model import Component, ContentLine

InRange: TypeAlias = Callable[[Component, TimeRange], bool]
"""Tells whether a component of the item at hand falls into a range."""

InstantOf: TypeAlias = Callable[[ContentLine], datetime | None]
"""The instant of a date or time property; None when it has none."""

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def matches_calendar(calendar: Component, wanted: CompFilter, in_range: InRange, instant_of: InstantOf) -> bool:
    """Whether a VCALENDAR matches the outermost filter of a calendar-query."""
    return wanted.name == calendar.name and not wanted.absent and _inside(calendar, wanted, in_range, instant_of)


def _inside(component: Component, wanted: CompFilter, in_range: InRange, instant_of: InstantOf) -> bool:
    if not all(matches_property(component.lines, prop, instant_of) for prop in wanted.props):
        return False
    return all(_component(component.components, comp, in_range, instant_of) for comp in wanted.comps)


def _component(among: Sequence[Component], wanted: CompFilter, in_range: InRange, instant_of: InstantOf) -> bool:
    named = [component for component in among if component.name == wanted.name]
    if wanted.absent:
        return not named
    return any(
        (wanted.time_range is None or in_range(component, wanted.time_range))
        and _inside(component, wanted, in_range, instant_of)
        for component in named
    )


def matches_card(card: Component, wanted: CardFilter) -> bool:
    """Whether a VCARD matches the filter of an addressbook-query. A filter without conditions takes every card."""
    if not wanted.props:
        return True
    lines = list(_with_companions(card.lines))
    results = (matches_property(lines, prop, lambda _: None) for prop in wanted.props)
    return any(results) if wanted.any_of else all(results)


def _with_companions(lines: Sequence[ContentLine]) -> Iterator[ContentLine]:
    for line in lines:
        yield line
        yield from line.companions


def matches_property(lines: Sequence[ContentLine], wanted: PropFilter, instant_of: InstantOf) -> bool:
    """Whether one of the properties of the wanted name meets the conditions, or there is none where that is wanted."""
    named = [line for line in lines if line.name == wanted.name and wanted.group in ("", line.group.upper())]
    if wanted.absent:
        return not named
    return any(_line(line, wanted, instant_of) for line in named)


def _line(line: ContentLine, wanted: PropFilter, instant_of: InstantOf) -> bool:
    if wanted.time_range is not None and not _at(instant_of(line), wanted.time_range):
        return False
    if not (wanted.texts or wanted.params):
        return True
    value = unescape(line.value)
    results = [matches_text(value, text) for text in wanted.texts]
    results += [_parameter(line, param) for param in wanted.params]
    return any(results) if wanted.any_of else all(results)


def _at(instant: datetime | None, wanted: TimeRange) -> bool:
    if instant is None:
        return False
    return (wanted.start is None or instant >= wanted.start) and (wanted.end is None or instant < wanted.end)


def _parameter(line: ContentLine, wanted: ParamFilter) -> bool:
    values = next((values for name, values in line.params if name == wanted.name), None)
    if wanted.absent or values is None:
        return wanted.absent and values is None
    return wanted.text is None or any(matches_text(value, wanted.text) for value in values)


def matches_text(value: str, wanted: TextMatch) -> bool:
    """Whether a value has the text, by the collation and in the place that the filter names."""
    value, text = folded(value, wanted.collation), folded(wanted.text, wanted.collation)
    if wanted.match_type == "equals":
        found = value == text
    elif wanted.match_type == "starts-with":
        found = value.startswith(text)
    elif wanted.match_type == "ends-with":
        found = value.endswith(text)
    else:
        found = text in value
    return found != wanted.negate


def folded(value: str, collation: str) -> str:
    """A text in the form that is compared (RFC 4790 9.2, RFC 5051)."""
    if collation == "i;octet":
        return value
    return value.translate(_ASCII_LOWER) if collation == "i;ascii-casemap" else value.casefold()
