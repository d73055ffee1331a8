"""An intake with its store: mails go in, and what became of them is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, select

from connectors.mail import After
from crm.actor import INTAKE
from crm.answer.model import Outgoing
from crm.answer.outbox import put
from crm.intake.aside import take_or_keep
from crm.intake.model import Delivered, Taken
from crm.intake.reader import Reader, Reading
from crm.mail.model import Party
from crm.request.history import history
from crm.request.model import Happening, Request
from crm.request.reading import request
from crm.rules import keeping
from crm.settings import CrmSettings, Mailbox
from storage import tables as t
from storage.admin_config import ensure_collection
from storage.database import Database
from sync_engine.item import Item
from sync_engine.model import Contact, Labelled
from sync_engine.ports import Origin
from tests.mails_here import SUPPORT, WRITTEN
from tests.servers.mail_folder import MailFolders

STARTED = WRITTEN - timedelta(days=30)
ARRIVED = WRITTEN + timedelta(minutes=5)
SALES = "sales@example.org"


@dataclass
class Clock:
    """A second later each time; may be turned on."""

    time: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def settings(**more: Any) -> CrmSettings:
    """Two mailboxes that acknowledge."""
    boxes = {
        name: Mailbox(name, address, acknowledge=True) for name, address in (("support", SUPPORT), ("sales", SALES))
    }
    own = frozenset({SUPPORT, SALES})
    return CrmSettings(**{"mailboxes": boxes, "own_addresses": own, "signing_key": b"k" * 32} | more)


@dataclass
class Intake:
    """Where tests put mails in."""

    database: Database
    clock: Clock
    settings: CrmSettings = field(default_factory=settings)
    number: int = 0

    def take(self, raw: bytes, mailbox: str = "support", **more: Any) -> Taken:
        """A mail comes, not backlog unless it is said so."""
        self.number += 1
        values = {"folder": "INBOX", "remote_id": f"1/{self.number}", "arrived_at": ARRIVED, "started_at": STARTED}
        return take_or_keep(self.database, self.settings, Delivered(mailbox=mailbox, raw=raw, **{**values, **more}))

    def reader(self, folders: MailFolders, mailbox: str = "support", **more: Any) -> Reader:
        """Of a mailbox in a folder; mails get a keyword."""
        after = more.pop("after", After(keyword="AgendaHub"))
        return Reader(self.database, self.settings, folders, Reading(mailbox, ("INBOX",), after), **more)

    def change(self, **more: Any) -> None:
        """Other settings from now on."""
        self.settings = replace(self.settings, **more)

    # ---------------------------------------------------------------- what is there

    def rows(self, table: Table, **where: Any) -> list[Any]:
        """All rows with these values, by id."""
        wanted = [table.c[name] == value for name, value in where.items()]
        order = list(table.primary_key.columns)
        with self.database.read() as unit:
            return list(unit.session.connection.execute(select(table).where(*wanted).order_by(*order)))

    def count(self, table: Table) -> int:
        with self.database.read() as unit:
            return int(unit.session.connection.execute(select(func.count()).select_from(table)).scalar_one())

    def request(self, taken: Taken) -> Request:
        assert taken.request_id is not None, taken
        with self.database.read() as unit:
            return request(unit, INTAKE, taken.request_id)

    def history(self, taken: Taken) -> list[Happening]:
        assert taken.request_id is not None, taken
        with self.database.read() as unit:
            return list(history(unit, INTAKE, taken.request_id))

    def exactly_once(self) -> Counter[str]:
        """Subjects of all messages that came in; each has one request, one key and its octets."""
        found = self.rows(t.messages, direction="in")
        assert len({row.key for row in found}) == len(found)
        raws = {row.digest for row in self.rows(t.mail_raws)}
        assert all(row.raw_digest in raws for row in found)
        return Counter(row.subject for row in found)

    # ---------------------------------------------------------------- what is done meanwhile

    def answer(self, taken: Taken, to: str = "eva@customer.example") -> str:
        """We answer; gives the Message-ID of our mail."""
        assert taken.request_id is not None
        mail = Outgoing(
            taken.request_id, "support", (Party(to),), "Re: it", "Is it switched on?", answers=taken.message_id
        )
        with self.database.begin() as unit:
            number = put(unit, self.settings, mail)
        [row] = self.rows(t.messages, id=number)
        return str(row.message_id)

    def add_contact(self, address: str, name: str, *, book: str = "Contacts", owner: str = "") -> int:
        with self.database.begin() as unit:
            shelf = ensure_collection(unit.session.connection, book, ("contact",), owner, unit.session.now())
            card = Contact(uid=f"{name} {address} {owner}", full_name=name, emails=(Labelled(address),))
            return unit.create_item(shelf, Item.of(card), Origin("test")).id

    def add_user(self, name: str, address: str) -> int:
        row = {"name": name, "address": address, "created_at": self.clock()}
        with self.database.begin() as unit:
            return int(unit.session.connection.execute(t.users.insert().returning(t.users.c.id), row).scalar_one())

    def add_rule(self, **form: Any) -> None:
        with self.database.begin() as unit:
            keeping.add(unit, form, "ada")


@contextmanager
def intake_in(url: str) -> Iterator[Intake]:
    """On a database with our tables and nothing in them."""
    clock = Clock()
    database = Database(url, clock=clock)
    try:
        yield Intake(database, clock)
    finally:
        database.dispose()
