"""A collection as somebody sees it who does not own it: private events are busy, private tasks and cards not there.

Whoever made an item, or has to do it, sees it as it is (SYNC.md R32). A busy event has the UID, times, zones and rules
of the real one and an entity tag of its own; it can be neither changed nor deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dav_gateway.answers import not_allowed
from dav_gateway.sharing.busy_blocks import Block, block_of, known_block
from dav_gateway.site import Call
from storage import dav_items
from storage.dav_items import Dated, Leaf
from storage.dav_private import Hidden, hidden_among, hidden_in
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork

if TYPE_CHECKING:
    from dav_gateway.contents import Contents

_FEW = 500  # items of which it is cheaper to ask by number than of the whole collection


def sees_all(call: Call, shelf: Shelf) -> bool:
    """Whether nothing in a collection is private to somebody else: it is the user's own."""
    return shelf.owner_id == call.who.user_id


def must_see(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf) -> None:
    """Raises `Refused` (403) where a stored item is private to somebody else: what cannot be read is not written."""
    if sees_all(call, shelf) or not leaf.secret:
        return
    if hidden_among(unit.session.connection, [leaf.id], call.who.user_id):
        raise not_allowed("write-content", call.path_of(shelf, leaf.href))


@dataclass(frozen=True, slots=True)
class Masked:
    """`Contents` of a collection of which this user may not see everything.

    The leaf of a busy event has a negative revision: that of the text it stands for.
    """

    inner: Contents
    collection_id: int
    user_id: int

    def listing(self, unit: SqlUnitOfWork, *, short: bool) -> list[Leaf]:
        """See `Contents`."""
        leaves = self.inner.listing(unit, short=short)
        if not short:
            return self._shown(unit, leaves)
        hidden = hidden_in(unit.session.connection, self.collection_id, self.user_id)
        return _shown(unit, leaves, hidden) if hidden else leaves

    def leaf_at(self, unit: SqlUnitOfWork, href: str) -> Leaf | None:
        """See `Contents`."""
        leaf = self.inner.leaf_at(unit, href)
        return next(iter(self._shown(unit, [leaf])), None) if leaf else None

    def text_at(self, unit: SqlUnitOfWork, href: str) -> tuple[Leaf, str] | None:
        """See `Contents`."""
        found = self.inner.text_at(unit, href)
        if found is None:
            return None
        for leaf in self._shown(unit, [found[0]]):
            text = self.texts(unit, [leaf]).get(leaf.href) if leaf.revision_id < 0 else found[1]
            return None if text is None else (leaf, text)
        return None

    def leaves_at(self, unit: SqlUnitOfWork, hrefs: Sequence[str]) -> dict[str, Leaf]:
        """See `Contents`."""
        found = self.inner.leaves_at(unit, hrefs)
        return {leaf.href: leaf for leaf in self._shown(unit, list(found.values()))}

    def changes(self, unit: SqlUnitOfWork, after: int, upto: int, limit: int | None, *, tombstones: bool) -> list[Leaf]:
        """See `Contents`. What cannot be seen is told of like what was deleted: it may have been public before."""
        shown: list[Leaf] = []
        while True:
            part = self.inner.changes(unit, after, upto, limit, tombstones=tombstones)
            shown += self._shown(unit, part, tombstones=tombstones)
            if limit is None or len(part) < limit or len(shown) >= limit:
                return shown[:limit]
            after = part[-1].seq

    def in_range(self, unit: SqlUnitOfWork, kind: str, start: datetime | None, end: datetime | None) -> list[Dated]:
        """See `Contents`."""
        found = self.inner.in_range(unit, kind, start, end)
        shown = {leaf.href: leaf for leaf in self._shown(unit, [dated.leaf for dated in found])}
        return [dated._replace(leaf=shown[dated.leaf.href]) for dated in found if dated.leaf.href in shown]

    def texts(self, unit: SqlUnitOfWork, leaves: Sequence[Leaf]) -> dict[str, str]:
        """See `Contents`."""
        found = self.inner.texts(unit, [leaf for leaf in leaves if leaf.revision_id >= 0])
        busy = [leaf for leaf in leaves if leaf.revision_id < 0]
        stored = dav_items.texts(unit.session.connection, [-leaf.revision_id for leaf in busy])
        for leaf in busy:
            text = stored.get(-leaf.revision_id)
            block = block_of(text) if text is not None else None
            if block is not None:
                found[leaf.href] = block.text
        return found

    def _shown(self, unit: SqlUnitOfWork, leaves: list[Leaf], *, tombstones: bool = False) -> list[Leaf]:
        """These leaves, as far as they can be seen; with `tombstones` the others as deleted."""
        connection, private = unit.session.connection, [leaf.id for leaf in leaves if leaf.secret and not leaf.deleted]
        if len(private) <= _FEW:
            hidden = hidden_among(connection, private, self.user_id)
        else:
            hidden = hidden_in(connection, self.collection_id, self.user_id)
        return _shown(unit, leaves, hidden, tombstones=tombstones) if hidden else leaves


def _shown(
    unit: SqlUnitOfWork, leaves: Iterable[Leaf], hidden: Mapping[str, Hidden], *, tombstones: bool = False
) -> list[Leaf]:
    blocks = _blocks(unit, hidden)
    shown: list[Leaf] = []
    for leaf in leaves:
        there = None if leaf.deleted else hidden.get(leaf.href)
        if there is None:
            shown.append(leaf)
        elif (block := blocks.get(leaf.href)) is not None:
            shown.append(
                leaf._replace(etag=block.etag, size=block.size, revision_id=-there.revision_id, schedule_tag="")
            )
        elif tombstones:
            shown.append(leaf._replace(deleted=True))
    return shown


def _blocks(unit: SqlUnitOfWork, hidden: Mapping[str, Hidden]) -> dict[str, Block]:
    """What stands for the hidden events, by address; texts are read only of those that are not remembered."""
    events = [one for one in hidden.values() if one.kind == "event"]
    found = {one.href: block for one in events if (block := known_block(one.etag))}
    missing = [one for one in events if one.href not in found]
    for start in range(0, len(missing), _FEW):
        part = missing[start : start + _FEW]
        texts = dav_items.texts(unit.session.connection, [one.revision_id for one in part])
        for one in part:
            block = block_of(texts[one.revision_id]) if one.revision_id in texts else None
            if block is not None:
                found[one.href] = block
    return found
