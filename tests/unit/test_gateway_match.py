"""Filters of queries, over components."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from dav_gateway.answers import Refused
from dav_gateway.filters import TextMatch, calendar_filter, card_filter
from dav_gateway.match import matches_calendar, matches_card, matches_text
from dav_gateway.occurrence import component_of, instants_of, record_of
from sync_engine.model import Component

CARD = component_of(
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Zoë Müller\\, Dr.\r\nEMAIL;TYPE=WORK:zoe@example.org\r\n"
    "EMAIL;TYPE=HOME:zoe@home.example\r\nitem1.TEL:+41 44 000\r\nNICKNAME:Zo\r\nEND:VCARD\r\n"
)
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T120000Z\r\nDTSTART:20260301T090000Z\r\n"
    "SUMMARY:Board meeting\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:zoe@example.org\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def _cards(inner: str, test: str = "anyof", card: Component = CARD) -> bool:
    xml = f'<q xmlns:A="urn:ietf:params:xml:ns:carddav"><A:filter test="{test}">{inner}</A:filter></q>'
    return matches_card(card, card_filter(etree.fromstring(xml)))


def _prop(name: str, text: str, **attributes: str) -> str:
    written = " ".join(f'{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<A:prop-filter name="{name}"><A:text-match {written}>{text}</A:text-match></A:prop-filter>'


@pytest.mark.parametrize(
    ("match_type", "text", "found"),
    [
        ("contains", "MÜLL", True),
        ("contains", "Meier", False),
        ("equals", "zoë müller, dr.", True),
        ("equals", "zoë", False),
        ("starts-with", "zoë", True),
        ("starts-with", "müller", False),
        ("ends-with", "DR.", True),
        ("ends-with", "zoë", False),
    ],
)
def test_match_types_of_cards_ignore_case_and_escapes(match_type: str, text: str, found: bool) -> None:
    assert _cards(_prop("FN", text, match_type=match_type)) is found


@pytest.mark.parametrize(
    ("collation", "text", "found"),
    [
        ("i;octet", "müller", False),
        ("i;octet", "Müller", True),
        ("i;ascii-casemap", "mÜller", False),  # folds ASCII letters only
        ("i;ascii-casemap", "müLLER", True),
        ("i;unicode-casemap", "MÜLLER", True),
    ],
)
def test_collations(collation: str, text: str, found: bool) -> None:
    assert matches_text("Zoë Müller", TextMatch(text, collation)) is found


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("Zoe\u0308", "zoë", True),  # composed or not is the same
        ("\ufb01x", "fix", True),  # a ligature
        ("ǆ", "ǅ", True),
        ("straße", "strasse", False),  # one letter never becomes two by its case
    ],
)
def test_letters_that_stand_for_each_other(value: str, text: str, found: bool) -> None:
    assert matches_text(value, TextMatch(text, "i;unicode-casemap", "equals")) is found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [("CATEGORIES", "friends", True), ("CATEGORIES", "a,b", True), ("CATEGORIES", "a", False), ("N", "ada", True)],
)
def test_one_value_of_a_list_is_equal(name: str, text: str, found: bool) -> None:
    card = component_of("BEGIN:VCARD\r\nVERSION:3.0\r\nCATEGORIES:a\\,b,Friends\r\nN:L;Ada;;;\r\nEND:VCARD\r\n")
    assert _cards(_prop(name, text, match_type="equals"), card=card) is found


def test_negated_text_is_found_where_the_text_is_not() -> None:
    assert _cards(_prop("FN", "Meier", negate_condition="yes"))
    assert not _cards(_prop("FN", "Müller", negate_condition="yes"))


def test_any_of_the_filters_or_all_of_them() -> None:
    both = _prop("FN", "Müller") + _prop("EMAIL", "nobody")
    assert _cards(both, "anyof")
    assert not _cards(both, "allof")


def test_one_property_of_several_is_enough() -> None:
    assert _cards(_prop("EMAIL", "home.example"))


def test_absent_and_present_properties() -> None:
    assert _cards('<A:prop-filter name="NOTE"><A:is-not-defined/></A:prop-filter>')
    assert not _cards('<A:prop-filter name="EMAIL"><A:is-not-defined/></A:prop-filter>')
    assert _cards('<A:prop-filter name="email"/>')
    assert not _cards('<A:prop-filter name="NOTE"/>')


def test_parameters() -> None:
    home = '<A:param-filter name="TYPE"><A:text-match match-type="equals">home</A:text-match></A:param-filter>'
    assert _cards(f'<A:prop-filter name="EMAIL">{home}</A:prop-filter>')
    assert not _cards(f'<A:prop-filter name="TEL">{home}</A:prop-filter>')
    absent = '<A:param-filter name="TYPE"><A:is-not-defined/></A:param-filter>'
    assert _cards(f'<A:prop-filter name="TEL">{absent}</A:prop-filter>')


def test_a_group_before_the_name_narrows_it() -> None:
    assert _cards('<A:prop-filter name="item1.TEL"/>')
    assert not _cards('<A:prop-filter name="item2.TEL"/>')


def test_no_filter_takes_every_card() -> None:
    assert matches_card(CARD, card_filter(etree.fromstring("<q/>")))


def _events(inner: str) -> bool:
    xml = (
        '<q xmlns:C="urn:ietf:params:xml:ns:caldav"><C:filter><C:comp-filter name="VCALENDAR">'
        f"{inner}</C:comp-filter></C:filter></q>"
    )
    record, calendar = record_of(EVENT, "1"), component_of(EVENT)
    wanted = calendar_filter(etree.fromstring(xml))
    return matches_calendar(calendar, wanted, lambda *_: True, lambda line: instants_of(line, record, UTC))


def test_components_present_and_absent() -> None:
    assert _events('<C:comp-filter name="VEVENT"/>')
    assert not _events('<C:comp-filter name="VTODO"/>')
    assert _events('<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>')
    assert _events('<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"/></C:comp-filter>')
    no_alarm = '<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>'
    assert not _events(f'<C:comp-filter name="VEVENT">{no_alarm}</C:comp-filter>')


def test_attendee_without_an_answer() -> None:
    who = "<C:text-match>mailto:zoe@example.org</C:text-match>"
    state = '<C:param-filter name="PARTSTAT"><C:text-match>{}</C:text-match></C:param-filter>'
    event = '<C:comp-filter name="VEVENT"><C:prop-filter name="ATTENDEE">{}{}</C:prop-filter></C:comp-filter>'
    assert _events(event.format(who, state.format("NEEDS-ACTION")))
    assert not _events(event.format(who, state.format("ACCEPTED")))


@pytest.mark.parametrize(("start", "found"), [("20260101T000000Z", True), ("20260102T000000Z", False)])
def test_time_range_on_a_property(start: str, found: bool) -> None:
    timed = f'<C:prop-filter name="DTSTAMP"><C:time-range start="{start}"/></C:prop-filter>'
    assert _events(f'<C:comp-filter name="VEVENT">{timed}</C:comp-filter>') is found


@pytest.mark.parametrize(
    "inner",
    [
        '<C:comp-filter name="VEVENT"><C:time-range/></C:comp-filter>',
        '<C:comp-filter name="VEVENT"><C:time-range start="2026-01-01"/></C:comp-filter>',
        '<C:comp-filter name="VEVENT"><C:time-range start="20260102T000000Z" end="20260101T000000Z"/></C:comp-filter>',
        '<C:comp-filter name="VEVENT"><C:time-range start="20261399T000000Z"/></C:comp-filter>',
        '<C:comp-filter name=""/>',
        '<C:comp-filter name="VALARM"/>',
        '<C:comp-filter name="VCALENDAR"/>',
        '<C:comp-filter name="VEVENT"><C:comp-filter name="VTODO"/></C:comp-filter>',
        '<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:comp-filter name="VEVENT"/></C:comp-filter>'
        "</C:comp-filter>",
        '<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:time-range start="20260101T000000Z"/>'
        "</C:prop-filter></C:comp-filter>",
    ],
)
def test_invalid_filters_are_refused_by_their_precondition(inner: str) -> None:
    with pytest.raises(Refused) as caught:
        _events(inner)
    assert (caught.value.status, caught.value.condition) == (403, "<C:valid-filter/>")


def test_an_unknown_collation_is_refused_by_its_precondition() -> None:
    with pytest.raises(Refused) as caught:
        _cards(_prop("FN", "x", collation="i;klingon"))
    assert caught.value.condition == "<A:supported-collation/>"


def test_instants_of_dates_times_and_zones() -> None:
    record, calendar = record_of(EVENT, "1"), component_of(EVENT)
    (event,) = calendar.components
    stamp = next(line for line in event.lines if line.name == "DTSTAMP")
    assert instants_of(stamp, record, UTC) == [datetime(2026, 1, 1, 12, tzinfo=UTC)]
    summary = next(line for line in event.lines if line.name == "SUMMARY")
    assert instants_of(summary, record, UTC) == []
