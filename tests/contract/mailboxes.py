"""Mailboxes of a system like Exchange: it gives its own UIDs, carries invitations, and lets guests change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors.memory import Account, MemoryConnector
from sync_engine.dry_run import rehearse
from sync_engine.item import Item
from sync_engine.meetings import with_own_fields
from sync_engine.model import CalendarUser, Event, EventDetails
from sync_engine.ports import Cursor, KnownVersions, Page, RemoteRef
from tests import samples
from tests.world import Side, World

STRANGER = "chair@example.net"  # organises meetings, and has no mailbox of ours


def address(name: str) -> str:
    """Of the owner of a mailbox."""
    return f"{name}@example.org"


def plain(uid: str, summary: str) -> Item:
    """An appointment with nobody else."""
    lines = samples.event(uid, summary).text.split("\r\n")
    return Item.read("\r\n".join(line for line in lines if not line.startswith("ATTENDEE")))


def details(item: Item) -> EventDetails:
    """The master of an event."""
    assert isinstance(item.record, Event)
    assert item.record.master is not None
    return item.record.master


def changed(item: Item, **fields: Any) -> Item:
    """An event with other values."""
    assert isinstance(item.record, Event)
    return Item.read(Item.of(replace(item.record, master=replace(details(item), **fields))).text)


def with_reminder(item: Item, minutes: int) -> Item:
    """The same item with another reminder."""
    return Item.read(item.text.replace("TRIGGER:-PT10M", f"TRIGGER:-PT{minutes}M"))


def reminder(item: Item) -> str:
    """When it rings."""
    return "".join(line.value for alarm in details(item).alarms for line in alarm.lines if line.name == "TRIGGER")


def meeting(item: Item, organizer: str, guests: Sequence[str]) -> Item:
    """An appointment as a meeting."""
    people = tuple(CalendarUser(f"mailto:{guest}", (("PARTSTAT", ("NEEDS-ACTION",)),)) for guest in guests)
    return changed(item, organizer=CalendarUser(f"mailto:{organizer}"), attendees=people)


class Backwards(MemoryConnector):
    """Tells everything in the other order."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        pages = list(super().changes(collection, since, known))
        told = [change for page in pages for change in page.changes][::-1]
        for change in told:
            yield Page([change], None)
        yield from (replace(page, changes=()) for page in pages[-1:])


