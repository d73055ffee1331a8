"""What every connector must do, whatever stands behind it.

A subclass of five lines runs all of it: it says how to open an account (a second connector to the same account plays
"somebody else") and gives an empty calendar and an empty address book for each test.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from sync_engine.errors import CollectionGone, CursorExpired, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Kind, Task
from sync_engine.ports import Changed, Connector, Cursor, Listed, RemoteRef, Removed

_EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//AgendaHub//tests//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20260301T090000Z
DTEND:20260301T100000Z
SUMMARY:{title}
END:VEVENT
END:VCALENDAR
"""
_TASK = _EVENT.replace("VEVENT", "VTODO").replace("DTEND:", "DUE:")
_CARD = """BEGIN:VCARD
VERSION:3.0
UID:{uid}
FN:{title}
N:{title};;;;
TEL;TYPE=CELL:+41 79 000 00 00
END:VCARD
"""


def _item(template: str, title: str, uid: str) -> Item:
    return Item.read(template.format(uid=uid or str(uuid.uuid4()), title=title).replace("\n", "\r\n"))


def event(title: str, uid: str = "") -> Item:
    """An appointment."""
    return _item(_EVENT, title, uid)


def task(title: str, uid: str = "") -> Item:
    """A to-do."""
    return _item(_TASK, title, uid)


def card(title: str, uid: str = "") -> Item:
    """A contact."""
    return _item(_CARD, title, uid)


def title(item: Item) -> str:
    """What `event`, `task` and `card` were given."""
    record = item.record
    if isinstance(record, Contact):
        return record.full_name
    assert isinstance(record, Event | Task)
    assert record.master is not None
    return record.master.summary


