"""Brings a collection in step with the text of a feed: what is new comes, what is gone goes, the rest stays untouched.

Many feeds are written anew for each reader, with new time stamps: an event that says the same keeps its text, so that
phones are not made to read a thousand events every hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from storage import dav_feeds
from storage.database import Database, run
from storage.dav_feeds import Feed, Held
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError, SyncError, Unreadable
from sync_engine.formats.splitting import parts_of
from sync_engine.item import Item
from sync_engine.ports import Origin

Some = TypeVar("Some")

MOST = 20_000  # items of one feed
_AT_ONCE = 200  # items that are written in one transaction
_BY = Origin("feed")


class NotAFeed(SyncError):
    """What came is no calendar. The collection stays as it was."""


@dataclass(slots=True)
class Brought:
    """What reading a feed changed."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    unreadable: int = 0


def bring_in(database: Database, feed: Feed, text: str) -> Brought:
    """Make a collection what the text of its feed says. Raises `NotAFeed`, and `storage.errors`.

    A feed without a single event changes nothing: it is more often broken than meant.
    """
    brought = Brought()
    wanted = _items_of(feed, text, brought)
    with database.read() as unit:
        held = dav_feeds.held(unit.session.connection, feed.id)
    if not wanted:
        return brought
    differs = [item for uid, item in wanted.items() if uid not in held or held[uid].etag != item.digest]
    for part in _parts(differs):
        new, changed = run(database, partial(_write, feed, part, held))
        brought.new, brought.changed = brought.new + new, brought.changed + changed
    gone = [one.id for uid, one in held.items() if uid not in wanted]
    for numbers in _parts(gone):
        brought.gone += run(database, partial(_delete, feed, numbers))
    return brought


def _items_of(feed: Feed, text: str, brought: Brought) -> dict[str, Item]:
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise NotAFeed(f"{feed.name}: at its address is no calendar.")
    found: dict[str, Item] = {}
    try:
        for part in islice(parts_of(text), MOST):
            item = _item(part)
            if item is not None and str(item.kind) in feed.kinds:
                found.setdefault(item.uid, item)
            brought.unreadable += item is None
    except Unreadable as err:
        raise NotAFeed(f"{feed.name}: the feed cannot be read: {err}") from err
    return found


def _item(text: str) -> Item | None:
    try:
        return Item.read(text)
    except ItemError:
        return None


def _parts(whole: Iterable[Some]) -> Iterator[list[Some]]:
    rest = iter(whole)
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _write(feed: Feed, part: list[Item], held: Mapping[str, Held], unit: SqlUnitOfWork) -> tuple[int, int]:
    """How many were new, and changed."""
    if not dav_feeds.is_still(unit.session.connection, feed):
        return 0, 0
    unit.lock_collection(feed.id)
    known = [held[item.uid].revision_id for item in part if item.uid in held]
    texts = dav_feeds.texts(unit.session.connection, known)
    new = [item for item in part if item.uid not in held]
    changed = [i for i in part if i.uid in held and _differs(i, texts.get(held[i.uid].revision_id, ""))]
    for item in new:
        unit.create_item(feed.id, item, _BY)
    for item in changed:
        unit.update_item(held[item.uid].id, item, _BY)
    return len(new), len(changed)


def _differs(item: Item, text: str) -> bool:
    """Whether it says something else: stamps (DTSTAMP, LAST-MODIFIED) do not count."""
    there = _item(text)
    return there is None or there.record != item.record


def _delete(feed: Feed, numbers: list[int], unit: SqlUnitOfWork) -> int:
    if not dav_feeds.is_still(unit.session.connection, feed):
        return 0
    unit.lock_collection(feed.id)
    for number in numbers:
        unit.delete_item(number, _BY)
    return len(numbers)
