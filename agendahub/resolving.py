"""Conflicts as a person sees them, and what comes of a decision (SYNC.md R07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agendahub.failure import Failure
from agendahub.restoring import ADMIN, blocked
from agendahub.texts import _
from storage.admin_history import RevisionRow, revisions
from storage.admin_lists import ConflictRow, conflicts
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.actions import FieldChange
from sync_engine.field_diff import field_changes, fields_of
from sync_engine.item import Item
from sync_engine.merge_choice import ChoiceError, Resolved, Versions, choosable, expand, resolve
from sync_engine.model import Contact, Record, title_of
from sync_engine.ports import FieldConflict, HubItem, Prefer

_STAMPS = ("LAST-MODIFIED", "REV")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions."""

    version: int  # for `agendahub undo ITEM --version`
    actor: str
    at: datetime | None  # hub: when it was edited; remote: when it was read
    changed_at: datetime | None = None  # remote: by the item's own stamp, of whoever's clock; None: it has none


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field on all sides, in words."""

    number: int  # for `--field`; 0: it is not in conflict
    field: str
    base: str
    hub: str
    remote: str
    now: str
    kept: str = ""  # hub, remote; "": not in conflict
    hub_actor: str = ""  # who edited it in the hub
    hub_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A conflict with both versions, ready to be shown."""

    id: int
    item_id: int
    title: str
    collection: str
    binding: str
    at: datetime
    resolved_at: datetime | None
    resolution: str
    resolved_by: str
    deleted: bool  # the item was, since
    edited_since: str  # by whom; "": the item is as the conflict left it
    hub: Side
    remote: Side
    base_version: int | None
    fields: tuple[FieldView, ...]  # in conflict
    others: tuple[FieldView, ...]  # the rest of the item's fields that say something
    restore: Mapping[str, str]  # the commands that put back a whole version


@dataclass(frozen=True, slots=True)
class Decision:
    """What a resolution does."""

    conflict: ConflictRow
    choices: Mapping[str, Prefer]  # by full names
    outcome: Resolved
    now: Record | None
    version_now: int

    @property
    def changes_something(self) -> bool:
        """Whether the item will say something else."""
        return self.outcome.record is not None and self.outcome.record != self.now

    @property
    def words(self) -> str:
        """For the list of resolved conflicts."""
        return ", ".join(f"{name}={side}" for name, side in self.choices.items()) or "keep"

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """What the item will say, where that is something else."""
        return field_changes(self.now, self.outcome.record) if self.changes_something else ()

    def told(self, *, done: bool) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.conflict.id,
            "item_id": self.conflict.item_id,
            "done": done,
            "choices": self.choices,
            "changes": self.changes,
            "edited_since": [edited.field for edited in self.outcome.edited_since],
            "brought_back": self.outcome.brought_back,
        }


def find(unit: SqlUnitOfWork, conflict_id: int) -> ConflictRow:
    """Raises Failure."""
    found = conflicts(unit.session.connection, conflict_id=conflict_id)
    if not found:
        raise Failure(_("There is no conflict {id}; `agendahub conflicts list` shows them.").format(id=conflict_id))
    return found[0]


def view(unit: SqlUnitOfWork, row: ConflictRow) -> ConflictView:
    """Everything about a conflict."""
    item, versions, now = _load(unit, row)
    path = [r for r in revisions(unit.session.connection, row.item_id) if r.id <= row.hub_revision]
    hub, remote, base = fields_of(versions.hub), fields_of(versions.remote), fields_of(versions.base)
    present = fields_of(now)
    fields = tuple(_in_conflict(n, f, present, path, row) for n, f in enumerate(row.fields, 1))
    named = {_plain(field.field) for field in fields}
    names = [n for n in sorted({*hub, *remote, *base}) if n not in named]
    others = (FieldView(0, n, base.get(n, ""), hub.get(n, ""), remote.get(n, ""), present.get(n, "")) for n in names)
    return ConflictView(
        row.id, row.item_id, row.title or title_of(versions.hub), row.collection, row.binding, row.at,
        row.resolved_at, row.resolution, row.resolved_by, item.deleted, _edited_since(unit, row),
        Side(row.hub_revision, row.hub_actor, row.hub_at),
        Side(row.remote_revision, row.remote_actor, row.remote_at, _stamp(versions.remote)),
        row.base_revision, fields, tuple(others),
        {s: _restore(row, n) for s, n in (("hub", row.hub_revision), ("remote", row.remote_revision))},
    )  # fmt: skip


