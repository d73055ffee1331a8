"""A help desk: a store with users, a contact and the usual catalogue; what people do to requests there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from crm.actions import BUILTIN
from crm.actor import INTAKE, Actor
from crm.request import catalogue
from crm.request.model import NewRequest, Request
from crm.request.opening import open_request
from crm.settings import CrmSettings
from storage import tables as t
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SETTINGS = CrmSettings(web_url="https://hub.example", reopen_days=30)
EVA = "eva@customer.example"


class Clock:
    """Stands still until a test moves it on."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **time: float) -> None:
        self.time += timedelta(**time)


@dataclass
class Desk:
    """Users: ada (1), bob (2, of the same group), cleo (3, of none), dan (4, blocked). Contact 1 is Eva."""

    database: Database
    clock: Clock
    settings: CrmSettings = SETTINGS
    ada: Actor = field(default_factory=lambda: person("ada", 1, "supervisor", groups=frozenset({1})))
    bob: Actor = field(default_factory=lambda: person("bob", 2, "operator", groups=frozenset({1})))
    cleo: Actor = field(default_factory=lambda: person("cleo", 3, "operator"))
    eva: Actor = field(default_factory=lambda: person("eva", 5, "client", address=EVA))

    def open(self, subject: str = "Broken lamp", actor: Actor = INTAKE, **more: Any) -> Request:
        told = {"customer_id": 1, "customer_address": EVA, **more}
        with self.database.begin() as unit:
            return open_request(unit, self.settings, actor, NewRequest(subject=subject, **told))

    def status(self, meaning: str) -> int:
        with self.database.read() as unit:
            return next(entry.id for entry in catalogue.all_statuses(unit) if entry.meaning == meaning)

    def mail(self, request: int, text: str, *, key: str, **more: Any) -> int:
        """A message's row, as the intake writes it."""
        with self.database.begin() as unit:
            return message(unit, request, text, key=key, **more)


def person(name: str, number: int, role: str, *, address: str = "", groups: frozenset[int] = frozenset()) -> Actor:
    """A user with one of the roles that are always there."""
    return Actor(name, number, address, groups, BUILTIN[role])


def message(unit: SqlUnitOfWork, request: int | None, text: str, *, key: str, **more: Any) -> int:
    """A mail of a request."""
    now = unit.session.now()
    row = {"key": key, "request_id": request, "direction": "in", "text": text, "received_at": now, "created_at": now}
    key_of = unit.session.connection.execute(insert(t.messages).values(**(row | more))).inserted_primary_key
    assert key_of is not None
    return int(key_of[0])


@contextmanager
def desk_in(url: str) -> Iterator[Desk]:
    """Fill an empty store."""
    clock = Clock()
    database = Database(url, clock=clock)
    try:
        with database.begin() as unit:
            _people(unit)
            contact(unit, 1, "Eva Rossi", EVA, "eva@home.example")
            catalogue.seed(unit)
        yield Desk(database, clock)
    finally:
        database.dispose()


def _people(unit: SqlUnitOfWork) -> None:
    run = unit.session.connection.execute
    names = ("ada", "bob", "cleo", "dan", "eva")
    run(insert(t.users), [{"name": n, "blocked": n == "dan", "created_at": START} for n in names])
    run(insert(t.groups), [{"name": "Support"}])
    run(insert(t.group_members), [{"group_id": 1, "user_id": 1}, {"group_id": 1, "user_id": 2}])
    shelf = {"slug": "contacts", "name": "Contacts", "kinds": "contact", "epoch": "e", "created_at": START}
    run(insert(t.collections), [shelf])


def contact(unit: SqlUnitOfWork, number: int, name: str, *addresses: str) -> None:
    """A contact of the company, as far as requests look at it."""
    run = unit.session.connection.execute
    item = {"collection_id": 1, "kind": "contact", "uid": f"c{number}", "href": f"c{number}", "etag": "e", "size": 1}
    run(insert(t.items), [{**item, "revision_id": 1, "seq": number, "created_at": START, "changed_at": START}])
    words = dict.fromkeys(("family_name", "given_name", "organization", "title", "birthday", "categories", "note"), "")
    run(insert(t.contacts), [{"item_id": number, "full_name": name, "has_photo": False, **words}])
    run(insert(t.contact_emails), [{"item_id": number, "address": a, "types": ""} for a in addresses])
