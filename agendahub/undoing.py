"""What an undo would do, item by item, and doing it. Like any other change it then goes to every linked account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agendahub.restoring import ADMIN, restore
from agendahub.texts import _
from storage.admin_history import RevisionRow, changed_by, latest_revision, revision_before
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import Unreadable
from sync_engine.item import Item
from sync_engine.model import title_of


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one item."""

    item_id: int
    title: str
    action: str  # put back, bring back, delete, skip
    revision_id: int | None  # the version that is put back
    reason: str


def undo_item(unit: SqlUnitOfWork, item_id: int) -> list[Step]:
    """Take back the newest change of an item."""
    last = latest_revision(unit.session.connection, item_id)
    return [] if last is None else [_step(unit, item_id, last.id, last)]


def undo_changes(
    unit: SqlUnitOfWork, *, run_id: int | None = None, since: datetime | None = None, actor: str = ""
) -> list[Step]:
    """Take back what a run, or an actor since a time, changed. Items somebody else changed later are left alone."""
    steps = []
    for item_id, first in changed_by(unit.session.connection, run_id=run_id, since=since, actor=actor):
        last = latest_revision(unit.session.connection, item_id)
        assert last is not None
        steps.append(_step(unit, item_id, first, last, changed_later=_by_another(last, run_id, actor)))
    return steps


def put_back(unit: SqlUnitOfWork, item_id: int, revision_id: int) -> list[Step]:
    """Make one version of an item current again."""
    last = latest_revision(unit.session.connection, item_id)
    assert last is not None
    text = unit.texts([revision_id])[revision_id]
    return [Step(item_id, _title(text), _("put back"), revision_id, "")]


def carry_out(unit: SqlUnitOfWork, steps: Sequence[Step]) -> int:
    """Do it; gives how many items were changed."""
    done = 0
    for step in steps:
        if step.revision_id is not None:
            restore(unit, step.item_id, step.revision_id)
        elif step.action == _("delete"):
            unit.delete_item(step.item_id, ADMIN)
        else:
            continue
        done += 1
    return done


def _by_another(last: RevisionRow, run_id: int | None, actor: str) -> bool:
    return (run_id is not None and last.run_id != run_id) or (bool(actor) and last.actor != actor)


def _step(unit: SqlUnitOfWork, item_id: int, first: int, last: RevisionRow, *, changed_later: bool = False) -> Step:
    title = _title(last.text)
    if changed_later:
        return Step(item_id, title, _("skip"), None, _("changed later by {actor}").format(actor=last.actor))
    before = revision_before(unit.session.connection, item_id, first)
    if before is None or before.role == "deleted":
        gone = last.role == "deleted"
        return Step(item_id, title, _("skip") if gone else _("delete"), None, _("it did not exist before"))
    action = _("bring back") if last.role == "deleted" else _("put back")
    reason = _("as of {at}").format(at=before.at.isoformat(timespec="seconds"))
    return Step(item_id, title, action, before.id, reason)


def _title(text: str) -> str:
    try:
        return title_of(Item.read(text, uid_if_missing="x").record)
    except Unreadable:
        return _("(unreadable)")
