"""What is left out unread would not have matched."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.could_match import could_match_calendar, could_match_card, roughly_folded
from dav_gateway.filters import CardFilter, CompFilter, ParamFilter, PropFilter, TextMatch
from dav_gateway.match import folded, matches_calendar, matches_card
from dav_gateway.occurrence import component_of
from sync_engine.formats.content_lines import fold
from sync_engine.formats.text_values import escape

LETTERS = st.text(st.sampled_from('aAbZé\u0301\ufb01İıßK7 ,;:\\\n"^@-'), max_size=6)
NAMES = st.sampled_from(["FN", "NOTE", "X-Own", "tel", "CATEGORIES"])
LINES = st.lists(st.builds(lambda name, kind, text: f"{name};TYPE={kind}:{escape(text)}", NAMES, st.sampled_from(
    ["home", '"Home,work"', "PREF"]), LETTERS), max_size=5)  # fmt: skip
TEXTS = st.builds(
    TextMatch,
    LETTERS,
    st.sampled_from(["i;octet", "i;ascii-casemap", "i;unicode-casemap"]),
    st.sampled_from(["contains", "equals", "starts-with", "ends-with"]),
    st.booleans(),
)
PARAMS = st.builds(ParamFilter, st.sampled_from(["TYPE", "LANGUAGE"]), st.booleans(), st.none() | TEXTS)
PROPS = st.builds(
    PropFilter,
    NAMES.map(str.upper),
    st.just(""),
    st.booleans(),
    st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(PARAMS, max_size=2).map(tuple),
)


@given(LINES, st.booleans(), st.lists(PROPS, max_size=3))
def test_a_card_that_matches_is_never_left_out(lines: list[str], any_of: bool, props: list[PropFilter]) -> None:
    text = fold(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD"])
    wanted = CardFilter(any_of, tuple(props))
    assert could_match_card(wanted)(text) or not matches_card(component_of(text), wanted)


@given(LINES, st.lists(PROPS, max_size=3), st.booleans())
def test_a_calendar_that_matches_is_never_left_out(lines: list[str], props: list[PropFilter], absent: bool) -> None:
    text = fold(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    wanted = CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", absent, props=tuple(props)),))
    matches = matches_calendar(component_of(text), wanted, lambda *_: True, lambda _: ())
    assert could_match_calendar(wanted)(text) or not matches


def test_the_rough_way_has_the_ascii_letters_of_the_exact_one() -> None:
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        exact = [one for one in folded(letter, "i;unicode-casemap") if one.isascii()]
        if exact and not 0xD800 <= number <= 0xDFFF:
            assert [one for one in roughly_folded(letter) if one.isascii()] == exact, hex(number)


def test_most_texts_of_a_search_are_left_out() -> None:
    wanted = CardFilter(props=(PropFilter("FN", texts=(TextMatch("Ada"),)),))
    could = could_match_card(wanted)
    assert could("BEGIN:VCARD\r\nFN:Á\r\n DA, adA\r\nEND:VCARD\r\n")
    assert not could("BEGIN:VCARD\r\nFN:Bob\r\nEND:VCARD\r\n")
    without = CardFilter(props=(PropFilter("FN", texts=(TextMatch("Ada", negate=True),)),))
    assert could_match_card(without)("BEGIN:VCARD\r\nFN:Bob\r\nEND:VCARD\r\n")
    assert could("BEGIN:VCARD\r\nFN;ENCODING=QUOTED-PRINTABLE:=41da\r\nEND:VCARD\r\n")
