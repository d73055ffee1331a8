"""Who takes part in a request, its tags, and internal notes."""

from __future__ import annotations

from crm.actor import INTAKE, Actor
from crm.errors import Invalid, Missing, Refused
from crm.request import gate
from crm.request.bounds import is_address, is_plain
from crm.request.history import note
from crm.request.model import Note, Person
from crm.request.tagging import fit_tag
from crm.rights import authorise
from storage.crm import request_parts, request_rows
from storage.unit_of_work import SqlUnitOfWork

ROLES = ("customer", "copy", "colleague")
_LONGEST_NOTE = 100_000


def add_person(unit: SqlUnitOfWork, actor: Actor, request_id: int, person: Person) -> None:
    """Twice is fine; a new name or role replaces the old one."""
    row = gate.taken(unit, actor, "request.change", request_id)
    if actor == INTAKE and (person.address == row["customer_address"] or not is_address(person.address)):
        return  # a mail is taken in, whatever address it comes from
    address = _address(person.address)
    if person.role not in ROLES or (person.role == "customer") != (address == row["customer_address"]):
        raise Invalid("Who takes part gets copies or is a colleague; the customer is set as the request's customer.")
    request_parts.put_person(unit.session.connection, row["id"], address, person.name, person.role)
    _touch(unit, actor, row["id"], "people", after=address)


def remove_person(unit: SqlUnitOfWork, actor: Actor, request_id: int, address: str) -> None:
    """He sees it no more. The customer cannot be removed (`Refused`)."""
    row = gate.taken(unit, actor, "request.change", request_id)
    if address.strip().lower() == row["customer_address"]:
        raise Refused("This is the customer: choose another customer first.")
    gone = address.strip().lower()
    if is_plain(gone) and request_parts.remove_person(unit.session.connection, row["id"], gone):
        _touch(unit, actor, row["id"], "people", before=gone)


def add_tag(unit: SqlUnitOfWork, actor: Actor, request_id: int, tag: str) -> None:
    """Twice is fine."""
    row = gate.taken(unit, actor, "request.change", request_id)
    if request_parts.add_tag(unit.session.connection, row["id"], fit_tag(tag)):
        _touch(unit, actor, row["id"], "tag", after=fit_tag(tag))


def remove_tag(unit: SqlUnitOfWork, actor: Actor, request_id: int, tag: str) -> None:
    """One that is not there is fine."""
    row = gate.taken(unit, actor, "request.change", request_id)
    if request_parts.remove_tag(unit.session.connection, row["id"], fit_tag(tag)):
        _touch(unit, actor, row["id"], "tag", before=fit_tag(tag))


def tags(unit: SqlUnitOfWork, actor: Actor, *, begin: str = "", limit: int = 50) -> tuple[tuple[str, int], ...]:
    """Tags in use and how often, the most used first."""
    authorise(actor, "catalogue.read")
    if not is_plain(begin):
        return ()
    return tuple(request_parts.tags_in_use(unit.session.connection, begin.lower(), max(1, min(limit, 500))))


def add_note(unit: SqlUnitOfWork, actor: Actor, request_id: int, text: str) -> Note:
    """An internal note."""
    row = gate.taken(unit, actor, "request.note", request_id)
    if not text.strip():
        raise Missing("Write what you want to note.", ["text"])
    if len(text) > _LONGEST_NOTE:
        raise Invalid(f"A note has at most {_LONGEST_NOTE:,} characters.")
    written = {"request_id": row["id"], "author": actor.name, "text": text, "at": unit.session.now()}
    number = request_parts.add_note(unit.session.connection, {**written, "user_id": actor.user_id})
    note(unit, row["id"], actor, "noted")
    return Note(number, row["id"], actor.name, text, written["at"])


def notes(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Note, ...]:
    """The oldest first."""
    row = gate.seen(unit, actor, "request.internal", request_id)
    return tuple(Note(**line) for line in request_parts.notes(unit.session.connection, row["id"]))


def _touch(unit: SqlUnitOfWork, actor: Actor, number: int, field: str, *, before: str = "", after: str = "") -> None:
    """Nobody's view of the request is stale for this."""
    values = {"changed_at": unit.session.now()}
    request_rows.change(unit.session.connection, number, values, new_version=False)
    note(unit, number, actor, "changed", field=field, before=before, after=after)


def _address(address: str) -> str:
    plain = address.strip().lower()
    if not is_address(plain):
        raise Invalid("That is not a mail address.")
    return plain
