"""A mail opens a request: whose it is, of which type, how urgent and who does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm.actor import INTAKE
from crm.intake.customers import UNKNOWN, Customer, Writer, customer_of, provisional
from crm.intake.model import Delivered
from crm.intake.placing import Placement
from crm.intake.sorting import Sorted, sort
from crm.mail.model import Mail
from crm.request.model import NewRequest, Person
from crm.request.opening import open_request
from crm.rules.model import Outcome
from crm.settings import CrmSettings, Mailbox
from storage.limits import cut
from storage.unit_of_work import SqlUnitOfWork

_MOST_PEOPLE = 50
_NORMAL = 3
_LONGEST_SUBJECT = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """A new request."""

    request_id: int
    spam: bool
    explanation: str  # which rules matched, and why


def open_for(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    delivered: Delivered,
    mail: Mail,
    placement: Placement,
    writer: Writer,
) -> Opened | None:
    """None where a rule or the policy for unknown senders says that nobody has to act on it."""
    box = settings.mailboxes.get(delivered.mailbox)
    customer = customer_of(unit, settings, writer.party)
    found = sort(unit, settings, mail, delivered.raw, delivered.mailbox, customer, passed_on=bool(writer.forwarded_by))
    policy = box.unknown_sender if box is not None else settings.unknown_sender
    if found.outcome.ignore or _is_ignored(customer, policy):
        return None
    if _deserves_contact(mail, customer, found.outcome, policy):
        customer = provisional(unit, settings, customer)
    new = _new_request(settings, delivered, mail, placement, writer, customer, found, box)
    request = open_request(unit, settings, INTAKE, new)
    return Opened(request.id, found.outcome.spam, found.outcome.explanation)


def _is_ignored(customer: Customer, policy: str) -> bool:
    return policy == "ignore" and customer.id is None


def _deserves_contact(mail: Mail, customer: Customer, outcome: Outcome, policy: str) -> bool:
    """No contact is made of what a machine wrote, of spam, or of a sender who is not exactly one address, or forged."""
    person = bool(customer.address) and not mail.automatic and not outcome.spam
    return person and policy == "create" and customer.state == UNKNOWN and mail.verified and not mail.forged


def _new_request(
    settings: CrmSettings,
    delivered: Delivered,
    mail: Mail,
    placement: Placement,
    writer: Writer,
    customer: Customer,
    found: Sorted,
    box: Mailbox | None,
) -> NewRequest:
    outcome = found.outcome
    return NewRequest(
        subject=cut(mail.subject, _LONGEST_SUBJECT),
        type_name=outcome.request_type or (box.request_type if box is not None else ""),
        responsible_id=found.responsible_id,
        customer_id=customer.id,
        customer_state=customer.state,
        customer_name=customer.name,
        customer_address=customer.address,
        priority=outcome.priority or _NORMAL,
        effort=outcome.effort or _NORMAL,
        mailbox=delivered.mailbox,
        tags=outcome.tags,
        people=tuple(_people(settings, mail, writer))[:_MOST_PEOPLE],
        spam=outcome.spam,
        continues=placement.continues,
        possible=placement.possibly,
    )


def _people(settings: CrmSettings, mail: Mail, writer: Writer) -> Iterator[Person]:
    """Who got it besides us. Nobody of what went to a list, and a colleague who passed it on."""
    if writer.forwarded_by:
        yield Person(writer.forwarded_by, mail.sender.name, "colleague")
        return
    if mail.automatic:
        return
    for party in dict.fromkeys((*mail.to, *mail.cc)):
        if party.address and party.address not in settings.own_addresses and party.address != writer.party.address:
            yield Person(party.address, party.name)
