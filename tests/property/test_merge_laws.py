"""Laws that hold for every merge, whatever the policy."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync_engine.decide import Outcome, decide
from sync_engine.merge import merge
from sync_engine.model import Contact
from sync_engine.ports import Direction, Policy, Prefer
from tests.property.records import contacts, versions

prefers = st.sampled_from(Prefer)
many = settings(max_examples=80, deadline=None)
_other = {Prefer.HUB: Prefer.REMOTE, Prefer.REMOTE: Prefer.HUB}


def _unordered(value: Any) -> Any:
    """Comparable without regard to the order of elements."""
    if isinstance(value, tuple):
        return sorted((_unordered(v) for v in value), key=repr)
    if is_dataclass(value):
        return type(value).__name__, [(f.name, _unordered(getattr(value, f.name))) for f in fields(value) if f.compare]
    return value


@many
@given(versions(2), prefers)
def test_equal_sides_are_merged_to_themselves(records: tuple[Any, Any], prefer: Prefer) -> None:
    base, side = records
    merged = merge(base, side, side, prefer)
    assert merged.record == side
    assert merged.conflicts == ()


@many
@given(versions(2), prefers)
def test_an_edit_on_one_side_only_is_taken_whole(records: tuple[Any, Any], prefer: Prefer) -> None:
    base, edited = records
    assert _unordered(merge(base, base, edited, prefer).record) == _unordered(edited)
    assert _unordered(merge(base, edited, base, prefer).record) == _unordered(edited)
    assert merge(base, base, edited, prefer).conflicts == merge(base, edited, base, prefer).conflicts == ()


@many
@given(versions(3), prefers)
def test_sides_may_be_exchanged_with_the_preference(records: tuple[Any, Any, Any], prefer: Prefer) -> None:
    base, hub, remote = records
    one, two = merge(base, hub, remote, prefer), merge(base, remote, hub, _other[prefer])
    assert _unordered(one.record) == _unordered(two.record)
    told = [sorted((c.field, *sorted((c.hub, c.remote))) for c in m.conflicts) for m in (one, two)]
    assert told[0] == told[1]


@many
@given(versions(3), prefers)
def test_once_merged_both_sides_are_in_step(records: tuple[Any, Any, Any], prefer: Prefer) -> None:
    base, hub, remote = records
    merged = merge(base, hub, remote, prefer).record
    for again in (
        merge(remote, merged, remote, prefer),  # the merge goes out against what the remote holds
        merge(remote, merged, merged, prefer),
        merge(base, merged, merged, prefer),
        merge(merged, merged, merged, prefer),
    ):
        assert again.record == merged
        assert again.conflicts == ()


@many
@given(versions(3), prefers)
def test_nothing_is_invented(records: tuple[Any, Any, Any], prefer: Prefer) -> None:
    base, hub, remote = records
    merged = merge(base, hub, remote, prefer).record
    allowed = {leaf for record in (base, hub, remote) for leaf in _leaves(record)} | set(_leaves(type(hub)("u")))
    assert set(_leaves(merged)) <= allowed


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Every simple value, with the field it stands in."""
    if isinstance(value, tuple):
        return [leaf for v in value for leaf in _leaves(v, name)]
    if is_dataclass(value):
        return [leaf for f in fields(value) if f.compare for leaf in _leaves(getattr(value, f.name), f.name)]
    return [(name, repr(value))]


@many
@given(versions(3), prefers)
def test_without_conflict_no_ones_single_edit_is_lost(records: tuple[Any, Any, Any], prefer: Prefer) -> None:
    """Simple fields: whoever changed one alone finds it in the outcome, unless a conflict about it is reported."""
    base, hub, remote = records
    if not isinstance(base, Contact):
        return
    merged = merge(base, hub, remote, prefer)
    told = {c.field for c in merged.conflicts}
    for name in ("full_name", "title", "birthday", "note", "organization"):
        b, h, r, m = (getattr(record, name) for record in (base, hub, remote, merged.record))
        if h in (b, r) or r == b:
            assert m == (r if h == b else h)
            assert name not in told
        else:
            assert name in told
            assert m == (h if prefer is Prefer.HUB else r)


@many
@given(versions(2), prefers)
def test_without_a_base_any_two_records_merge_and_agree_afterwards(records: tuple[Any, Any], prefer: Prefer) -> None:
    hub, remote = records
    merged = merge(None, hub, remote, prefer)
    again = merge(None, merged.record, merged.record, prefer)
    assert again.record == merged.record
    assert again.conflicts == ()


@many
@given(st.tuples(contacts, contacts, contacts), prefers)
def test_elements_of_contacts_are_neither_doubled_nor_lost(records: tuple[Any, Any, Any], prefer: Prefer) -> None:
    base, hub, remote = records
    merged = merge(base, hub, remote, prefer).record
    assert isinstance(merged, Contact)
    assert len(set(merged.categories)) == len(merged.categories)
    for c in "abc":
        b, h, r = (c in record.categories for record in (base, hub, remote))
        assert (c in merged.categories) == ((h and r) if b else (h or r))


# ---------------------------------------------------------------- decide

policies = st.builds(Policy, st.sampled_from(Direction), prefers)


@many
@given(versions(3), st.tuples(st.booleans(), st.booleans(), st.booleans()), policies)
def test_decide_is_total_and_follows_its_table(
    records: tuple[Any, Any, Any], there: tuple[bool, bool, bool], policy: Policy
) -> None:
    base, hub, remote = (record if is_there else None for record, is_there in zip(records, there, strict=True))
    decision = decide(base, hub, remote, policy)
    assert decision.outcome in _allowed(base, hub, remote, policy)
    assert decision.reason
    deletes = (Outcome.DELETE_IN_HUB, Outcome.DELETE_AT_REMOTE, Outcome.FORGET)
    assert (decision.record is None) == (decision.outcome in deletes)


def _allowed(base: Any, hub: Any, remote: Any, policy: Policy) -> set[Outcome]:
    mirror = policy.direction is Direction.OUT
    if remote is None and hub is None:
        return {Outcome.FORGET}
    if remote is None:
        return {Outcome.DELETE_IN_HUB} if hub == base and not mirror else {Outcome.RECREATE}
    if hub is None:
        return {Outcome.DELETE_AT_REMOTE} if remote == base or mirror else {Outcome.REVIVE}
    if hub == remote:
        return {Outcome.AGREED}
    if mirror or remote == base:
        return {Outcome.PUSH} if mirror or hub != base else set()
    return {Outcome.TAKE_REMOTE} if hub == base else {Outcome.MERGE}


@many
@given(versions(2), policies)
def test_an_edit_beats_a_deletion(records: tuple[Any, Any], policy: Policy) -> None:
    base, edited = records
    if edited == base:
        edited = (
            replace(edited, uid="other") if isinstance(edited, Contact) else replace(edited, overrides=(), master=None)
        )
    if edited == base or policy.direction is Direction.OUT:
        return
    assert decide(base, edited, None, policy).record == edited
    assert decide(base, None, edited, policy).record == edited
