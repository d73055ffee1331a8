"""What a request may point at: an entry of the catalogue that is offered, a user, a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from crm.errors import Invalid
from crm.request.bounds import is_address, is_id
from crm.rights import workers
from storage.crm import request_rows
from storage.unit_of_work import SqlUnitOfWork


class _Entry(Protocol):
    @property
    def id(self) -> int: ...


Entry = TypeVar("Entry", bound=_Entry)


def offered(kind: str, entries: Sequence[Entry], wanted: int) -> Entry:
    """One that is not archived. Raises `Invalid`."""
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise Invalid(f"There is no such {kind} to choose.")


def user_id(unit: SqlUnitOfWork, wanted: int | None) -> int | None:
    """A user to whom a request or an activity can be given; raises `Invalid` for any other."""
    if wanted is None:
        return None
    row = user(unit, wanted)
    if row is None:
        raise Invalid("There is no such user.")
    if row["blocked"]:
        raise Invalid(f"{row['name']} is blocked: nothing can be given to him.")
    able = workers(unit)
    if able is not None and row["id"] not in able:
        raise Invalid(f"{row['name']} may not answer customers: choose a colleague who may, or give him such a role.")
    return int(row["id"])


def still_able(unit: SqlUnitOfWork, wanted: int | None) -> int | None:
    """The same, and None for whom it raises: who was chosen before."""
    try:
        return user_id(unit, wanted)
    except Invalid:
        return None


def address(text: str) -> str:
    """A customer's mail address in lower case, "" for none. Raises `Invalid` for what no answer can go to."""
    plain = text.strip().lower()
    if plain and not is_address(plain):
        raise Invalid(f"{text.strip()[:100]!r} is no mail address; write it as name@example.org.")
    return plain


def user(unit: SqlUnitOfWork, number: int | None) -> Mapping[Any, Any] | None:
    """His id, name and whether he is blocked; None for nobody."""
    return None if number is None or not is_id(number) else request_rows.user(unit.session.connection, number)


def is_customer(unit: SqlUnitOfWork, contact_id: int | None) -> bool:
    """Whether there is such a contact of the company, still."""
    return (
        contact_id is not None
        and is_id(contact_id)
        and request_rows.contact(unit.session.connection, contact_id) is not None
    )


def customer(unit: SqlUnitOfWork, contact_id: int, address: str = "") -> dict[str, Any]:
    """The columns of a known customer. `address`: kept where it is one of his, and where he has none.

    Raises `Invalid` when there is no such contact of the company.
    """
    unit.flush()  # the contact may be of this transaction
    found = request_rows.contact(unit.session.connection, contact_id) if is_id(contact_id) else None
    if found is None:
        raise Invalid("There is no such contact in the company's address books.")
    name, addresses = found
    used = address if address in addresses or not addresses else addresses[0]
    return {"customer_id": contact_id, "customer_name": name, "customer_address": used, "customer_state": "known"}
