"""What counts as a change at all: a property for each rule about remotes that hold less, or keep it otherwise."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sync_engine.decide import Outcome, carried, decide, only_lost, own_rewriting, remote_as_meant
from sync_engine.model import Contact, ContentLine, Event
from sync_engine.ports import Direction, Policy, Prefer
from tests.property.records import contacts, events, versions

many = settings(max_examples=80, deadline=None)
prefers = st.sampled_from(Prefer)
_FIELDS = [f.name for f in fields(Contact) if f.compare and f.name != "uid"]


@many
@given(contacts, contacts, st.sets(st.sampled_from(_FIELDS)))
def test_r20_what_a_remote_cannot_hold_is_unknown_there_and_not_deleted(
    remote: Contact, hub: Contact, carries: set[str]
) -> None:
    meant = carried(remote, hub, frozenset(carries))
    assert isinstance(meant, Contact)
    for name in _FIELDS:
        assert getattr(meant, name) == getattr(remote if name in carries else hub, name)


@many
@given(events, events)
def test_r20_what_a_remote_cannot_hold_of_an_occurrence_is_unknown_too(remote: Event, hub: Event) -> None:
    meant = carried(remote, hub, frozenset({"start", "summary", "rules", "exception_dates"}))
    assert isinstance(meant, Event)
    theirs = {d.recurrence_id: d for d in hub.overrides}
    assert [d.recurrence_id for d in meant.overrides] == [d.recurrence_id for d in remote.overrides]
    for one, read in zip(meant.overrides, remote.overrides, strict=True):
        known = theirs.get(one.recurrence_id, read)
        assert (one.summary, one.start) == (read.summary, read.start)
        assert (one.location, one.alarms, one.extra) == (known.location, known.alarms, known.extra)
    assert meant.extra == hub.extra


@many
@given(versions(2))
def test_r21_what_the_server_made_of_our_write_is_no_edit(records: tuple[Any, Any]) -> None:
    sent, echo = records
    assert remote_as_meant(echo, sent, echo) == sent


@many
@given(contacts, contacts, st.sampled_from(["title", "birthday", "note"]))
def test_r20_an_edit_at_a_server_that_rewrites_changes_the_edited_field_only(
    sent: Contact, echo: Contact, name: str
) -> None:
    edited = replace(echo, **{name: "edited there"})  # type: ignore[arg-type]
    assert remote_as_meant(edited, sent, echo) == replace(sent, **{name: "edited there"})  # type: ignore[arg-type]


@many
@given(contacts, st.sampled_from(["full_name", "title", "birthday", "note"]))
def test_r20_another_value_of_a_persons_field_is_never_the_servers_rewriting(sent: Contact, name: str) -> None:
    kept = replace(sent, **{name: "edited there"})  # type: ignore[arg-type]
    assert not own_rewriting(sent, kept)
    assert not only_lost(sent, kept)


@many
@given(contacts, st.sets(st.sampled_from(_FIELDS)))
def test_r21_values_that_a_server_lost_are_its_own_doing(sent: Contact, lost: set[str]) -> None:
    bare = Contact(sent.uid)
    kept = replace(sent, **{name: getattr(bare, name) for name in lost})
    assert own_rewriting(sent, kept)


@many
@given(contacts)
def test_r21_lines_that_a_server_adds_are_its_own_doing(sent: Contact) -> None:
    kept = replace(sent, extra=(*sent.extra, ContentLine("X-SERVER", "1")))
    assert own_rewriting(sent, kept)
    assert not only_lost(sent, kept)


@many
@given(versions(3), prefers)
def test_r07_a_decision_never_takes_a_side_where_both_were_edited(
    records: tuple[Any, Any, Any], prefer: Prefer
) -> None:
    base, hub, remote = records
    assume(base not in (hub, remote) and hub != remote)
    assert decide(base, hub, remote, Policy(prefer=prefer)).outcome is Outcome.MERGE
    assert decide(None, hub, remote, Policy(prefer=prefer)).outcome is Outcome.MERGE


@many
@given(versions(2), prefers)
def test_r08_without_a_base_nothing_is_ever_deleted(records: tuple[Any, Any], prefer: Prefer) -> None:
    """Whoever has it may have edited it: nobody knows."""
    one, _ = records
    for direction in (Direction.BOTH, Direction.IN):
        policy = Policy(direction=direction, prefer=prefer)
        assert decide(None, one, None, policy).record == one
        assert decide(None, None, one, policy).record == one


@many
@given(versions(2), prefers)
def test_an_out_binding_never_changes_the_hub(records: tuple[Any, Any], prefer: Prefer) -> None:
    base, remote = records
    policy = Policy(direction=Direction.OUT, prefer=prefer)
    for hub in records:
        assert decide(base, hub, remote, policy).record == hub
        assert decide(base, hub, None, policy).record == hub
    assert decide(base, None, remote, policy).outcome is Outcome.DELETE_AT_REMOTE
