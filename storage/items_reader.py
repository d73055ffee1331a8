"""Reads hub items and the texts of revisions, many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, not_, select

from storage.errors import StoreRefused
from storage.session import Session
from storage.tables import collections, items, links, revisions
from sync_engine.model import Kind
from sync_engine.ports import HubItem

HUB_ITEM = (
    items.c.id,
    items.c.collection_id,
    items.c.kind,
    items.c.uid,
    items.c.revision_id,
    items.c.seq,
    items.c.deleted,
)

_IDS: BindParameter[Any] = bindparam("values", expanding=True)
_BY_ID = select(*HUB_ITEM).where(items.c.id.in_(_IDS))
_IN_COLLECTION = items.c.collection_id == bindparam("collection")
_BY_UID = select(*HUB_ITEM).where(_IN_COLLECTION, items.c.uid.in_(_IDS)).order_by(items.c.seq)
_BY_REMOTE_UID = (
    select(*HUB_ITEM, links.c.remote_uid)
    .join(links, links.c.item_id == items.c.id)
    .where(_IN_COLLECTION, links.c.remote_uid.in_(_IDS), items.c.uid != links.c.remote_uid)
    .order_by(items.c.deleted.desc(), items.c.seq)  # the best comes last
)
_LINKED = exists().where(links.c.item_id == items.c.id, links.c.binding_id == bindparam("binding"))
_LOOK_ALIKES = (
    select(*HUB_ITEM, items.c.fingerprint)
    .where(_IN_COLLECTION, items.c.fingerprint.in_(_IDS), not_(items.c.deleted), not_(_LINKED))
    .order_by(items.c.id)
)
_DELETED_ONCE = (
    select(revisions.c.item_id).where(revisions.c.item_id.in_(_IDS), revisions.c.role == "deleted").distinct()
)
_ACTORS = select(revisions.c.id, revisions.c.actor).where(revisions.c.id.in_(_IDS))
_TEXTS = select(revisions.c.id, revisions.c.text).where(revisions.c.id.in_(_IDS))
_SEQ = select(collections.c.seq).where(collections.c.id == bindparam("collection"))
_CHANGED = (
    select(*HUB_ITEM)
    .where(_IN_COLLECTION, items.c.seq > bindparam("after"))
    .order_by(items.c.seq)
    .limit(bindparam("most"))
)


def hub_item(row: Any) -> HubItem:
    """From a row with the columns `HUB_ITEM`."""
    return HubItem(row.id, row.collection_id, Kind(row.kind), row.uid, row.revision_id, row.seq, bool(row.deleted))


class ItemsReader:
    """Finds items."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def items(self, item_ids: Sequence[int]) -> dict[int, HubItem]:
        """By id."""
        return {row.id: hub_item(row) for row in self._session.look_in(_BY_ID, "values", item_ids)}

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        """The live one, else the newest tombstone."""
        found: dict[str, HubItem] = {}
        for row in self._session.look_in(_BY_UID, "values", uids, {"collection": collection_id}):
            if row.uid not in found or found[row.uid].deleted:  # rows come oldest first, at most one is live
                found[row.uid] = hub_item(row)
        return found

    def items_by_remote_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        """One that lives before a tombstone, and the newest of those."""
        where = {"collection": collection_id}
        rows = self._session.look_in(_BY_REMOTE_UID, "values", uids, where)
        return {row.remote_uid: hub_item(row) for row in rows}

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        """Live, with this content, and free for this binding."""
        found: dict[str, list[HubItem]] = defaultdict(list)
        known = [f for f in fingerprints if f]
        where = {"collection": collection_id, "binding": binding_id}
        for row in self._session.look_in(_LOOK_ALIKES, "values", known, where):
            found[row.fingerprint].append(hub_item(row))
        return dict(found)

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        """By revision id."""
        return {row.id: row.text for row in self._session.rows_in(_TEXTS, "values", revision_ids)}

    def revived(self, item_ids: Sequence[int]) -> set[int]:
        """Which of these have a version that was deleted."""
        return {row.item_id for row in self._session.rows_in(_DELETED_ONCE, "values", item_ids)}

    def actors(self, revision_ids: Sequence[int]) -> dict[int, str]:
        """By revision id."""
        return {row.id: row.actor for row in self._session.rows_in(_ACTORS, "values", revision_ids)}

    def collection_seq(self, collection_id: int) -> int:
        """The newest number."""
        seq = self._session.look(_SEQ, {"collection": collection_id}).scalar()
        if seq is None:
            raise StoreRefused(f"There is no collection {collection_id}.")
        return int(seq)

    def changed_items(self, collection_id: int, after_seq: int, limit: int) -> list[HubItem]:
        """In the order of their last changes."""
        where = {"collection": collection_id, "after": after_seq, "most": limit}
        return [hub_item(row) for row in self._session.look(_CHANGED, where)]