@dataclass
class Hub:
    """Remembers what a hub would: the versions it has, and where it was."""

    connector: Connector
    collection: str
    versions: dict[str, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    cursor: Cursor | None = None
    listed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    completed: bool = False

    def known(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {i: self.versions[i] for i in ids if i in self.versions}

    def pull(self, *, afresh: bool = False) -> Hub:
        """One pull, as the engine does it: from the cursor, afresh when that has expired. Notes what it brought."""
        try:
            return self.poll(afresh=afresh)
        except CursorExpired:
            return self.poll(afresh=True)

    def poll(self, *, afresh: bool = False) -> Hub:
        """A pull that does not list afresh by itself. Only what was listed from nothing may be complete."""
        since = None if afresh else self.cursor
        self.listed, self.changed, self.removed, self.completed = [], [], [], False
        for page in self.connector.changes(self.collection, since, self.known):
            for change in page.changes:
                self._take(change)
            self.cursor = page.cursor or self.cursor
            self.completed |= page.complete
            assert since is None or not page.complete
        if self.completed:
            self._forget_unmentioned()
        return self

    def _take(self, change: object) -> None:
        if isinstance(change, Listed):
            assert self.versions[change.ref.id] == change.ref.version
            self.listed.append(change.ref.id)
        elif isinstance(change, Changed):
            self.changed.append(change.ref.id)
            self.versions[change.ref.id], self.items[change.ref.id] = change.ref.version, change.item
        else:
            assert isinstance(change, Removed), change
            self.removed.append(change.id)
            self.items.pop(change.id, None)

    def _forget_unmentioned(self) -> None:
        for remote_id in set(self.items) - set(self.listed) - set(self.changed):
            del self.items[remote_id]
            self.removed.append(remote_id)

    def wrote(self, ref: RemoteRef, item: Item) -> RemoteRef:
        self.versions[ref.id], self.items[ref.id] = ref.version, item
        return ref

    @property
    def titles(self) -> list[str]:
        return sorted(title(item) for item in self.items.values())


class ConnectorContract:
    """Subclasses give the fixtures `connector`, `somebody`, `calendar` and `address_book`."""

    @pytest.fixture
    def connector(self) -> Connector:
        raise NotImplementedError

    @pytest.fixture
    def somebody(self) -> Connector:
        raise NotImplementedError

    @pytest.fixture
    def calendar(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def address_book(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def task_list(self, calendar: str) -> str:
        """Where tasks are kept: many systems have a collection of their own for them."""
        return calendar

    kind = Kind.EVENT  # of what is in `calendar`: a service for contacts or tasks alone gives one of those instead

    def make(self, title: str, uid: str = "") -> Item:
        """An item for `calendar`."""
        return event(title, uid)

    kept_fields = frozenset({"phones", "summary", "extra"})  # that the system surely holds

    def uid_of(self, found: Changed) -> str:
        """The UID under which the hub made it. A system that makes its own UIDs hides the hub's."""
        return found.item.uid

    def create_again(self, connector: Connector, collection: str, item: Item, key: str, made: RemoteRef) -> None:
        """A creation that is repeated: refused, where it is not known to be the same one."""
        with pytest.raises(VersionConflict):
            connector.create(collection, item, key)

    def missing_id(self, there: str) -> str:
        """An id that looks right, and is of nothing."""
        return there.replace(there.rpartition("/")[2], "missing.ics")

    def missing_collection(self, there: str) -> str:
        """The same of a collection."""
        return there.rstrip("/") + "-never-was/"

    # ------------------------------------------------------------ what there is

    def test_collections_are_found_with_their_kinds(
        self, connector: Connector, calendar: str, address_book: str
    ) -> None:
        found = {c.id: c for c in connector.collections()}
        assert self.kind in found[calendar].kinds
        assert found[address_book].kinds == {Kind.CONTACT}
        assert not found[calendar].read_only

    def test_carries_names_fields_of_the_records(self, connector: Connector) -> None:
        assert self.kept_fields <= connector.carries

    def test_a_collection_that_is_not_there_is_said_to_be_gone(self, connector: Connector, calendar: str) -> None:
        with pytest.raises(CollectionGone):
            Hub(connector, self.missing_collection(calendar)).pull()

    # ------------------------------------------------------------ listings

    def test_r01_an_empty_collection_is_a_complete_listing_of_nothing(
        self, connector: Connector, calendar: str
    ) -> None:
        hub = Hub(connector, calendar).pull()
        assert (hub.items, hub.completed) == ({}, True)
        assert hub.cursor is not None

    def test_first_listing_brings_everything(self, connector: Connector, somebody: Connector, calendar: str) -> None:
        for n in range(7):
            somebody.create(calendar, self.make(f"e{n}"), f"k{n}")
        hub = Hub(connector, calendar).pull()
        assert hub.titles == [f"e{n}" for n in range(7)]
        assert hub.completed

    def test_r04_listing_afresh_reads_no_unchanged_item_again(
        self, connector: Connector, somebody: Connector, calendar: str
    ) -> None:
        refs = [somebody.create(calendar, self.make(f"e{n}"), f"k{n}") for n in range(3)]
        hub = Hub(connector, calendar).pull()
        somebody.delete(calendar, RemoteRef(refs[0].id, hub.versions[refs[0].id]))
        hub.pull(afresh=True)
        assert (sorted(hub.listed), hub.changed, hub.removed) == (sorted(r.id for r in refs[1:]), [], [refs[0].id])

    def test_r21_nothing_new_brings_nothing(self, connector: Connector, somebody: Connector, calendar: str) -> None:
        somebody.create(calendar, self.make("e"), "k")
        hub = Hub(connector, calendar).pull()
        cursor = hub.cursor
        for _ in range(3):
            hub.pull()
            assert (hub.changed, hub.removed, hub.cursor) == ([], [], cursor)

    def test_changes_of_somebody_else_arrive(self, connector: Connector, somebody: Connector, calendar: str) -> None:
        kept, edited, deleted = (somebody.create(calendar, self.make(t, t), t) for t in ("kept", "edited", "deleted"))
        hub = Hub(connector, calendar).pull()
        somebody.update(calendar, RemoteRef(edited.id, hub.versions[edited.id]), self.make("new title", "edited"), None)
        somebody.delete(calendar, RemoteRef(deleted.id, hub.versions[deleted.id]))
        added = somebody.create(calendar, self.make("added"), "k")
        hub.pull()
        assert hub.titles == ["added", "kept", "new title"]
        assert (sorted(hub.changed), hub.removed) == (sorted([edited.id, added.id]), [deleted.id])
        assert kept.id not in hub.changed

    def test_a_cursor_nobody_gave_has_expired(self, connector: Connector, calendar: str) -> None:
        with pytest.raises(CursorExpired):
            list(connector.changes(calendar, self.bogus_cursor(connector, calendar), lambda _ids: {}))

    def bogus_cursor(self, connector: Connector, calendar: str) -> Cursor:
        """One that looks right."""
        cursor = Hub(connector, calendar).pull().cursor
        assert cursor is not None
        return cursor.replace('"t":"', '"t":"x') if '"t":"' in cursor else "999999999"

    # ------------------------------------------------------------ writes

    @pytest.mark.parametrize("make", [event, task], ids=["event", "task"])
    def test_what_was_created_is_there(
        self, connector: Connector, somebody: Connector, calendar: str, task_list: str, make: Callable[[str], Item]
    ) -> None:
        item = make("Zmrzlina & <čaj> 日本")
        where = task_list if item.kind is Kind.TASK else calendar
        ref = connector.create(where, item, "k")
        (found,) = somebody.fetch(where, [ref.id])
        assert isinstance(found, Changed)
        assert (self.uid_of(found), title(found.item), found.item.kind) == (item.uid, title(item), item.kind)

    def test_contacts_are_created_edited_and_deleted(
        self, connector: Connector, somebody: Connector, address_book: str
    ) -> None:
        hub = Hub(connector, address_book).pull()
        ref = hub.wrote(connector.create(address_book, card("Ada", "uid-ada"), "k"), card("Ada", "uid-ada"))
        hub.pull()
        ref = connector.update(address_book, RemoteRef(ref.id, hub.versions[ref.id]), card("Ada L.", "uid-ada"), None)
        assert Hub(somebody, address_book).pull().titles == ["Ada L."]
        hub.pull()
        connector.delete(address_book, RemoteRef(ref.id, hub.versions[ref.id]))
        assert Hub(somebody, address_book).pull().titles == []

    @pytest.mark.parametrize("uid", ["a b/ü%41", "ada@example.org", "{B-1}:?#", "x" * 300, "UPPER", "upper"])
    def test_any_uid_can_be_created_and_found(self, connector: Connector, calendar: str, uid: str) -> None:
        item = self.make("e", uid)
        ref = connector.create(calendar, item, "k")
        found = connector.find(calendar, item, "k")
        assert isinstance(found, Changed)
        assert (found.ref.id, self.uid_of(found)) == (ref.id, uid)
        assert list(Hub(connector, calendar).pull().items) == [ref.id]

    def test_r06_find_tells_whether_create_happened(self, connector: Connector, calendar: str) -> None:
        item = self.make("e")
        assert connector.find(calendar, item, "k") is None
        ref = connector.create(calendar, item, "k")
        found = connector.find(calendar, item, "k")
        assert isinstance(found, Changed)
        assert found.ref.id == ref.id

    def test_r05_creating_twice_makes_one(self, connector: Connector, calendar: str) -> None:
        item = self.make("e")
        made = connector.create(calendar, item, "k")
        self.create_again(connector, calendar, item, "k", made)
        assert Hub(connector, calendar).pull().titles == ["e"]

    def test_r29_uids_are_told_apart_by_case(self, connector: Connector, calendar: str) -> None:
        refs = [connector.create(calendar, self.make(uid, uid), uid) for uid in ("Case", "case")]
        assert refs[0].id != refs[1].id
        assert Hub(connector, calendar).pull().titles == ["Case", "case"]

    def test_an_update_of_another_version_is_refused(
        self, connector: Connector, somebody: Connector, calendar: str
    ) -> None:
        hub, uid = Hub(connector, calendar), str(uuid.uuid4())
        ref = connector.create(calendar, self.make("e", uid), "k")
        old = hub.pull().versions[ref.id]
        somebody.update(calendar, RemoteRef(ref.id, old), self.make("theirs", uid), None)
        with pytest.raises(VersionConflict):
            connector.update(calendar, RemoteRef(ref.id, old), self.make("ours", uid), self.make("e", uid))
        with pytest.raises(VersionConflict):
            connector.delete(calendar, RemoteRef(ref.id, old))
        assert hub.pull().titles == ["theirs"]

    def test_r08_an_update_of_what_is_gone_is_refused(self, connector: Connector, calendar: str) -> None:
        hub, uid = Hub(connector, calendar), str(uuid.uuid4())
        ref = connector.create(calendar, self.make("e", uid), "k")
        old = RemoteRef(ref.id, hub.pull().versions[ref.id])
        connector.delete(calendar, old)
        with pytest.raises(VersionConflict):
            connector.update(calendar, old, self.make("again", uid), None)
        assert hub.pull().titles == []

    def test_deleting_what_is_gone_is_fine(self, connector: Connector, calendar: str) -> None:
        hub = Hub(connector, calendar)
        ref = connector.create(calendar, self.make("e"), "k")
        old = RemoteRef(ref.id, hub.pull().versions[ref.id])
        connector.delete(calendar, old)
        connector.delete(calendar, old)
        assert hub.pull().titles == []

    def test_r22_fetch_says_removed_only_for_what_is_not_there(self, connector: Connector, calendar: str) -> None:
        ref = connector.create(calendar, self.make("there"), "k")
        missing = self.missing_id(ref.id)
        answers = {
            a.id if isinstance(a, Removed) else a.ref.id: a for a in connector.fetch(calendar, [ref.id, missing])
        }
        assert isinstance(answers[ref.id], Changed)
        assert answers[missing] == Removed(missing)

    def test_many_items_come_in_pages(self, connector: Connector, somebody: Connector, calendar: str) -> None:
        for n in range(110):
            somebody.create(calendar, self.make(f"e{n:03}"), f"k{n}")
        pages = list(connector.changes(calendar, None, lambda ids: {}))
        assert len(pages) > 1
        assert [p.complete for p in pages] == [False] * (len(pages) - 1) + [True]
        assert sum(isinstance(c, Changed) for p in pages for c in p.changes) == 110
