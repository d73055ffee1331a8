"""Overrides with RANGE=THISANDFUTURE: who is invited to what, and which occurrence an answer is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from dav_gateway.scheduling import itip_organizer
from dav_gateway.scheduling.itip_attendee import Answer, answered, following, may_change
from dav_gateway.scheduling.itip_ranges import said_at
from dav_gateway.scheduling.itip_share import share
from dav_gateway.scheduling.people import keys_of, param
from sync_engine.model import CalendarUser, Event, EventDetails, Moment
from sync_engine.recurrence import instances

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADA, BOB = keys_of("ada", "ada@example.org"), keys_of("bob", "bob@example.org")
ACCEPTED = (("PARTSTAT", ("ACCEPTED",)),)
OWNER = CalendarUser("mailto:ada@example.org")
GUESTS = {name: CalendarUser(f"mailto:{name}@example.org", ACCEPTED) for name in ("bob", "cleo")}
ZONE = "Europe/Rome"


def moment(day: int, hour: int = 10) -> Moment:
    return Moment(f"202612{day:02}T{hour:02}0000", ZONE)


def part(day: int, hour: int, *guests: str, future: bool = False, **more: object) -> EventDetails:
    said = EventDetails(
        start=moment(day, hour),
        end=moment(day, hour + 1),
        organizer=OWNER,
        attendees=tuple(GUESTS[guest] for guest in guests),
        summary=f"at {hour}",
        this_and_future=future,
    )
    return replace(said, **more)  # type: ignore[arg-type]


def series(*overrides: EventDetails, guests: tuple[str, ...] = ("bob",)) -> Event:
    """Daily from 1 to 8 December at ten."""
    return Event("u", part(1, 10, *guests, rules=("FREQ=DAILY;COUNT=8",)), overrides)


def since(day: int, hour: int, *guests: str) -> EventDetails:
    return part(day, hour, *guests, future=True, recurrence_id=moment(day))


def seen(event: Event | None) -> list[tuple[int, int, str]]:
    """Day, hour in Rome and summary of what somebody has in his calendar."""
    assert event is not None
    found = instances(event, datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    return [(at.day, at.hour + 1, one.summary) for at, _, one in found]


def days(first: int, last: int, hour: int) -> list[tuple[int, int, str]]:
    return [(day, hour, f"at {hour}") for day in range(first, last + 1)]


def test_a_guest_of_all_of_it_sees_what_the_organizer_sees() -> None:
    event = series(since(4, 15, "bob"))
    assert seen(share(event, "bob@example.org")) == days(1, 3, 10) + days(4, 8, 15) == seen(event)


def test_a_guest_who_leaves_from_an_occurrence_on_keeps_those_before() -> None:
    event = series(since(4, 15, "cleo"), guests=("bob", "cleo"))
    assert seen(share(event, "bob@example.org")) == days(1, 3, 10)
    assert seen(share(event, "cleo@example.org")) == days(1, 3, 10) + days(4, 8, 15)
    cancelled = series(replace(since(4, 10, "bob"), status="CANCELLED"))
    assert seen(share(cancelled, "bob@example.org")) == days(1, 3, 10)


def test_a_guest_who_joins_from_an_occurrence_on_sees_nothing_of_those_before() -> None:
    mine = share(series(since(4, 15, "bob", "cleo")), "cleo@example.org")
    assert seen(mine) == days(4, 8, 15)
    assert mine is not None
    assert mine.master is not None
    assert (mine.master.summary, mine.master.start) == ("at 15", moment(1))  # nothing is said of the earlier ones


def test_a_guest_who_leaves_and_joins_again() -> None:
    alone = part(5, 12, "cleo", recurrence_id=moment(5))
    event = series(since(4, 15, "bob"), alone, since(7, 18, "cleo"), guests=("bob", "cleo"))
    assert seen(share(event, "cleo@example.org")) == [*days(1, 3, 10), (5, 12, "at 12"), *days(7, 8, 18)]
    assert seen(share(event, "bob@example.org")) == [*days(1, 3, 10), (4, 15, "at 15"), (6, 15, "at 15")]


def test_all_day_series_and_rules_with_an_end_are_cut_as_well() -> None:
    master = replace(part(1, 10, "bob"), start=Moment("20261201"), end=Moment("20261202"), rules=("FREQ=DAILY",))
    later = replace(master, recurrence_id=Moment("20261204"), this_and_future=True, attendees=(), rules=())
    mine = share(
        Event("u", replace(master, start=Moment("20261201")), (replace(later, start=Moment("20261204")),)),
        "bob@example.org",
    )
    assert mine is not None
    assert mine.master is not None
    assert mine.master.rules == ("FREQ=DAILY;UNTIL=20261203",)


def test_an_answer_to_a_later_occurrence_is_about_the_time_it_has_now() -> None:
    event = series(since(4, 15, "bob"))
    said = answered(event, "bob@example.org", [Answer(moment(6), "DECLINED", GUESTS["bob"])])
    one = said.overrides[-1]
    assert (one.recurrence_id, one.start, one.end) == (moment(6), moment(6, 15), moment(6, 16))
    assert (one.this_and_future, param(one.attendees[0], "PARTSTAT")) == (False, "DECLINED")
    assert seen(said) == seen(event)
    assert said_at(event, moment(3)).start == moment(3)


def test_who_joined_later_answers_all_of_it() -> None:
    event = series(since(4, 15, "bob", "cleo"))
    said = answered(event, "cleo@example.org", [Answer(None, "DECLINED", GUESTS["cleo"])])
    assert [param(user, "PARTSTAT") for user in said.overrides[0].attendees] == ["ACCEPTED", "DECLINED"]
    assert said.master == event.master


def test_a_guest_may_answer_to_a_later_occurrence_and_not_move_it() -> None:
    event = series(since(4, 15, "bob"))
    mine = part(6, 15, "bob", recurrence_id=moment(6))
    assert may_change(event, replace(event, overrides=(*event.overrides, mine)), BOB)
    moved = replace(mine, start=moment(6, 16))
    assert not may_change(event, replace(event, overrides=(*event.overrides, moved)), BOB)


def test_an_answer_that_a_program_of_the_organizer_has_not_seen_is_kept_unless_it_moves() -> None:
    event = series(since(4, 15, "bob"))
    old = answered(event, "bob@example.org", [Answer(moment(6), "DECLINED", GUESTS["bob"])])
    kept = itip_organizer.settled(old, event, ADA, ("bob@example.org",))
    assert [one.start for one in kept.overrides] == [moment(4, 15), moment(6, 15)]
    moved = itip_organizer.settled(old, series(since(4, 16, "bob")), ADA, ("bob@example.org",))
    assert [param(one.attendees[0], "PARTSTAT") for one in moved.overrides] == ["NEEDS-ACTION"]


def test_a_copy_follows_from_an_occurrence_on() -> None:
    event = series(since(4, 15, "bob"))
    copy = following(share(series(), "bob@example.org"), series(), event, BOB, NOW)
    assert seen(copy) == seen(event)


PEOPLE = st.sets(st.sampled_from(("bob", "cleo"))).map(lambda found: tuple(sorted(found)))
CHANGES = st.dictionaries(st.integers(1, 8), st.tuples(st.booleans(), st.integers(11, 20), PEOPLE), max_size=5)


@settings(max_examples=100, deadline=None)
@given(PEOPLE, CHANGES)
def test_everybody_has_just_the_occurrences_he_is_invited_to(
    guests: tuple[str, ...], changed: dict[int, tuple[bool, int, tuple[str, ...]]]
) -> None:
    overrides = (
        part(day, hour, *invited, future=future, recurrence_id=moment(day))
        for day, (future, hour, invited) in sorted(changed.items())
    )
    event = series(*overrides, guests=guests)
    for name in ("bob", "cleo"):
        all_of_it = instances(event, datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
        wanted = [(at.day, at.hour + 1, one.summary) for at, _, one in all_of_it if GUESTS[name] in one.attendees]
        mine = share(event, f"{name}@example.org")
        if mine is None or mine.master is None:
            mine = Event("u", None, mine.overrides if mine else ())
        assert seen(mine) == wanted
