"""The customer of a request: chosen among the company's contacts, or a new one, made of who wrote."""

from __future__ import annotations

from crm.actor import Actor
from crm.errors import Invalid, Missing, NotThere
from crm.intake.customers import KNOWN, UNKNOWN, Customer, with_contact
from crm.request import changing, gate, references
from crm.request.history import note
from crm.request.model import Request
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm.customer_search import CustomerFound, find_customers, one_customer
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import Origin

MOST_WORDS = 6


def find(unit: SqlUnitOfWork, actor: Actor, text: str, *, limit: int = 20) -> list[CustomerFound]:
    """By words of name, organisation or mail address, all of which must stand there. Raises `Invalid` for none."""
    authorise(actor, "customer.read")
    words = text.split()[:MOST_WORDS]
    if not words:
        raise Invalid("Say a part of the customer's name, organisation or address.")
    return find_customers(unit.session.connection, words, limit)


def customer(unit: SqlUnitOfWork, actor: Actor, item_id: int) -> CustomerFound:
    """One. Raises `NotThere`."""
    authorise(actor, "customer.read")
    found = one_customer(unit.session.connection, item_id)
    if found is None:
        raise NotThere("There is no such contact.")
    return found


def tie(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    request_id: int,
    version: int,
    *,
    name: str = "",
    customer_id: int | None = None,
) -> Request:
    """Say whose a request is. Without `customer_id` its sender's, who gets a contact where he has none (with `name`).

    A person says so: the state is known. Raises `Stale`, `Invalid` for no such contact or an address of our own, and
    `Missing` where no sender's address is known.
    """
    row = gate.taken(unit, actor, "request.change", request_id, version)
    if customer_id is not None and name.strip():
        raise Invalid("The name is that of a contact which is made; send it without customer_id.")
    if customer_id is None:
        customer_id = row["customer_id"] if references.is_customer(unit, row["customer_id"]) else None
    if customer_id is None:
        customer_id = _contact_of_sender(unit, settings, actor, row, name)
    values = references.customer(unit, customer_id, row["customer_address"])
    if customer_id == row["customer_id"] and row["customer_state"] != KNOWN:  # no column that has a line differs
        note(unit, row["id"], actor, "changed", field="customer", before=row["customer_state"], after=KNOWN)
    return changing.write(unit, actor, row, values)


def _contact_of_sender(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, row: gate.Row, name: str) -> int:
    address = row["customer_address"]
    if not address:
        raise Missing("It is not known who wrote: choose a contact, or set the customer's address first.", ["customer"])
    if address in settings.own_addresses:
        raise Invalid(f"{address} is an address of our own; choose a contact, or set the customer's address first.")
    sender = Customer(None, UNKNOWN, " ".join((name.strip() or row["customer_name"]).split()), address)
    origin = Origin(f"user {actor.name}" if actor.user_id is not None else actor.name, user_id=actor.user_id)
    found = with_contact(unit, settings, sender, origin).id
    assert found is not None
    return found
