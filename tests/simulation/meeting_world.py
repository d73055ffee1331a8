"""Mailboxes of a system like Exchange over the store in memory: what people and the mail system do to meetings.

Ada, Bob and Eve have mailboxes that are bound to the hub's one calendar, as is a DAV account; a phone is at the hub.
Tokens tell whose a value is: `a1` Ada's, `b2` Bob's own, `s3` a stranger's, `p4` the phone's.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from connectors.memory import Account, MemoryConnector
from storage.errors import StoreError
from sync_engine.context import Cycle
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError, SuspectListing
from sync_engine.item import Item
from sync_engine.meetings import with_own_fields
from sync_engine.model import CalendarUser, Component, ContentLine, Event, EventDetails
from sync_engine.ports import Connector, HubItem, Origin, Policy
from tests.faults import Crash, Fault, FaultyConnector, Script
from tests.simulation.memory_state import LONG_AGO
from tests.simulation.memory_store import MemoryStore
from tests.simulation.samples import event

NAMES = ("ada", "bob", "eve")
PHONE = Origin("user ada, device phone")
STRANGER = "mailto:chair@example.net"
POLICY = Policy(brake_count=100)
_FAULTS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.UNAVAILABLE)


def details(item: Item) -> EventDetails:
    """The master of an event."""
    assert isinstance(item.record, Event)
    assert item.record.master is not None
    return item.record.master


def changed(item: Item, **fields: Any) -> Item:
    """With other values."""
    assert isinstance(item.record, Event)
    return Item.read(Item.of(replace(item.record, master=replace(details(item), **fields))).text)


def alarm(token: str) -> tuple[Component, ...]:
    """A reminder with somebody's words."""
    lines = (("ACTION", "DISPLAY"), ("DESCRIPTION", token), ("TRIGGER", "-PT5M"))
    return (Component("VALARM", tuple(ContentLine(name, value) for name, value in lines)),)


@dataclass
class Meetings:
    """The hub, the mailboxes, and the mail that is on its way."""

    chance: Random
    store: MemoryStore = field(init=False)
    now: datetime = LONG_AGO
    accounts: dict[str, Account] = field(default_factory=dict)
    bindings: dict[str, int] = field(default_factory=dict)
    mail: dict[str, deque[Item]] = field(default_factory=dict)  # invitations and updates for each guest, in order
    strangers: dict[str, Item] = field(default_factory=dict)  # meetings of a stranger, by UID
    refused: set[str] = field(default_factory=set)  # titles of what a phone changed, deleted, or copied: anything goes
    cancelled: set[str] = field(default_factory=set)  # titles
    left: set[tuple[str, str]] = field(default_factory=set)  # guest and title: took it away, and was not invited since
    collection: int = 0
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)
        self.collection = self.store.add_collection()
        for name in (*NAMES, "dav"):
            account = Account()
            account.add_collection("work")
            if name != "dav":
                account.unkind.own_uids, account.unkind.owner = True, f"{name}@example.org"
                account.unkind.quiet_writes = self.chance.random() < 0.2
            account.unkind.page_size = self.chance.choice((1, 2, 100))
            self.accounts[name] = account
            self.bindings[name] = self.store.bind(name, self.collection, "/work/")
            self.mail[name] = deque()

    def clock(self) -> datetime:
        """A second later each time."""
        self.now += timedelta(seconds=1)
        return self.now

    def token(self, whose: str) -> str:
        """A value that is never used again."""
        return f"{whose}{next(self.numbers)}"

    # ------------------------------------------------------------ looking

    def there(self, name: str) -> dict[str, Item]:
        """What a mailbox holds."""
        return self.accounts[name].items("/work/")

    def hub(self) -> list[tuple[HubItem, Item]]:
        """What lives in the hub."""
        state = self.store.state
        live = [i for i in state.items.values() if not i.deleted]
        return [(i, Item.stored(i.kind, i.uid, state.revisions[i.revision_id].text)) for i in live]

    def pick(self, name: str) -> str | None:
        """One of the items in a mailbox."""
        found = sorted(self.there(name))
        return self.chance.choice(found) if found else None

    def new_at(self, name: str, remote_id: str) -> bool:
        """Whether the hub has not seen this item of a mailbox."""
        number = self.bindings[name]
        return all(k.binding_id != number or k.remote_id != remote_id for k in self.store.state.links.values())

    # ------------------------------------------------------------ the mail system

    def send(self, item: Item) -> None:
        """To all who are invited."""
        for name in NAMES:
            if f"mailto:{name}@example.org" in {user.address for user in details(item).attendees}:
                self.mail[name].append(item)

    def deliver(self, name: str) -> None:
        """The oldest mail arrives: what is each guest's own stays."""
        if not self.mail[name]:
            return
        item = self.mail[name].popleft()
        here = [(i, k) for i, k in self.there(name).items() if k.uid == item.uid]
        title, account = details(item).summary, self.accounts[name]
        if here:
            account.put("/work/", here[0][0], Item.read(Item.of(with_own_fields(item.record, here[0][1].record)).text))
        elif details(item).status != "CANCELLED":
            self.left.discard((name, title))
            mine = changed(item, alarms=alarm(self.token(name[0])), categories=(self.token(name[0]),))
            account.put("/work/", f"/work/{name} {next(self.numbers)}", mine)

    # ------------------------------------------------------------ cycles

    def cycle(self, name: str, *, calm: bool = False) -> None:
        """One, in which a call may fail."""
        connector: Connector = MemoryConnector(self.accounts[name])
        if not calm and self.chance.random() < 0.4:
            script = Script(self.chance.choice(_FAULTS), self.chance.randrange(5))
            connector = FaultyConnector(self.accounts[name], script)
        key = lambda: f"key-{next(self.numbers)}"  # noqa: E731
        origin = Origin(f"account {name}")
        try:
            run_cycle(Cycle(self.store, connector, self.bindings[name], POLICY, self.clock, key, origin))
        except Crash:
            self.store._writing = False
        except SuspectListing:  # nothing where something was, which nobody believes (SYNC.md R01): she makes something
            self.accounts[name].make("/work/", new_event(self.token("Z"), "z"))
        except (AccountError, StoreError):
            if calm:
                raise

    def relink(self, name: str) -> None:
        """Unbound and bound again."""
        self.store.unbind(self.bindings[name])
        self.bindings[name] = self.store.bind(name, self.collection, "/work/")


def new_event(title: str, location: str) -> Item:
    """An appointment of one hour."""
    return event("new", title, location)


def invited(item: Item, organizer: str, guests: list[str]) -> Item:
    """As a meeting."""
    people = tuple(CalendarUser(f"mailto:{guest}@example.org") for guest in guests)
    return changed(item, organizer=CalendarUser(organizer), attendees=people)
