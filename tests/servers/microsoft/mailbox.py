"""What a Microsoft mail server keeps, without a protocol: mailboxes, their collections, items, and the log of changes.

Items keep their properties in the shape of the front that serves their mailbox (`Mailbox.speaks`): JSON with the names
of Graph's resources, or XML with those of EWS. A mailbox is in one system, as in real companies: either in their own
Exchange or in Microsoft 365; meetings between the two are in meetings.py. The fronts do paging, sync states and errors;
here is what both must agree on. Every public function takes the lock of the server, so fronts may call from any thread.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.microsoft.directory import Directory
from tests.servers.microsoft.no_mail import could_mail
from tests.servers.microsoft.records import (
    CALENDAR,
    CONTACTS,
    MAIL,
    MAIL_FOLDERS,
    TASKS,
    Change,
    Collection,
    Fields,
    Item,
    Mail,
    NotThere,
    Stale,
    last_of_each,
    long_id,
    spelled,
    without_nothing,
)

__all__ = [
    "CALENDAR",
    "CONTACTS",
    "MAIL",
    "TASKS",
    "Change",
    "Collection",
    "Exchange",
    "Fields",
    "Item",
    "Mail",
    "Mailbox",
    "NotThere",
    "Stale",
]


class Exchange:
    """All mailboxes of a server."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.mailboxes: dict[str, Mailbox] = {}
        self.outbox: list[Mail] = []
        self.directory = Directory()
        self.lag = timedelta(0)  # how long a write is not seen by sync reads
        self.bin = False  # what is deleted lies in Deleted Items, where its immutable id finds it
        self._counts: Counter[str] = Counter()

    def add_mailbox(self, address: str, name: str = "", speaks: str = "graph") -> Mailbox:
        """A new mailbox with the usual collections, for the front of Graph or of EWS."""
        with self.lock:
            mailbox = self.mailboxes[address.lower()] = Mailbox(self, address, name or address, speaks)
            self.directory.add_person(address, name)
            return mailbox

    def mailbox(self, address: str) -> Mailbox:
        """Whatever case the address has."""
        if address.lower() not in self.mailboxes:
            raise NotThere(address)
        return self.mailboxes[address.lower()]

    def number(self, of: str = "") -> int:
        """The next number of this row."""
        with self.lock:
            self._counts[of] += 1
            return self._counts[of]

    def send(self, sender: str, recipients: list[str], kind: str, subject: str, raw: bytes = b"") -> None:
        """Note a mail; nobody gets it. `raw`: of a whole one, which post.py carries to the mailboxes of this server."""
        could_mail(f"{kind} from {sender} to {recipients}: {subject}", answer=bool(raw))
        with self.lock:
            self.outbox.append(Mail(sender, recipients, kind, subject, raw))

    def hold_meeting(self, organizer: str, attendees: list[str], fields: Mapping[str, Any]) -> list[Item]:
        """A meeting that is in all these mailboxes already: one uid, own ids, and the organiser's copy first."""
        with self.lock:
            uid = f"040000008200E00074C5B7101A82E008{self.number():016X}"
            people = [{"emailAddress": {"address": who, "name": who}, "type": "required"} for who in attendees]
            shared = {"organizer": {"emailAddress": {"address": organizer, "name": organizer}}, "attendees": people}
            copies = []
            for who in [organizer, *attendees]:
                own = {**fields, **copy.deepcopy(shared), "isOrganizer": who == organizer}
                mailbox = self.mailbox(who)
                copies.append(mailbox.create(mailbox.well_known("calendar").id, own, uid=uid))
            return copies


