"""What people change in the agenda, on a phone or in Outlook, comes back to the activities.

Nothing is written into the agenda, so nothing can go back and forth. The cursor moves in the transaction that changes
the activities: after a crash the same changes are read again, and say nothing new.
"""

from __future__ import annotations

from dataclasses import replace

from crm.activity import keeping
from crm.activity.absorbing import absorb
from crm.activity.keeping import Kept
from crm.activity.model import CANCELLED, Activity
from crm.activity.telling import tell
from crm.actor import AGENDA
from crm.agenda.collection import agenda_if_there
from crm.settings import CrmSettings
from storage.crm import activity_rows, agenda_lists
from storage.database import Database, run
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import HubItem

_PAGE = 200


def follow(database: Database, settings: CrmSettings) -> int:
    """Read what changed in the agenda since the last time; gives how many activities changed by it.

    Also in a collection that was the agenda before. Cheap when nothing changed. Raises `storage.errors`.
    """
    with database.read() as unit:
        waiting = _waiting(unit, settings)
    total = 0
    for collection_id in waiting:
        more = True
        while more:
            count, more = run(database, lambda unit, here=collection_id: _page(unit, settings, here))  # type: ignore[misc]
            total += count
    return total


def _waiting(unit: SqlUnitOfWork, settings: CrmSettings) -> list[int]:
    """Collections in which something happened."""
    known = activity_rows.followed(unit.session.connection)
    agenda = agenda_if_there(unit, settings)
    wanted = {**({agenda: 0} if agenda is not None else {}), **known}
    return [number for number, seq in sorted(wanted.items()) if _seq(unit, number) > seq]


def _seq(unit: SqlUnitOfWork, collection_id: int) -> int:
    try:
        return unit.collection_seq(collection_id)
    except StoreRefused:  # it was removed
        return 0


def _page(unit: SqlUnitOfWork, settings: CrmSettings, collection_id: int) -> tuple[int, bool]:
    """Some changes; gives how many activities they changed, and whether more may follow."""
    unit.lock_collection(collection_id)
    after = activity_rows.followed(unit.session.connection).get(collection_id, 0)
    changed = unit.changed_items(collection_id, after, _PAGE)
    floor = agenda_lists.floor_of(unit.session.connection, collection_id)
    count = _orphans(unit) if floor > after else 0
    if not changed:
        if floor > after:
            activity_rows.set_followed(unit.session.connection, collection_id, floor)
        return count, False
    count += sum(_take(unit, settings, item, activity) for item, activity in _tied(unit, collection_id, changed))
    activity_rows.set_followed(unit.session.connection, collection_id, changed[-1].seq)
    return count, len(changed) == _PAGE


def _tied(unit: SqlUnitOfWork, collection_id: int, changed: list[HubItem]) -> list[tuple[HubItem, Activity]]:
    """The activities of items; where a program deleted one and put it back under its UID, that is the item now."""
    connection = unit.session.connection
    rows = activity_rows.of_items(connection, [item.id for item in changed])
    living = {item.uid for item in changed if not item.deleted and item.id not in rows}
    back = activity_rows.of_buried_uids(connection, collection_id, living)
    found = [(item, rows.get(item.id) or (None if item.deleted else back.get(item.uid))) for item in changed]
    return [(item, Activity(**row)) for item, row in found if row is not None and not _is_ours(item, row)]


def _is_ours(item: HubItem, row: activity_rows.Row) -> bool:
    """A change that the activity itself made."""
    return not item.deleted and (row["item_id"], row["revision_id"]) == (item.id, item.revision_id)


def _take(unit: SqlUnitOfWork, settings: CrmSettings, item: HubItem, activity: Activity) -> bool:
    about = keeping.about(unit, settings, activity.request_id)
    # An earlier change of this page may have changed it.
    activity = keeping.load(unit, activity.id)
    if activity.item_id != item.id:
        activity = replace(activity, item_id=item.id, revision_id=None)
    return absorb(unit, Kept(activity, item, about)).version != activity.version


def _orphans(unit: SqlUnitOfWork) -> int:
    """Activities whose item was deleted so long ago that nothing is left of it: this was not called for weeks."""
    count = 0
    while rows := activity_rows.orphans(unit.session.connection, _PAGE):
        for row in rows:
            after = keeping.save(unit, AGENDA, Activity(**row), {"state": CANCELLED})
            tell(unit, AGENDA, "cancelled", after, "It is not in the agenda any more.")
        count += len(rows)
    return count
