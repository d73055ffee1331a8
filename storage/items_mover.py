"""Moves an item, with its history and all that belongs to it, to another name or collection."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, literal, select, update

from storage.errors import StoreRefused
from storage.hrefs import buried_href
from storage.session import Session
from storage.tables import items, revisions

_ITEM = select(items).where(items.c.id == bindparam("item"))
_AT_HREF = select(items.c.id, items.c.deleted).where(
    items.c.collection_id == bindparam("collection"), items.c.href == bindparam("name")
)
_SET = update(items).where(items.c.id == bindparam("item"))
_RENAME = _SET.values(href=bindparam("name"))
_MOVE = _SET.values(
    collection_id=bindparam("collection"),
    href=bindparam("name"),
    seq=bindparam("number"),
    changed_at=bindparam("at", type_=items.c.changed_at.type),
)
_SET_REVISION = _SET.values(revision_id=bindparam("revision"))
_STONE = insert(items).returning(items.c.id)
# Of the role that is no version of the hub: undoing a tombstone would bring the item to life a second time.
_LAST_WORDS = insert(revisions).from_select(
    ["item_id", "text", "digest", "role", "actor", "at"],
    select(
        bindparam("item", type_=revisions.c.item_id.type),
        revisions.c.text,
        revisions.c.digest,
        literal("remote"),
        revisions.c.actor,
        bindparam("at", type_=revisions.c.at.type),
    ).where(revisions.c.id == bindparam("revision")),
)
_NEWEST = select(revisions.c.id).where(revisions.c.item_id == bindparam("item")).order_by(revisions.c.id.desc())


def move_item(session: Session, item_id: int, collection_id: int, href: str) -> None:
    """Put an item under a name in a collection; what was deleted there before gives the name up.

    At its old place stays a tombstone, of which devices learn. Both collections must be locked. Raises `StoreRefused`
    when a live item has the name.
    """
    session.flush()
    row = session.run(_ITEM, {"item": item_id}).one()
    there = session.run(_AT_HREF, {"collection": collection_id, "name": href}).one_or_none()
    if there is not None and not there.deleted:
        raise StoreRefused(f"Another item of this collection is at {href}.")
    if there is not None:
        session.run(_RENAME, {"item": there.id, "name": buried_href(there.id)})
    at = session.now()
    number = session.next_seq(collection_id)
    session.run(_MOVE, {"item": item_id, "collection": collection_id, "name": href, "number": number, "at": at})
    old = {name: getattr(row, name) for name in ("collection_id", "kind", "uid", "href", "etag", "size", "created_at")}
    stone = {**old, "deleted": True, "revision_id": 0, "seq": session.next_seq(row.collection_id), "changed_at": at}
    stone_id = int(session.run(_STONE, stone).scalar_one())
    session.run(_LAST_WORDS, {"item": stone_id, "revision": row.revision_id, "at": at})
    session.run(_SET_REVISION, {"item": stone_id, "revision": session.run(_NEWEST, {"item": stone_id}).scalar_one()})
