"""What people take away where a server keeps less of it than it was sent: it goes, all else stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync_engine.decide import remote_as_meant
from sync_engine.model import (
    Address,
    CalendarUser,
    Component,
    Contact,
    ContentLine,
    Event,
    EventDetails,
    Labelled,
    Moment,
)


def _line(name: str, value: str, **params: str) -> ContentLine:
    return ContentLine(name, value, tuple((key, (text,)) for key, text in params.items()))


def _contact(**fields: Any) -> Contact:
    return Contact("u", "A", **fields)


def _event(**fields: Any) -> Event:
    return Event("u", EventDetails(**fields))


_RINGS = Component("VALARM", (_line("ACTION", "DISPLAY"), _line("TRIGGER", "-PT15M"), _line("UID", "a1")))
_KEPT_RING = Component("VALARM", (_line("ACTION", "DISPLAY"), _line("TRIGGER", "-PT15M")))
_NAMES = (_line("X-ABRELATEDNAMES", "Ada", TYPE="pref"), _line("X-ABRELATEDNAMES", "Bob"))
_GUEST = CalendarUser("mailto:b@x", (("RSVP", ("TRUE",)),))
_LESS: list[tuple[str, tuple[Any, ...], tuple[Any, ...]]] = [
    ("emails", (Labelled("a@x", ("home", "internet")),), (Labelled("a@x", ("home",)),)),
    ("phones", (Labelled("1", ("cell", "voice"), preferred=True),), (Labelled("1", ("cell",)),)),
    ("addresses", (Address(street=("Way 1", "B"), types=("home",)),), (Address(street=("Way 1, B",)),)),
    ("extra", _NAMES, (_line("X-ABRELATEDNAMES", "Ada"), _line("X-ABRELATEDNAMES", "Bob"))),
]
_LINK = ContentLine("ATTACH", "https://x")
_LESS_OF_EVENTS: list[tuple[str, tuple[Any, ...], tuple[Any, ...]]] = [
    ("alarms", (_RINGS,), (_KEPT_RING,)),
    ("attendees", (_GUEST,), (CalendarUser("mailto:b@x"),)),
    ("attachments", (_line("ATTACH", "https://x", SIZE="5"),), (_LINK,)),
]


@pytest.mark.parametrize(("field", "sent", "kept"), _LESS)
def test_r20_what_a_person_takes_off_a_contact_goes_though_the_server_keeps_less_of_it(
    field: str, sent: tuple[Any, ...], kept: tuple[Any, ...]
) -> None:
    base, echo = (_contact(**{field: values}) for values in (sent, kept))
    for place in range(len(kept)):
        left = kept[:place] + kept[place + 1 :]
        meant = remote_as_meant(_contact(**{field: left}), base, echo)
        assert getattr(meant, field) == sent[:place] + sent[place + 1 :]


@pytest.mark.parametrize(("field", "sent", "kept"), _LESS_OF_EVENTS)
def test_r20_what_a_person_takes_off_an_event_goes_though_the_server_keeps_less_of_it(
    field: str, sent: tuple[Any, ...], kept: tuple[Any, ...]
) -> None:
    base, echo, gone = (_event(**{field: values}) for values in (sent, kept, ()))
    assert remote_as_meant(gone, base, echo) == gone
    assert remote_as_meant(echo, base, echo) == base


def test_r20_a_reminder_that_a_person_moves_is_not_there_twice() -> None:
    later = Component("VALARM", (_line("ACTION", "DISPLAY"), _line("TRIGGER", "-PT30M")))
    base, echo, moved = (Event("u", EventDetails(alarms=(one,))) for one in (_RINGS, _KEPT_RING, later))
    assert remote_as_meant(moved, base, echo) == moved


def test_r14_an_occurrence_that_a_person_makes_as_its_series_again_is_none_of_its_own() -> None:
    at = Moment("20260302T090000", "UTC")
    series = EventDetails(start=at, rules=("FREQ=DAILY",))
    base = Event("u", series, (EventDetails(recurrence_id=at, start=at, summary="x", location="here"),))
    echo = Event("u", series, (EventDetails(recurrence_id=at, start=at, summary="x"),))
    assert remote_as_meant(Event("u", series), base, echo) == Event("u", series)
    cancelled = Event("u", replace(series, exception_dates=(at,)))
    assert remote_as_meant(cancelled, base, echo) == cancelled


def test_r20_what_the_server_has_no_place_for_stays_whatever_a_person_takes_away() -> None:
    base = Contact("u", "A", emails=(Labelled("a@x"), Labelled("b@x")), extra=(_line("X-KEY", "1"),))
    echo = Contact("u", "A", emails=(Labelled("a@x"),))
    assert remote_as_meant(Contact("u", "A"), base, echo) == replace(base, emails=(Labelled("b@x"),))
