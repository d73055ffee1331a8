"""A mail must open a request, whatever became of what a rule names: a user was blocked, a contact was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crm.errors import Invalid
from crm.request import references
from crm.request.bounds import is_plain
from crm.request.model import NewRequest
from crm.request.reading import current_id
from crm.request.tagging import fit_tag
from storage.unit_of_work import SqlUnitOfWork


def what_holds(unit: SqlUnitOfWork, new: NewRequest) -> NewRequest:
    """The same without what cannot be used: nobody is responsible then, the customer is unknown, a tag is left out."""
    unit.flush()  # the contact may be of this transaction
    customer = new.customer_id if references.is_customer(unit, new.customer_id) else None
    return replace(
        new,
        responsible_id=references.still_able(unit, new.responsible_id),
        customer_id=customer,
        priority=min(max(new.priority, 1), 5),
        effort=min(max(new.effort, 1), 5),
        tags=tuple(_tags(new.tags)),
        mailbox=new.mailbox if is_plain(new.mailbox) else "",
        continues=new.continues if new.continues and current_id(unit, new.continues) else None,
        possible=tuple(other for other in new.possible if current_id(unit, other) is not None),
    )


def _tags(tags: tuple[str, ...]) -> Iterator[str]:
    for tag in tags:
        try:
            yield fit_tag(tag)
        except Invalid:
            continue
