"""Records for property tests: small alphabets, so that both sides often touch the same thing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

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
    Name,
    Record,
    Task,
    TaskDetails,
)

words = st.sampled_from(["", "a", "b", "c"])
some = st.sampled_from(["a", "b", "c"])
types = st.sampled_from([(), ("home",), ("work",)])


def _tuples(of: st.SearchStrategy[Any], key: Any, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most, unique_by=key).map(tuple)


phones = _tuples(st.builds(Labelled, st.sampled_from(["+411", "+412", "+413"]), types), lambda p: p.value)
emails = _tuples(st.builds(Labelled, st.sampled_from(["a@x", "b@x", "c@x"]), types, st.booleans()), lambda p: p.value)
addresses = _tuples(
    st.builds(Address, street=st.tuples(some), locality=st.tuples(some), types=types), lambda a: (a.street, a.locality)
)
categories = _tuples(some, lambda c: c)
names = st.builds(Name, family=st.tuples(words), given=st.tuples(words))
lines = _tuples(
    st.builds(ContentLine, st.sampled_from(["X-A", "X-B"]), some), lambda line: (line.name, line.value)
).map(lambda found: tuple(sorted(found, key=lambda line: (line.name, line.value))))
attendees = _tuples(
    st.builds(
        CalendarUser,
        st.sampled_from(["mailto:a@x", "mailto:b@x"]),
        st.sampled_from([(), (("PARTSTAT", ("ACCEPTED",)),), (("PARTSTAT", ("DECLINED",)),)]),
    ),
    lambda user: user.address,
)
triggers = st.sampled_from(["-PT5M", "-PT10M"])
alarms = _tuples(
    triggers.map(lambda t: Component("VALARM", (ContentLine("ACTION", "DISPLAY"), ContentLine("TRIGGER", t)))),
    lambda alarm: alarm,
)

contacts = st.builds(
    Contact,
    uid=st.just("u"),
    full_name=words,
    name=names,
    organization=st.sampled_from([(), ("A",), ("A", "B")]),
    title=words,
    emails=emails,
    phones=phones,
    addresses=addresses,
    birthday=words,
    note=words,
    categories=categories,
    extra=lines,
)

moments = st.sampled_from([Moment(f"2026030{day}T090000", zone) for day in (1, 2, 3) for zone in ("", "UTC")])
occurrences = [Moment(f"2026030{day}T090000", "UTC") for day in (1, 2, 3)]
cancelled = st.lists(st.sampled_from(occurrences), max_size=2, unique=True).map(tuple)


def _details(kind: Any, **more: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        start=moments,
        summary=words,
        location=words,
        status=st.sampled_from(["", "CONFIRMED", "CANCELLED"]),
        categories=categories,
        attendees=attendees,
        alarms=alarms,
        extra=lines,
        **more,
    )


def _series(kind: Any, master: st.SearchStrategy[Any], override: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    overrides = st.dictionaries(st.sampled_from(occurrences), override, max_size=2)
    return st.builds(_assembled, st.just(kind), master, overrides)


def _assembled(kind: Any, master: Any, overrides: dict[Moment, Any]) -> Any:
    """An occurrence is overridden or cancelled, not both."""
    from dataclasses import replace

    shown = {m: d for m, d in overrides.items() if m not in master.exception_dates}
    placed = tuple(replace(d, recurrence_id=m) for m, d in sorted(shown.items(), key=lambda pair: pair[0].value))
    return kind("u", master, placed)


rules = st.sampled_from([(), ("FREQ=DAILY",), ("FREQ=DAILY;COUNT=5",)])
event_masters = _details(EventDetails, end=st.none() | moments, rules=rules, exception_dates=cancelled)
events = _series(Event, event_masters, _details(EventDetails, end=st.none() | moments))
task_masters = _details(TaskDetails, due=st.none() | moments, percent_complete=words, exception_dates=cancelled)
tasks = _series(Task, task_masters, _details(TaskDetails, due=st.none() | moments))

any_record: st.SearchStrategy[Record] = st.one_of(contacts, events, tasks)


def versions(count: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Several versions of one item: all of one kind."""
    return st.one_of(*(st.tuples(*[kind] * count) for kind in (contacts, events, tasks)))