class Counting(MemoryConnector):
    """Knows what was written through it."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.writes: list[str] = []

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        self.writes.append("create")
        return super().create(collection, item, key)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        self.writes.append("update")
        return super().update(collection, ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        self.writes.append("delete")
        super().delete(collection, ref)


@dataclass
class Office:
    """A world with mailboxes, all bound to the hub's one calendar, and a DAV account."""

    world: World
    dav: Side

    @classmethod
    def new(cls, folder: Path, *names: str, dav: bool = True) -> Office:
        world = World.new(folder)
        office = cls(world, world.bind("dav") if dav else None)  # type: ignore[arg-type]
        for name in names:
            office.open(name)
        return office

    def open(self, name: str, account: Account | None = None) -> Side:
        """A mailbox and its binding."""
        account = account or Account()
        account.unkind.own_uids, account.unkind.owner = True, address(name)
        side = self.world.bind(name, account=account)
        side.connector = Counting(account)
        return side

    def __getitem__(self, name: str) -> Side:
        return self.world.sides[name]

    def id_of(self, name: str, summary: str) -> str:
        """Of the one item with this title in a mailbox."""
        (found,) = (i for i, item in self.held(name).items() if details(item).summary == summary)
        return found

    def held(self, name: str) -> dict[str, Item]:
        """What a mailbox holds, by id."""
        return self[name].account.items(self[name].collection)

    def copy(self, name: str, summary: str) -> Item:
        """The one item with this title in a mailbox."""
        return self.held(name)[self.id_of(name, summary)]

    def edit(self, name: str, summary: str, /, **fields: Any) -> None:
        """The owner of a mailbox changes an item."""
        remote_id = self.id_of(name, summary)
        self[name].account.put(self[name].collection, remote_id, changed(self.held(name)[remote_id], **fields))

    def remind(self, name: str, summary: str, minutes: int) -> None:
        """The owner of a mailbox wants to be reminded at another time."""
        remote_id = self.id_of(name, summary)
        item = self.held(name)[remote_id]
        text = item.text.replace(f"TRIGGER:{reminder(item)}", f"TRIGGER:-PT{minutes}M")
        self[name].account.put(self[name].collection, remote_id, Item.read(text))

    def write(self, name: str, item: Item) -> str:
        """The owner of a mailbox makes an appointment; gives its id."""
        return self[name].account.make(self[name].collection, item)

    def remove(self, name: str, summary: str) -> None:
        """The owner of a mailbox deletes an item."""
        self[name].account.remove(self[name].collection, self.id_of(name, summary))

    # ------------------------------------------------------------ what the system carries between mailboxes

    def invite(self, name: str, summary: str, *guests: str) -> None:
        """An appointment becomes a meeting, and the invitations arrive."""
        remote_id = self.id_of(name, summary)
        item = meeting(self.held(name)[remote_id], address(name), [address(guest) for guest in guests])
        self[name].account.put(self[name].collection, remote_id, item)
        self.deliver(item, *guests)

    def deliver(self, item: Item, *guests: str, reminders: Sequence[int] = ()) -> None:
        """An invitation or its update arrives: each keeps what is his own."""
        for n, guest in enumerate(guests):
            side, uid = self[guest], item.uid
            there = [(i, k) for i, k in self.held(guest).items() if k.uid == uid]
            mine = with_reminder(item, reminders[n]) if reminders else changed(item, categories=(f"of {guest}",))
            if there:
                record = with_own_fields(item.record, there[0][1].record)
                mine = Item.read(Item.of(record).text)
            side.account.put(side.collection, there[0][0] if there else f"{side.collection}{uid} at {guest}", mine)

    def again(self, item: Item, guest: str) -> None:
        """An invitation arrives once more, as another item."""
        side = self[guest]
        side.account.put(side.collection, f"{side.collection}{item.uid} again", item)

    def external(self, summary: str, *guests: str, reminders: Sequence[int] = ()) -> Item:
        """Somebody whom we do not know invites."""
        item = meeting(plain("external-1", summary), STRANGER, [address(guest) for guest in guests])
        self.deliver(item, *guests, reminders=reminders)
        return item

    # ------------------------------------------------------------ what is seen

    def titles(self) -> list[str]:
        """Of all events in the hub."""
        return sorted(details(item).summary for item in self.world.hub().values())

    def hub(self, summary: str) -> EventDetails:
        """The one event of the hub with this title."""
        (found,) = (item for item in self.world.hub().values() if details(item).summary == summary)
        return details(found)

    def uid(self, summary: str) -> str:
        """Of the one event of the hub with this title."""
        (found,) = (uid for uid, item in self.world.hub().items() if details(item).summary == summary)
        return found

    def writes(self) -> dict[str, list[str]]:
        """Since the last time this was asked, by mailbox."""
        found = {name: s.connector.writes for name, s in self.world.sides.items() if isinstance(s.connector, Counting)}
        for name in found:
            self[name].connector.writes = []
        return {name: writes for name, writes in found.items() if writes}


def hub_to_mailbox(folder: Path, *names: str) -> Office:
    """What a phone makes is in the mailboxes, under their own UIDs."""
    office = Office.new(folder, *names)
    office.world.phone_put(plain("U", "Lunch"))
    office.world.settle()
    office.writes()
    return office


def texts(items: dict[str, Item]) -> dict[str, str]:
    """By name."""
    return {name: item.text for name, item in items.items()}


def summaries(office: Office, name: str) -> list[str]:
    """Of all that a mailbox holds."""
    return sorted(details(item).summary for item in office.held(name).values())


def rehearsed(office: Office, name: str) -> list[tuple[str, str, str]]:
    """What the next cycle would do."""
    return [(a.side, a.operation, a.title) for a in rehearse(office.world.context(name))]
