"""Whether a text can match a filter at all, told without reading it as components: most texts of a search cannot.

What is said here is never too little: a text that is left out has no property that meets the filter. Whatever may be
written in more than one way (escapes, quoted-printable, letters with accents) is not looked for. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias
from unicodedata import normalize

from dav_gateway.filters import CardFilter, CompFilter, ParamFilter, PropFilter, TextMatch
from sync_engine.formats.content_lines import may_have_soft_breaks, unfold

Could: TypeAlias = Callable[[str], bool]

_PLAIN = re.compile(r"[A-Za-z0-9 @._/+=()!?*#%&'-]+\Z")  # written in one way only, in values and in parameters


def could_match_calendar(wanted: CompFilter) -> Could:
    """Of texts of calendars."""
    return _could([frozenset(_of_component(wanted))])


def could_match_card(wanted: CardFilter) -> Could:
    """Of texts of cards. One of several conditions is enough where the filter says so."""
    each = [frozenset(_of_property(prop)) for prop in wanted.props]
    return _could(each if wanted.any_of else [frozenset().union(*each)])


def _could(alternatives: list[frozenset[str]]) -> Could:
    if not alternatives or frozenset() in alternatives:
        return lambda _: True
    wanted = [sorted(needles, key=len, reverse=True) for needles in alternatives]

    def could(text: str) -> bool:
        if may_have_soft_breaks(text):
            return True
        plain = roughly_folded("\n".join(unfold(text)))
        return any(all(needle in plain for needle in needles) for needles in wanted)

    return could


def roughly_folded(text: str) -> str:
    """A whole text, in which ASCII letters stand wherever `match.folded` would have them; ten times as fast."""
    return text.lower() if text.isascii() else normalize("NFKD", text).upper().lower()


def _of_component(wanted: CompFilter) -> Iterator[str]:
    """What must stand in a text, in the form in which texts are compared."""
    if wanted.absent:
        return
    for prop in wanted.props:
        yield from _of_property(prop)
    for comp in wanted.comps:
        yield from _of_component(comp)


def _of_property(wanted: PropFilter) -> Iterator[str]:
    if wanted.absent:
        return
    yield from _needle(wanted.name)
    if not wanted.any_of or len(wanted.texts) + len(wanted.params) == 1:
        for text in wanted.texts:
            yield from _of_text(text)
        for param in wanted.params:
            yield from _of_parameter(param)


def _of_parameter(wanted: ParamFilter) -> Iterator[str]:
    if not wanted.absent:
        yield from _needle(wanted.name)
        if wanted.text:
            yield from _of_text(wanted.text)


def _of_text(wanted: TextMatch) -> Iterator[str]:
    if not wanted.negate:
        yield from _needle(wanted.text)


def _needle(text: str) -> Iterator[str]:
    if _PLAIN.match(text):
        yield text.lower()
