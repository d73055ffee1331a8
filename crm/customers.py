"""Choosing the customer of a request among the company's contacts."""

from __future__ import annotations

from crm.actor import Actor
from crm.errors import Invalid, NotThere
from crm.rights import authorise
from storage.crm.customer_search import CustomerFound, find_customers, one_customer
from storage.unit_of_work import SqlUnitOfWork

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
