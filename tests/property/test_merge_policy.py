"""One property for each sentence of the policy in `sync_engine.merge`."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sync_engine.merge as merge_module
from sync_engine.merge import merge
from sync_engine.model import Component, Contact, ContentLine, Event, EventDetails, Labelled, Moment, Task
from sync_engine.ports import Prefer
from tests.property.records import (
    attendees,
    contacts,
    event_masters,
    events,
    moments,
    occurrences,
    some,
    task_masters,
    words,
)

prefers = st.sampled_from(Prefer)
many = settings(max_examples=80, deadline=None)
SIMPLE = ("full_name", "title", "birthday", "note", "organization")


def _wins(prefer: Prefer, hub: Any, remote: Any) -> Any:
    return hub if prefer is Prefer.HUB else remote


@many
@given(contacts, st.sampled_from(["full_name", "title", "birthday", "note"]), some, contacts, prefers)
def test_a_field_edited_on_one_side_only_takes_that_edit(
    base: Contact, name: str, value: str, other: Contact, prefer: Prefer
) -> None:
    edited = replace(base, **{name: value})  # type: ignore[arg-type]
    elsewhere = replace(other, **{name: getattr(base, name)})
    for hub, remote in ((edited, elsewhere), (elsewhere, edited)):
        merged = merge(base, hub, remote, prefer)
        assert getattr(merged.record, name) == value
        assert name not in {c.field for c in merged.conflicts}


@many
@given(contacts, contacts, contacts, st.sampled_from(SIMPLE), prefers)
def test_the_same_edit_on_both_sides_is_no_conflict(
    base: Contact, hub: Contact, remote: Contact, name: str, prefer: Prefer
) -> None:
    hub = replace(hub, **{name: getattr(remote, name)})
    merged = merge(base, hub, remote, prefer)
    assert getattr(merged.record, name) == getattr(remote, name)
    assert name not in {c.field for c in merged.conflicts}


@many
@given(contacts, st.permutations(["a", "b", "c"]), st.sampled_from(["full_name", "title", "note"]), prefers)
def test_different_values_go_to_the_preferred_side_and_what_lost_is_reported(
    record: Contact, values: list[str], name: str, prefer: Prefer
) -> None:
    base, hub, remote = (replace(record, **{name: value}) for value in values)  # type: ignore[arg-type]
    merged = merge(base, hub, remote, prefer)
    assert getattr(merged.record, name) == _wins(prefer, values[1], values[2])
    (told,) = merged.conflicts
    assert (told.field, told.base, told.hub, told.remote, told.kept) == (name, *values, prefer)


@many
@given(contacts, prefers)
def test_elements_are_merged_one_by_one(base: Contact, prefer: Prefer) -> None:
    by_hub, by_remote = Labelled("+49100", ("fax",)), Labelled("+49200", ("pager",))
    hub = replace(base, phones=(*base.phones, by_hub), categories=(*base.categories, "h"))
    remote = replace(base, phones=(by_remote, *base.phones[1:]), categories=(*base.categories, "r"))
    assume(len({p.types for p in base.phones}) == len(base.phones))
    merged = merge(base, hub, remote, prefer)
    assert isinstance(merged.record, Contact)
    assert {p.value for p in merged.record.phones} == {p.value for p in base.phones[1:]} | {"+49100", "+49200"}
    assert set(merged.record.categories) == {*base.categories, "h", "r"}
    assert merged.conflicts == ()


@many
@given(event_masters, attendees, prefers, st.booleans())
def test_an_element_edited_on_one_side_and_removed_on_the_other_stays_edited(
    master: EventDetails, guests: tuple[Any, ...], prefer: Prefer, swap: bool
) -> None:
    assume(guests)
    edited = replace(guests[0], params=(("PARTSTAT", ("TENTATIVE",)),))
    base, one, two = (
        Event("u", replace(master, attendees=found)) for found in (guests, (edited, *guests[1:]), guests[1:])
    )
    merged = merge(base, two, one, prefer) if swap else merge(base, one, two, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert edited in merged.record.master.attendees
    assert merged.conflicts == ()


@many
@given(event_masters, moments, moments, moments, prefers)
def test_start_and_end_come_from_one_side(
    master: EventDetails, start: Moment, end: Moment, other: Moment, prefer: Prefer
) -> None:
    assume(start != master.start and end != master.end and (start, master.end) != (master.start, end))
    master = replace(master, rules=())
    hub = replace(master, start=start)
    remote = replace(master, end=end, summary="renamed")
    merged = merge(Event("u", master), Event("u", hub), Event("u", remote), prefer)
    assert isinstance(merged.record, Event)
    found = merged.record.master
    assert found is not None
    assert (found.start, found.end) in ((hub.start, hub.end), (remote.start, remote.end))
    assert (found.start, found.end) == _wins(prefer, (hub.start, hub.end), (remote.start, remote.end))
    assert found.summary == "renamed"
    assert merged.conflicts


@many
@given(task_masters, moments, moments, prefers, st.booleans())
def test_new_times_come_from_the_side_that_says_more(
    master: Any, start: Moment, due: Moment, prefer: Prefer, swap: bool
) -> None:
    """Some systems know nothing of the day on which a task is to be begun."""
    without = replace(master, start=None, due=None, duration="", rules=())
    less, more = replace(without, due=due), replace(without, due=due, start=start)
    sides = (more, less) if swap else (less, more)
    merged = merge(None, Task("u", sides[0]), Task("u", sides[1]), prefer)
    assert isinstance(merged.record, Task)
    assert merged.record.master is not None
    assert (merged.record.master.start, merged.record.master.due) == (start, due)
    assert merged.conflicts == ()


@many
@given(task_masters, prefers)
def test_status_completion_and_percentage_come_from_one_side(master: Any, prefer: Prefer) -> None:
    done = replace(master, status="COMPLETED", completed=Moment("20260101T000000", "UTC"), percent_complete="100")
    begun = replace(master, status="IN-PROCESS", percent_complete="50")
    merged = merge(Task("u", master), Task("u", done), Task("u", begun), prefer)
    assert isinstance(merged.record, Task)
    found = merged.record.master
    wanted = _wins(prefer, done, begun)
    assert found is not None
    assert (found.status, found.completed, found.percent_complete) == (
        wanted.status, wanted.completed, wanted.percent_complete,
    )  # fmt: skip


@many
@given(events, moments, prefers, st.booleans())
def test_a_moved_series_and_changed_occurrences_never_mix(
    base: Event, start: Moment, prefer: Prefer, swap: bool
) -> None:
    assume(base.master is not None and base.master.start != start)
    assert base.master is not None
    base = replace(base, master=replace(base.master, rules=("FREQ=DAILY",), exception_dates=()), overrides=())
    assert base.master is not None
    moved = replace(base, master=replace(base.master, start=start))
    cut = replace(base, master=replace(base.master, exception_dates=(occurrences[1],), location="elsewhere"))
    hub, remote = (cut, moved) if swap else (moved, cut)
    merged = merge(base, hub, remote, prefer)
    winner = _wins(prefer, hub, remote).master
    assert isinstance(merged.record, Event)
    found = merged.record.master
    assert found is not None
    assert (found.start, found.exception_dates) == (winner.start, winner.exception_dates)
    assert found.location == "elsewhere"  # what is not the schedule is still merged
    assert [c.field for c in merged.conflicts] == ["schedule"]


@many
@given(contacts, contacts, prefers)
def test_without_a_base_what_only_one_side_has_is_kept_from_both(hub: Contact, remote: Contact, prefer: Prefer) -> None:
    merged = merge(None, hub, remote, prefer)
    record = merged.record
    assert isinstance(record, Contact)
    for name in SIMPLE:
        values = {getattr(hub, name), getattr(remote, name)} - {"", ()}
        assert getattr(record, name) in (values or {"", ()})
    assert {p.value for p in record.phones} == {p.value for p in (*hub.phones, *remote.phones)}
    assert set(record.categories) == {*hub.categories, *remote.categories}


@many
@given(events, words, prefers, st.booleans())
def test_an_occurrence_edited_on_one_side_and_cancelled_on_the_other_stays_edited(
    base: Event, title: str, prefer: Prefer, swap: bool
) -> None:
    assert base.master is not None
    when = occurrences[0]
    old = EventDetails(recurrence_id=when, start=when, summary="old")
    base = replace(base, master=replace(base.master, exception_dates=()), overrides=(old,))
    assert base.master is not None
    edited = replace(base, overrides=(replace(old, summary=f"new {title}"),))
    cancelled = replace(base, master=replace(base.master, exception_dates=(when,)), overrides=())
    merged = merge(base, cancelled, edited, prefer) if swap else merge(base, edited, cancelled, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert merged.record.overrides == edited.overrides
    assert merged.record.master.exception_dates == ()


@many
@given(events, prefers, st.booleans())
def test_overrides_merge_by_recurrence_id(base: Event, prefer: Prefer, swap: bool) -> None:
    one, two = (EventDetails(recurrence_id=m, start=m, summary="new") for m in occurrences[:2])
    assert base.master is not None
    base = replace(base, master=replace(base.master, exception_dates=()), overrides=())
    hub, remote = replace(base, overrides=(one,)), replace(base, overrides=(two,))
    merged = merge(base, remote, hub, prefer) if swap else merge(base, hub, remote, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.overrides == (one, two)
    assert merged.conflicts == ()


@many
@given(events, prefers)
def test_r14_occurrences_cancelled_on_each_side_are_all_cancelled(base: Event, prefer: Prefer) -> None:
    assert base.master is not None
    base = replace(base, master=replace(base.master, exception_dates=tuple(occurrences[2:])), overrides=())
    assert base.master is not None
    hub, remote = (
        replace(base, master=replace(base.master, exception_dates=(moment, *occurrences[2:])))
        for moment in occurrences[:2]
    )
    merged = merge(base, hub, remote, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert set(merged.record.master.exception_dates) == set(occurrences)
    assert merged.conflicts == ()


@many
@given(events, words, prefers, st.booleans())
def test_r14_an_occurrence_cancelled_on_one_side_and_untouched_on_the_other_goes_with_its_override(
    base: Event, title: str, prefer: Prefer, swap: bool
) -> None:
    assert base.master is not None
    when, other = occurrences[:2]
    kept = EventDetails(recurrence_id=other, start=other, summary=f"stays {title}")
    both = (EventDetails(recurrence_id=when, start=when, summary="goes"), kept)
    base = replace(base, master=replace(base.master, rules=("FREQ=DAILY",), exception_dates=()), overrides=both)
    assert base.master is not None
    cancelled = replace(base, master=replace(base.master, exception_dates=(when,)))  # its override was left behind
    renamed = replace(base, master=replace(base.master, location="elsewhere"))
    merged = merge(base, renamed, cancelled, prefer) if swap else merge(base, cancelled, renamed, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert merged.record.overrides == (kept,)
    assert merged.record.master.exception_dates == (when,)


@many
@given(events, moments, prefers, st.booleans())
def test_r15_one_occurrence_moved_leaves_all_others_as_they_are(
    base: Event, start: Moment, prefer: Prefer, swap: bool
) -> None:
    assert base.master is not None
    when = occurrences[0]
    others = tuple(d for d in base.overrides if d.recurrence_id != when)
    cancelled = tuple(m for m in base.master.exception_dates if m != when)
    base = replace(base, master=replace(base.master, exception_dates=cancelled), overrides=others)
    moved = replace(base, overrides=(EventDetails(recurrence_id=when, start=start, summary="moved"), *others))
    assert base.master is not None
    renamed = replace(base, master=replace(base.master, location="elsewhere"))
    merged = merge(base, renamed, moved, prefer) if swap else merge(base, moved, renamed, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.overrides == moved.overrides
    assert merged.record.master == renamed.master
    assert merged.conflicts == ()


@many
@given(words, prefers, st.booleans())
def test_r14_one_occurrence_is_one_however_its_id_is_written(title: str, prefer: Prefer, swap: bool) -> None:
    start = Moment("20260302T090000", "Europe/Zurich")
    master = EventDetails(start=start, summary="series", rules=("FREQ=DAILY;COUNT=9",))
    here, there = Moment("20260304T090000", "Europe/Zurich"), Moment("20260304T080000", "UTC")
    first, second = (here, there) if swap else (there, here)
    hub = Event("u", master, (EventDetails(recurrence_id=first, start=here, summary=f"edited {title}"),))
    remote = Event("u", replace(master, exception_dates=(second,), location="elsewhere"))
    merged = merge(Event("u", master), hub, remote, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert [d.summary for d in merged.record.overrides] == [f"edited {title}"]
    assert merged.record.master.exception_dates == ()
    assert merged.record.master.location == "elsewhere"


@many
@given(st.integers(1, 8), st.integers(1, 8), prefers, st.booleans())
def test_r16_an_occurrence_edited_on_one_side_goes_if_the_other_ended_the_series_before_it(
    edited: int, ends: int, prefer: Prefer, swap: bool
) -> None:
    start = Moment("20260301T090000", "UTC")
    when = Moment(f"2026030{edited}T090000", "UTC")
    base = Event("u", EventDetails(start=start, summary="series", rules=("FREQ=DAILY;COUNT=9",)))
    assert base.master is not None
    cut = replace(base, master=replace(base.master, rules=(f"FREQ=DAILY;COUNT={ends}",)))
    one = replace(base, overrides=(EventDetails(recurrence_id=when, start=when, summary="edited"),))
    merged = merge(base, cut, one, prefer) if swap else merge(base, one, cut, prefer)
    assert isinstance(merged.record, Event)
    assert merged.record.master == cut.master
    assert merged.record.overrides == (one.overrides if edited <= ends else ())
    assert [c.field for c in merged.conflicts] == ([] if edited <= ends else [f"overrides[{when.value}]"])


@many
@given(contacts, prefers, st.booleans())
def test_r20_an_edited_element_keeps_what_belongs_to_it(base: Contact, prefer: Prefer, swap: bool) -> None:
    label = ContentLine("X-ABLABEL", "Boat")
    phone = Labelled("+41 100", ("fax",), False, (("X-SPEED", ("9",)),), (label,))
    base = replace(base, phones=(phone,))
    renumbered = replace(base, phones=(replace(phone, value="+41 200"),))
    relabelled = replace(base, phones=(replace(phone, preferred=True),), note="edited")
    merged = merge(base, relabelled, renumbered, prefer) if swap else merge(base, renumbered, relabelled, prefer)
    wanted = replace(base, phones=(replace(phone, value="+41 200", preferred=True),), note="edited")
    assert merged.record == wanted
    assert merged.conflicts == ()


def test_alarms_and_lines_that_are_not_modelled_merge_too() -> None:
    def alarm(trigger: str) -> Component:
        return Component("VALARM", (ContentLine("ACTION", "DISPLAY"), ContentLine("TRIGGER", trigger)))

    base = Event("u", EventDetails(alarms=(alarm("-PT5M"),), extra=(ContentLine("X-A", "1"), ContentLine("X-B", "1"))))
    assert base.master is not None
    hub = replace(
        base,
        master=replace(
            base.master,
            alarms=(alarm("-PT5M"), alarm("-PT1H")),
            extra=(ContentLine("X-A", "2"), ContentLine("X-B", "1")),
        ),
    )
    remote = replace(base, master=replace(base.master, alarms=(), extra=(ContentLine("X-A", "1"),)))
    merged = merge(base, hub, remote, Prefer.HUB)
    assert isinstance(merged.record, Event)
    assert merged.record.master is not None
    assert merged.record.master.alarms == (alarm("-PT1H"),)
    assert merged.record.master.extra == (ContentLine("X-A", "2"),)
    assert merged.conflicts == ()


def test_wall_clocks_never_decide() -> None:
    """Stamps take no part: the module never looks at them."""
    tree = ast.parse(Path(merge_module.__file__).read_text())
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"stamps", "now", "today", "time"}
    old, new = (ContentLine("LAST-MODIFIED", f"20{year}0101T000000Z") for year in (20, 30))
    base = Event("u", EventDetails(summary="base"))
    for hub_stamp, remote_stamp in ((old, new), (new, old)):
        hub = Event("u", EventDetails(summary="hub", stamps=(hub_stamp,)))
        remote = Event("u", EventDetails(summary="remote", stamps=(remote_stamp,)))
        merged = merge(base, hub, remote, Prefer.HUB).record
        assert isinstance(merged, Event)
        assert merged.master is not None
        assert merged.master.summary == "hub"