class Mailbox:
    """One person's (or a shared, or a room's) collections and items."""

    def __init__(self, server: Exchange, address: str, name: str, speaks: str = "graph") -> None:
        self.server, self.address, self.name, self.speaks = server, address, name, speaks
        self.collections: dict[str, Collection] = {}
        self.items: dict[str, Item] = {}
        self.deleted: dict[str, Item] = {}
        self.folder_log: list[Change] = []  # of collections that came, were renamed, went
        self.categories: list[Fields] = []  # displayName, color
        self.seq = 0
        for kind, known, title in (
            (CONTACTS, "contacts", "Contacts"),
            (CALENDAR, "calendar", "Calendar"),
            (TASKS, "tasks", "Tasks"),
            *[(MAIL, name.replace(" ", "").lower(), name) for name in MAIL_FOLDERS],
        ):
            self.add_collection(kind, title, well_known=known)

    # collections

    def add_collection(self, kind: str, name: str, parent: str = "", well_known: str = "") -> Collection:
        """A new, empty one."""
        with self.server.lock:
            made = Collection(f"AQMk{spelled(self.server.number())}=", kind, name, parent, well_known)
            self.collections[made.id] = made
            self._note(self.folder_log, made.id, "create")
            return made

    def rename_collection(self, key: str, name: str) -> None:
        """Give it another name."""
        with self.server.lock:
            self.collection(key).name = name
            self._note(self.folder_log, self.collection(key).id, "update")

    def remove_collection(self, key: str) -> None:
        """With all that is in it."""
        with self.server.lock:
            gone = self.collection(key)
            for item in list(self.in_collection(gone.id)):
                self.delete(item.id)
            del self.collections[gone.id]
            self._note(self.folder_log, gone.id, "delete")

    def collection(self, key: str) -> Collection:
        """By id or by well-known name."""
        found = self.collections.get(key) or next(
            (c for c in self.collections.values() if c.well_known and c.well_known == key.lower()), None
        )
        if found is None:
            raise NotThere(key)
        return found

    def well_known(self, name: str) -> Collection:
        """The collection that every mailbox has under this name."""
        return self.collection(name)

    def of_kind(self, kind: str) -> list[Collection]:
        """In the order they were made."""
        with self.server.lock:
            return [c for c in self.collections.values() if c.kind == kind]

    # items

    def in_collection(self, key: str) -> Iterator[Item]:
        """In the order they were made."""
        with self.server.lock:
            where = self.collection(key).id
            return iter([item for item in self.items.values() if item.collection == where])

    def find(self, item_id: str) -> Item:
        """By either kind of id; ids are case-sensitive."""
        with self.server.lock:
            found = self.items.get(item_id) or next((i for i in self.items.values() if i.folder_id == item_id), None)
            if found is None:
                raise NotThere(item_id)
            return found

    def create(
        self,
        collection: str,
        fields: Mapping[str, Any],
        *,
        uid: str = "",
        transaction: str = "",
        extended: Mapping[str, str] | None = None,
    ) -> Item:
        """A new item; whether a known transaction is an answer or an error, the front decides (`by_transaction`)."""
        with self.server.lock:
            where, number, now = self.collection(collection), self.server.number("items"), self.server.clock()
            item = Item(
                id=long_id("AAkA", number),
                folder_id=long_id("AAMk", number, self.server.number()),
                collection=where.id,
                kind=where.kind,
                fields=without_nothing(fields),
                change_key=self._key(),
                created=now,
                modified=now,
                number=number,
                uid=uid or f"040000008200E00074C5B7101A82E008{number:016X}",
                transaction=transaction,
                extended=dict(extended or {}),
            )
            self.items[item.id] = item
            self._note(where.log, item.id, "create", fields)
            return item

    def by_transaction(self, collection: str, transaction: str) -> Item | None:
        """What an earlier request with this id made."""
        return next((i for i in self.in_collection(collection) if transaction and i.transaction == transaction), None)

    def update(
        self,
        item_id: str,
        fields: Mapping[str, Any],
        *,
        if_key: str | None = None,
        extended: Mapping[str, str] | None = None,
    ) -> Item:
        """Replace these fields whole, None clears; Stale if `if_key` is given and old."""
        with self.server.lock:
            item = self._guarded(item_id, if_key)
            item.fields = without_nothing({**item.fields, **copy.deepcopy(dict(fields))})
            item.extended.update(extended or {})
            return self._written(item, fields)

    def touch(self, item_id: str) -> Item:
        """The server changes the change key for reasons of its own."""
        with self.server.lock:
            return self._written(self.find(item_id), {})

    def set_photo(self, item_id: str, photo: bytes | None, silently: bool = True) -> Item:
        """A photo often does not show in the log; the change key changes all the same."""
        with self.server.lock:
            item = self.find(item_id)
            item.photo = photo
            if silently:
                item.change_key = self._key()
                return item
            return self._written(item, {"photo": None})

    def delete(self, item_id: str, *, if_key: str | None = None) -> Item:
        """Keep it in `deleted`."""
        with self.server.lock:
            item = self._guarded(item_id, if_key)
            del self.items[item.id]
            self.deleted[item.id] = item
            self._note(self.collection(item.collection).log, item.id, "delete")
            if self.server.bin:
                item.collection, item.change_key = "AQMkDeletedItems=", self._key()
            return item

    def binned(self, item_id: str) -> Item | None:
        """What lies in Deleted Items."""
        return self.deleted.get(item_id) if self.server.bin else None

    def move(self, item_id: str, collection: str) -> Item:
        """To another collection: gone in one log, new in the other, and a new `folder_id`."""
        with self.server.lock:
            item = self.find(item_id)
            self._note(self.collection(item.collection).log, item.id, "delete")
            item.collection = self.collection(collection).id
            item.folder_id = long_id("AAMk", self.server.number(), self.server.number())
            item.change_key = self._key()
            self._note(self.collection(collection).log, item.id, "create", item.fields)
            return item

    # occurrences of a series, by the day on which they would be

    def change_occurrence(self, item_id: str, day: str, fields: Mapping[str, Any]) -> Item:
        """Make or change an exception."""
        with self.server.lock:
            item = self.find(item_id)
            if day in item.cancelled:
                raise NotThere(f"{item_id} {day}")
            item.exceptions[day] = {**item.exceptions.get(day, {}), **copy.deepcopy(dict(fields))}
            return self._written(item, fields)

    def cancel_occurrence(self, item_id: str, day: str) -> Item:
        """Delete one occurrence; NotThere for the second time."""
        with self.server.lock:
            item = self.find(item_id)
            if day in item.cancelled:
                raise NotThere(f"{item_id} {day}")
            item.cancelled.add(day)
            item.exceptions.pop(day, None)
            return self._written(item, {"cancelledOccurrences": None})

    # the log

    def changes(self, collection: str, after: int, upto: int | None = None) -> list[Change]:
        """The last change of each item in (after, upto], oldest first; upto: what can be seen by now (the lag)."""
        with self.server.lock:
            log = self.collection(collection).log
            return last_of_each(log, after, self.visible(log) if upto is None else upto)

    def folder_changes(self, after: int) -> list[Change]:
        """The same of the collections."""
        with self.server.lock:
            return last_of_each(self.folder_log, after, self.visible(self.folder_log))

    def newest(self, collection: str) -> int:
        """The number of the last change that can be seen; 0 if there is none."""
        with self.server.lock:
            return self.visible(self.collection(collection).log)

    def visible(self, log: list[Change]) -> int:
        """The last number that the lag lets through."""
        until = self.server.clock() - self.server.lag
        return next((change.seq for change in reversed(log) if change.at <= until), 0)

    # inside

    def _guarded(self, item_id: str, if_key: str | None) -> Item:
        item = self.find(item_id)
        if if_key is not None and if_key != item.change_key:
            raise Stale(item.change_key)
        return item

    def _written(self, item: Item, fields: Mapping[str, Any]) -> Item:
        item.change_key, item.modified = self._key(), self.server.clock()
        self._note(self.collection(item.collection).log, item.id, "update", fields)
        return item

    def _note(self, log: list[Change], key: str, verb: str, names: Mapping[str, Any] | None = None) -> None:
        self.seq += 1
        item = self.items.get(key) or self.deleted.get(key)
        known = item.folder_id if item else ""
        log.append(Change(self.seq, key, verb, self.server.clock(), frozenset(names or {}), known))

    def _key(self) -> str:
        return f"EQAAABYAAA{spelled(self.server.number())}"
