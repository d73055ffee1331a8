"""A conflict that a person decides: field by field, upon what the item says now (R07)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sync_engine.merge import merge
from sync_engine.merge_choice import ChoiceError, Versions, choosable, expand, resolve
from sync_engine.model import Contact, Event, EventDetails, Labelled, Moment
from sync_engine.ports import FieldConflict, Prefer
from tests.property.records import versions

many = settings(max_examples=60, deadline=None)
sides = st.sampled_from(Prefer)


def _conflict(found: tuple[Any, ...], prefer: Prefer) -> tuple[Versions, Any, tuple[FieldConflict, ...]]:
    base, hub, remote = found[:3]
    merged = merge(base, hub, remote, prefer)
    assume(merged.conflicts)
    return Versions(base, hub, remote), merged.record, merged.conflicts


@many
@given(versions(3), sides)
def test_r07_taking_what_was_kept_changes_nothing(found: tuple[Any, ...], prefer: Prefer) -> None:
    three, now, fields = _conflict(found, prefer)
    done = resolve(three, fields, {f.field: f.kept for f in fields}, now)
    assert (done.record, done.edited_since) == (now, ())
    assert resolve(three, fields, {}, None).record is None


@many
@given(versions(3), sides)
def test_r07_taking_the_other_side_is_what_the_other_preference_would_have_given(
    found: tuple[Any, ...], prefer: Prefer
) -> None:
    three, now, fields = _conflict(found, prefer)
    possible = choosable(three, fields)
    other = Prefer.REMOTE if prefer is Prefer.HUB else Prefer.HUB
    base, hub, remote = found
    wanted = merge(base, hub, remote, other)
    assume([f.field for f in wanted.conflicts] == possible == [f.field for f in fields])
    done = resolve(three, fields, dict.fromkeys(possible, other), now)
    assert done.edited_since == ()
    assert done.record == wanted.record
    assert resolve(three, fields, dict.fromkeys(possible, other), None).record == wanted.record


def _people(**hub: Any) -> tuple[Versions, tuple[FieldConflict, ...], Contact]:
    base = Contact("u", "Ada", phones=(Labelled("+411", ("cell",)), Labelled("+419", ("work",))), note="n", title="t")
    mine = replace(base, phones=(Labelled("+412", ("cell",)), base.phones[1]), note="hub")
    theirs = replace(base, phones=(Labelled("+413", ("cell",)), base.phones[1]), note="remote", title="new")
    merged = merge(base, mine, theirs, Prefer.HUB)
    assert isinstance(merged.record, Contact)
    return Versions(base, mine, theirs), merged.conflicts, replace(merged.record, **hub)


def test_r07_one_field_is_taken_and_edits_of_others_since_stay() -> None:
    three, fields, now = _people(organization=("Later",), note="later")
    done = resolve(three, fields, expand({"phones": Prefer.REMOTE}, [f.field for f in fields]), now)
    assert isinstance(done.record, Contact)
    assert [p.value for p in done.record.phones] == ["+413", "+419"]
    assert (done.record.note, done.record.organization, done.record.title) == ("later", ("Later",), "new")
    assert done.edited_since == ()


def test_r07_a_field_that_was_edited_since_is_told_and_then_overwritten() -> None:
    three, fields, now = _people(note="later")
    done = resolve(three, fields, {"note": Prefer.REMOTE}, now)
    assert [(f.field, f.hub, f.remote) for f in done.edited_since] == [("note", "later", "remote")]
    assert isinstance(done.record, Contact)
    assert done.record.note == "remote"


def test_r07_a_deleted_item_comes_back_only_by_a_choice_that_changes_it() -> None:
    three, fields, _now = _people()
    assert resolve(three, fields, {"note": Prefer.HUB}, None).record is None
    done = resolve(three, fields, {"note": Prefer.REMOTE}, None)
    assert isinstance(done.record, Contact)
    assert (done.record.note, done.brought_back) == ("remote", True)


def test_r07_start_and_end_go_together() -> None:
    start, end = Moment("20260301T090000", "UTC"), Moment("20260301T100000", "UTC")
    later = [Moment(f"20260301T{hour}0000", "UTC") for hour in (11, 12, 13, 14)]
    base = Event("u", EventDetails(start=start, end=end))
    hub, remote = (Event("u", EventDetails(start=later[i], end=later[i + 1])) for i in (0, 2))
    merged = merge(base, hub, remote, Prefer.HUB)
    names = [f.field for f in merged.conflicts]
    chosen = expand({"start": Prefer.REMOTE}, names)
    assert chosen == {"master.start": Prefer.REMOTE, "master.end": Prefer.REMOTE}
    assert resolve(Versions(base, hub, remote), merged.conflicts, chosen, merged.record).record == remote
    with pytest.raises(ChoiceError, match="go together"):
        expand({"start": Prefer.REMOTE, "end": Prefer.HUB}, names)


def test_r07_fields_have_short_names_and_numbers() -> None:
    names = ["phones[+411].value", "master.summary", "overrides[20260301T090000].summary", "note"]
    for name, meant in (("1", names[0]), ("phones", names[0]), ("summary", names[1]), ("overrides", names[2])):
        assert list(expand({name: Prefer.HUB}, names)) == [meant]
    for name in ("fax", "0", "5", "pho", ""):
        with pytest.raises(ChoiceError, match="it has: phones"):
            expand({name: Prefer.HUB}, names)
