"""Whose request it is (REQUESTS.md 4, 5): a contact with the sender's address, or a provisional one, or nobody yet.

From is no proof of who wrote: it finds a contact, and never changes one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from crm.mail.model import Mail, Party
from crm.settings import CrmSettings
from storage.admin_config import ensure_collection
from storage.crm.customers import CustomerRow, colleague_at, customers_at
from storage.limits import cut
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.model import Contact, Labelled, Name
from sync_engine.ports import Origin

KNOWN, PROVISIONAL, UNKNOWN = "known", "provisional", "unknown"
CATEGORY = "Provisional"  # of a contact that was made of a mail, until somebody takes it away
_LONGEST_NAME = 200
_ORIGIN = Origin("intake")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a mail, as far as it says so."""

    party: Party  # Party("") where it is not exactly one address
    forwarded_by: str = ""  # the colleague who passed it on
    colleague_id: int | None = None  # users.id of who sent it, where that is one of us


@dataclass(frozen=True, slots=True)
class Customer:
    """As it goes into a request."""

    id: int | None
    state: str
    name: str
    address: str
    categories: tuple[str, ...] = ()
    others: int = 0  # how many more contacts have this address


def writer_of(unit: SqlUnitOfWork, settings: CrmSettings, mail: Mail) -> Writer:
    """The sender; of what a colleague passed on the original one; of a form that our own site sends who it is for.

    Nobody is a colleague where our own mail server says that From is not true.
    """
    colleague = None if mail.forged else colleague_at(unit.session.connection, mail.sender.address)
    if mail.forwarded and mail.original is not None and mail.original.sender.address and colleague is not None:
        return Writer(mail.original.sender, mail.sender.address, colleague)
    if mail.sender.address in settings.own_addresses:
        others = [party for party in mail.reply_to if party.address and party.address not in settings.own_addresses]
        return Writer(others[0] if len(others) == 1 else mail.sender)
    return Writer(mail.sender, colleague_id=colleague)


def customer_of(unit: SqlUnitOfWork, settings: CrmSettings, party: Party) -> Customer:
    """What the address books of the company say."""
    if not party.address or party.address in settings.own_addresses:
        return Customer(None, UNKNOWN, party.name, party.address)
    found = customers_at(unit.session.connection, party.address, settings.contacts)
    return _customer(party, found) if found else Customer(None, UNKNOWN, party.name or party.address, party.address)


def provisional(unit: SqlUnitOfWork, settings: CrmSettings, customer: Customer) -> Customer:
    """A contact for somebody who has none; the one that another mail made meanwhile, if there is one."""
    return with_contact(unit, settings, customer, _ORIGIN, (CATEGORY,))


def with_contact(
    unit: SqlUnitOfWork, settings: CrmSettings, customer: Customer, origin: Origin, categories: tuple[str, ...] = ()
) -> Customer:
    """The same; a contact that is made has these categories."""
    now = unit.session.now()
    book = ensure_collection(unit.session.connection, settings.contacts, ("contact",), "", now)
    unit.lock_collection(book)
    unit.flush()
    party = Party(customer.address, customer.name)
    if found := customers_at(unit.session.connection, party.address, settings.contacts):
        return _customer(party, found)
    made = unit.create_item(book, Item.of(_card(party, categories)), origin)
    state = PROVISIONAL if CATEGORY in categories else KNOWN
    return Customer(made.id, state, party.name, party.address, categories)


def _customer(party: Party, found: list[CustomerRow]) -> Customer:
    first = found[0]
    state = PROVISIONAL if CATEGORY in first.categories else KNOWN
    name = first.full_name or first.organization or party.name
    return Customer(first.item_id, state, name, party.address, first.categories, len(found) - 1)


def _card(party: Party, categories: tuple[str, ...]) -> Contact:
    name = cut(party.name, _LONGEST_NAME) if party.name != party.address else ""
    given, _space, family = name.strip().rpartition(" ")
    return Contact(
        uid=str(uuid.uuid4()),
        full_name=name or party.address,
        name=Name(family=(family,), given=(given,)) if name else Name(),
        emails=(Labelled(party.address, types=("internet",)),),
        categories=categories,
    )
