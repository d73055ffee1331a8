"""Writes hub items: every change is a revision and has a number in its collection's sequence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, literal, select, update

from storage.errors import StoreRefused
from storage.hrefs import buried_href, href_for, other_href
from storage.index_columns import index_rows
from storage.items_reader import HUB_ITEM, hub_item
from storage.limits import LONGEST_ID, check_item, cut
from storage.moments import range_of
from storage.pending import CHANGED
from storage.session import Session
from storage.tables import items, revisions
from sync_engine.errors import Rejected
from sync_engine.item import Item, digest_of
from sync_engine.matching import fingerprint
from sync_engine.model import Kind
from sync_engine.ports import HubItem, Origin
from sync_engine.privacy import is_secret

_INSERT_ITEM = insert(items).returning(items.c.id)
_INSERT_REVISION = insert(revisions).returning(revisions.c.id)
_ITEM = select(items).where(items.c.id == bindparam("item"))
_AT_HREF = select(*HUB_ITEM).where(items.c.collection_id == bindparam("collection"), items.c.href == bindparam("name"))
_RENAME = update(items).where(items.c.id == bindparam("item")).values(href=bindparam("name"))
_COPY_AS_DELETED = insert(revisions).from_select(
    ["item_id", "text", "digest", "role", "actor", "run_id", "at"],
    select(
        revisions.c.item_id,
        revisions.c.text,
        revisions.c.digest,
        literal("deleted"),
        bindparam("actor", type_=revisions.c.actor.type),
        bindparam("run", type_=revisions.c.run_id.type),
        bindparam("at", type_=revisions.c.at.type),
    ).where(revisions.c.id == bindparam("revision")),
)


class ItemsWriter:
    """Creates, changes and deletes items."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, collection_id: int, item: Item, origin: Origin, href: str | None = None) -> HubItem:
        """A new item. With an href: a tombstone there of the same UID comes back to life instead."""
        check_item(item)
        if self._session.pending.frees_uid:
            self._session.flush()
        seq = self._session.next_seq(collection_id)
        buried = self._at_href(collection_id, href) if href is not None else None
        if buried and buried.deleted and buried.uid == item.uid:
            return self.update(buried.id, item, origin)
        name = self._free_href(collection_id, item, seq, href)
        values = self._columns(item, seq, name, origin.user_id)
        now = values["changed_at"]
        row = {**values, "collection_id": collection_id, "revision_id": 0, "created_at": now}
        item_id = int(self._session.run(_INSERT_ITEM, row).scalar_one())
        revision_id = self.revision(item_id, item.text, "current", origin, values["etag"])
        self._session.pending.created(item_id, revision_id, index_rows(item.record))
        return HubItem(item_id, collection_id, item.kind, item.uid, revision_id, seq)

    def update(self, item_id: int, item: Item, origin: Origin, href: str | None = None) -> HubItem:
        """A new revision; nothing at all when the item lives and has this text (and href) already."""
        check_item(item)
        row = self._locked(item_id)
        moved = href is not None and href != row.href
        same_text = row.etag == item.digest
        if same_text and not row.deleted and not moved:
            return hub_item(row)
        if moved:
            self._free_href(row.collection_id, item, 0, href)
        seq = self._session.next_seq(row.collection_id)
        maker = origin.user_id if row.deleted and origin.user_id is not None else row.maker_id
        values = self._columns(item, seq, href if href is not None else row.href, maker)
        keep = same_text and not row.deleted
        values["revision_id"] = row.revision_id if keep else self.revision(item_id, item.text, "current", origin)
        frees = moved or item.uid != row.uid
        self._session.pending.changed(item_id, values, Kind(row.kind), index_rows(item.record), frees_uid=frees)
        return HubItem(item_id, row.collection_id, item.kind, item.uid, values["revision_id"], seq)

    def delete(self, item_id: int, origin: Origin) -> HubItem:
        """A tombstone; nothing when it is one already."""
        row = self._locked(item_id)
        if row.deleted:
            return hub_item(row)
        seq = self._session.next_seq(row.collection_id)
        now = self._session.now()
        who = {
            "actor": cut(origin.actor, 300),
            "run": self._session.run_of(origin),
            "at": now,
            "revision": row.revision_id,
        }
        self._session.run(_COPY_AS_DELETED, who)
        values = {name: getattr(row, name) for name in CHANGED} | {"seq": seq, "deleted": True, "changed_at": now}
        self._session.pending.changed(item_id, values, Kind(row.kind), [], frees_uid=True)
        return HubItem(item_id, row.collection_id, Kind(row.kind), row.uid, row.revision_id, seq, deleted=True)

    def revision(self, item_id: int, text: str, role: str, origin: Origin, digest: str | None = None) -> int:
        """Keep a text; gives its id."""
        row = {
            "item_id": item_id,
            "text": text,
            "digest": digest or digest_of(text),
            "role": role,
            "actor": cut(origin.actor, 300),
            "run_id": self._session.run_of(origin),
            "at": self._session.now(),
        }
        return int(self._session.run(_INSERT_REVISION, row).scalar_one())

    def _columns(self, item: Item, seq: int, href: str, maker: int | None) -> dict[str, Any]:
        starts, ends = range_of(item.record)
        return {
            "kind": str(item.kind),
            "uid": item.uid,
            "href": href,
            "etag": item.digest,
            "size": len(item.text.encode()),
            "seq": seq,
            "deleted": False,
            "fingerprint": fingerprint(item.record),
            "range_start": starts,
            "range_end": ends,
            "secret": is_secret(item.record),
            "maker_id": maker,
            "changed_at": self._session.now(),
        }

    def _locked(self, item_id: int) -> Any:
        """The item's row, which no other transaction can change any more."""
        if self._session.pending.knows(item_id):
            self._session.flush()
        row = self._row(item_id)
        if not self._session.locked(row.collection_id):
            self._session.lock(row.collection_id)
            row = self._row(item_id)  # may have changed while we waited
        return row

    def _row(self, item_id: int) -> Any:
        row = self._session.run(_ITEM, {"item": item_id}).first()
        if row is None:
            raise StoreRefused(f"There is no item {item_id}.")
        return row

    def _at_href(self, collection_id: int, href: str) -> HubItem | None:
        where = {"collection": collection_id, "name": href}
        row = self._session.run(_AT_HREF, where).first()
        if row is not None and self._session.pending.knows(row.id):
            row = self._session.look(_AT_HREF, where).first()
        return hub_item(row) if row is not None else None

    def _free_href(self, collection_id: int, item: Item, seq: int, wanted: str | None) -> str:
        """A name that is free now: a tombstone in its way gives it up."""
        name = wanted if wanted is not None else href_for(item.uid, item.kind)
        if not 1 <= len(name) <= LONGEST_ID:
            raise Rejected(f"Its name in the URL has {len(name):,} characters; AgendaHub stores 1 to {LONGEST_ID}.")
        there = self._at_href(collection_id, name)
        if there is None:
            return name
        if there.deleted:
            self._session.run(_RENAME, {"item": there.id, "name": buried_href(there.id)})
            return name
        if wanted is not None:
            raise StoreRefused(f"Another item of this collection is at {name}.")
        return other_href(item.uid, item.kind, seq)
