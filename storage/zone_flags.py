"""Events in a zone that nobody knows: their times are a guess, and an admin should see them (SYNC.md R19)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from storage.session import chunks
from storage.tables import collections, events, items, revisions
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Kind, starts_of, title_of
from sync_engine.zone_flags import unknown_zone
from sync_engine.zones import is_known

_LOOKED_AT = 5000  # items, newest first: those that bring their own rules need to be read
_SUSPECT = (
    select(items.c.revision_id, items.c.kind, items.c.uid, collections.c.slug)
    .join(events, events.c.item_id == items.c.id)
    .join(collections, collections.c.id == items.c.collection_id)
    .where(~items.c.deleted)
    .order_by(items.c.id.desc())
)


@dataclass(frozen=True, slots=True)
class FlaggedItem:
    """An event whose zone nobody knows."""

    collection: str
    title: str
    starts: str
    zone: str


def in_unknown_zones(connection: Connection) -> list[FlaggedItem]:
    """All live events whose zone is neither described by themselves nor known by its name."""
    used = connection.execute(select(events.c.zone).distinct()).scalars()
    suspect = [zone for zone in used if not is_known(zone, ())]
    found: list[FlaggedItem] = []
    for names in chunks(suspect):
        rows = connection.execute(_SUSPECT.where(events.c.zone.in_(names)).limit(_LOOKED_AT)).all()
        for part in chunks(rows):
            wanted = select(revisions.c.id, revisions.c.text).where(
                revisions.c.id.in_([row.revision_id for row in part])
            )
            texts = {row.id: row.text for row in connection.execute(wanted)}
            flagged = (_flagged(row.slug, Item.stored(Kind(row.kind), row.uid, texts[row.revision_id])) for row in part)
            found += [one for one in flagged if one is not None]
    return found


def _flagged(collection: str, item: Item) -> FlaggedItem | None:
    try:
        record = item.record
    except ItemError:
        return None
    zone = unknown_zone(record)
    return None if zone is None else FlaggedItem(collection, title_of(record), starts_of(record), zone)