def decide(unit: SqlUnitOfWork, row: ConflictRow, choices: Mapping[str, str], everything: str) -> Decision:
    """What these choices come to; `everything`: hub or remote for all other fields, "" to leave them.

    Raises Failure for a choice that cannot be made.
    """
    if row.resolved_at is not None:
        how = _("Conflict {id} is resolved already ({how}); the item can still be changed: agendahub history {item}")
        raise Failure(how.format(id=row.id, how=row.resolution, item=row.item_id))
    item, versions, now = _load(unit, row)
    recorded = [FieldConflict(f["field"], f["base"], f["hub"], f["remote"], Prefer(f["kept"])) for f in row.fields]
    possible = choosable(versions, recorded)
    try:
        chosen = expand({name: Prefer(side) for name, side in choices.items()}, [f.field for f in recorded])
    except ChoiceError as err:
        raise Failure(f"{str(err)[0].upper()}{str(err)[1:]}.") from err
    _refuse_impossible(row, [name for name in chosen if name not in possible])
    if everything:
        chosen = {name: Prefer(everything) for name in possible} | chosen
    return Decision(row, chosen, resolve(versions, recorded, chosen, now), now, item.revision_id)


def carry_out(unit: SqlUnitOfWork, decision: Decision) -> None:
    """Make the result the item's text, as an edit by the admin; it goes to every linked account as any other."""
    record = decision.outcome.record
    hub = unit.items([decision.conflict.item_id])[decision.conflict.item_id]
    if decision.changes_something and (why := blocked(unit, hub)):
        raise Failure(_("The deleted item cannot come back: {why}.").format(why=why))
    if decision.changes_something and record is not None:
        unit.update_item(decision.conflict.item_id, Item.read(Item.of(record).text), ADMIN)


def _load(unit: SqlUnitOfWork, row: ConflictRow) -> tuple[HubItem, Versions, Record | None]:
    if unit.session.writing:  # nobody edits it until this is over
        unit.lock_collection(unit.items([row.item_id])[row.item_id].collection_id)
    item = unit.items([row.item_id])[row.item_id]
    wanted = [n for n in (row.base_revision, row.hub_revision, row.remote_revision, item.revision_id) if n is not None]
    texts = unit.texts(wanted)

    def record(number: int) -> Record:
        return Item.stored(item.kind, item.uid, texts[number]).record

    base = None if row.base_revision is None or row.base_revision not in texts else record(row.base_revision)
    versions = Versions(base, record(row.hub_revision), record(row.remote_revision))
    return item, versions, None if item.deleted else record(item.revision_id)


def _refuse_impossible(row: ConflictRow, names: Sequence[str]) -> None:
    if names:
        hint = _("{field} cannot be taken alone; to put back a whole version: {way}")
        raise Failure(hint.format(field=", ".join(names), way=_restore(row, row.remote_revision)))


def _restore(row: ConflictRow, version: int) -> str:
    return f"agendahub undo {row.item_id} --version {version} --yes"


def _in_conflict(
    number: int, field: Mapping[str, str], present: Mapping[str, str], path: Sequence[RevisionRow], row: ConflictRow
) -> FieldView:
    name = field["field"]
    who = _editor(_plain(name), path)
    actor, at = (who.actor, who.at) if who else (row.hub_actor, row.hub_at)
    now = present.get(_plain(name), "")
    return FieldView(number, name, field["base"], field["hub"], field["remote"], now, field["kept"], actor, at)


def _plain(path: str) -> str:
    """The name that `fields_of` gives to the field that a path is in: "phones[+411].value" is in "phones"."""
    if path.startswith("overrides["):
        rid, _end, rest = path.removeprefix("overrides[").partition("].")
        return f"[{rid}].{rest.partition('[')[0].partition('.')[0]}"
    return path.removeprefix("master.").partition("[")[0].partition(".")[0]


def _editor(name: str, path: Sequence[RevisionRow]) -> RevisionRow | None:
    """The newest version, up to the conflict, in which this field was changed; None: not to be seen any more."""
    for before, after in zip(reversed(path[:-1]), reversed(path), strict=False):
        if _value(before, name) != _value(after, name):
            return after
    return None


def _value(row: RevisionRow, name: str) -> str:
    return fields_of(Item.read(row.text, uid_if_missing="x").record).get(name, "")


def _edited_since(unit: SqlUnitOfWork, row: ConflictRow) -> str:
    """Who changed the item after the cycle that found the conflict."""
    later = [r for r in revisions(unit.session.connection, row.item_id) if r.id > row.remote_revision]
    return later[-1].actor if later else ""


def _stamp(record: Record) -> datetime | None:
    """When the item itself says that it was changed last."""
    parts = [record] if isinstance(record, Contact) else [p for p in (record.master, *record.overrides) if p]
    lines = [line.value for part in parts for line in part.stamps if line.name in _STAMPS]
    found = [stamp for value in lines if (stamp := _time(value)) is not None]
    return max(found, default=None)


def _time(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
