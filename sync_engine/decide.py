"""What to do about one item, given what both sides agreed on and what each holds now. Pure and total.

=============  ==============  ==================  ==========================================
hub            remote          outcome             why
=============  ==============  ==================  ==========================================
as agreed      edited          TAKE_REMOTE         only one side changed
edited         as agreed       PUSH                only one side changed
edited         edited          MERGE, or AGREED    both changed: field by field
as agreed      gone            DELETE_IN_HUB       a deletion, under the brake
edited         gone            RECREATE            edit beats delete
gone           as agreed       DELETE_AT_REMOTE    a deletion, under the brake
gone           edited          REVIVE              edit beats delete
gone           gone            FORGET
=============  ==============  ==================  ==========================================
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, cast

from sync_engine.merge import merge, merge_by
from sync_engine.merge_report import Rewritten
from sync_engine.model import Contact, Details, EventDetails, Record, TaskDetails
from sync_engine.ports import Direction, FieldConflict, Policy, Prefer

_EDITED_BY_PEOPLE = frozenset(f.name for kind in (Contact, EventDetails, TaskDetails) for f in fields(kind)) - {
    "extra",
    "params",
    "components",
}


class Outcome(StrEnum):
    """What happens to an item."""

    AGREED = "agreed"  # both sides hold the same: nothing to write
    TAKE_REMOTE = "take remote"
    PUSH = "push"
    MERGE = "merge"
    DELETE_IN_HUB = "delete in hub"
    DELETE_AT_REMOTE = "delete at remote"
    RECREATE = "create again at remote"
    REVIVE = "bring back in hub"
    FORGET = "forget"
    LEAVE = "leave alone"  # a guest took his copy of a meeting away


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome, the record the hub is to hold after it (None: none), and why."""

    outcome: Outcome
    reason: str
    record: Record | None = None
    conflicts: tuple[FieldConflict, ...] = ()


def decide(base: Record | None, hub: Record | None, remote: Record | None, policy: Policy) -> Decision:
    """Decide about one linked item; None is "not there" (for base: never agreed)."""
    if remote is None:
        return _remote_gone(base, hub, policy)
    if hub is None:
        return _hub_gone(base, remote, policy)
    if hub == remote:
        return Decision(Outcome.AGREED, "both sides hold the same", hub)
    if policy.direction is Direction.OUT:
        return Decision(Outcome.PUSH, "the binding carries changes to the remote only", hub)
    if hub == base:
        return Decision(Outcome.TAKE_REMOTE, "changed at the remote", remote)
    if remote == base:
        return Decision(Outcome.PUSH, "changed in the hub", hub)
    merged = merge(base, hub, remote, policy.prefer)
    reason = "changed on both sides" if base is not None else "the same item was already on both sides"
    return Decision(Outcome.MERGE, reason, merged.record, merged.conflicts)


def _remote_gone(base: Record | None, hub: Record | None, policy: Policy) -> Decision:
    if hub is None:
        return Decision(Outcome.FORGET, "deleted on both sides")
    if policy.direction is Direction.OUT:
        return Decision(Outcome.RECREATE, "deleted at the remote, which only mirrors the hub", hub)
    if base is not None and hub == base:
        return Decision(Outcome.DELETE_IN_HUB, "deleted at the remote")
    return Decision(Outcome.RECREATE, "deleted at the remote, but changed in the hub since", hub)


def _hub_gone(base: Record | None, remote: Record, policy: Policy) -> Decision:
    if policy.direction is Direction.OUT or (base is not None and remote == base):
        return Decision(Outcome.DELETE_AT_REMOTE, "deleted in the hub")
    return Decision(Outcome.REVIVE, "deleted in the hub, but changed at the remote since", remote)


def remote_as_meant(remote: Record, base: Record, echo: Record) -> Record:
    """The remote's version without the server's own rewriting: its change since `echo`, applied to what was sent.

    `echo` is how the remote kept `base` when nobody had touched it yet. What was removed since is removed: that the
    server kept less of it is no edit.
    """
    if remote == echo:
        return base
    return merge_by(Rewritten(Prefer.REMOTE), echo, base, remote).record


def own_rewriting(sent: Record, kept: Record) -> bool:
    """Whether the server and not a person makes the difference, where no version can tell.

    Then nothing that people edit has another value (at most it is absent); the rest is what programs write: X-
    properties (those of alarms too), parameters, unknown components; and a picture, which servers encode anew.
    """
    meant, read = _plain_alarms(sent), _with_picture_of(sent, _plain_alarms(kept))
    return only_lost(meant, carried(read, meant, _EDITED_BY_PEOPLE))


def _with_picture_of(sent: Record, kept: Record) -> Record:
    """Without the difference between two pictures."""
    if isinstance(sent, Contact) and isinstance(kept, Contact) and sent.photo and kept.photo:
        return replace(kept, photo=sent.photo)
    return kept


def _plain_alarms(record: Record) -> Record:
    """Without the X- properties of alarms."""
    if isinstance(record, Contact):
        return record
    series = cast(Any, record)
    parts = [_with_plain_alarms(d) for d in series.overrides]
    return cast(Record, replace(series, master=_with_plain_alarms(series.master), overrides=tuple(parts)))


def _with_plain_alarms(details: Any) -> Any:
    if details is None or not details.alarms:
        return details
    kept = [[line for line in alarm.lines if not line.name.startswith("X-")] for alarm in details.alarms]
    pairs = zip(details.alarms, kept, strict=True)
    return replace(details, alarms=tuple(replace(alarm, lines=tuple(lines)) for alarm, lines in pairs))


def only_lost(sent: Record, kept: Record) -> bool:
    """Whether `kept` differs from `sent` by absent values alone: what a server does that cannot hold all of it."""
    union = merge(None, sent, kept, Prefer.HUB)
    return not union.conflicts and union.record == sent and not _cancels(sent, kept)


def _cancels(sent: Record, kept: Record) -> bool:
    """Whether `kept` alone cancels an occurrence: that is somebody's word, even where only an override went."""
    before, now = (getattr(record, "master", None) for record in (sent, kept))
    return bool(now and set(now.exception_dates) - set(before.exception_dates if before else ()))


def carried(remote: Record, other: Record | None, carries: frozenset[str]) -> Record:
    """Fill in what the remote cannot hold from `other`: unknown there is not deleted there."""
    if other is None or type(other) is not type(remote):
        return remote
    if isinstance(remote, Contact):
        return cast(Record, _filled(remote, other, carries))
    ours, theirs = cast(Any, remote), cast(Any, other)
    overrides = {d.recurrence_id: d for d in theirs.overrides}
    filled = replace(
        ours,
        master=_filled(ours.master, theirs.master, carries),
        overrides=tuple(_filled(d, overrides.get(d.recurrence_id), carries) for d in ours.overrides),
        extra=ours.extra if "extra" in carries else theirs.extra,
    )
    return cast(Record, filled)


def _filled(remote: Any, other: Record | Details | None, carries: frozenset[str]) -> Any:
    if remote is None or other is None:
        return remote
    missing = [f.name for f in fields(remote) if f.compare and f.name not in carries | {"uid", "recurrence_id"}]
    return replace(remote, **{name: getattr(other, name) for name in missing}) if missing else remote
