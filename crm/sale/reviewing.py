"""Reviews: whether what was done helped, and whether it was worth its cost."""

from __future__ import annotations

from dataclasses import dataclass

from crm.actor import OUTBOX, Actor
from crm.errors import Invalid
from crm.request.history import note
from crm.request.reading import request, subject_of
from crm.rights import authorise
from storage.crm import document_rows, sale_rows
from storage.crm.sale_rows import ReviewRow
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class NewReview:
    """Marks from 1 to 5, a text, or both."""

    request_id: int
    effective: int | None = None  # 1: it did not help
    efficient: int | None = None  # 1: far too costly
    text: str = ""
    activity_id: int | None = None


def review(unit: SqlUnitOfWork, actor: Actor, new: NewReview) -> ReviewRow:
    """Write one. Raises `Invalid`."""
    authorise(actor, "review.write", subject_of(unit, new.request_id))
    found = request(unit, OUTBOX, new.request_id)
    marks = [mark for mark in (new.effective, new.efficient) if mark is not None]
    if any(not 1 <= mark <= 5 for mark in marks) or (not marks and not new.text.strip()):
        raise Invalid("A review needs a mark from 1 to 5, or a text.")
    if len(new.text) > 100_000:
        raise Invalid("The text of a review has at most 100,000 characters.")
    connection = unit.session.connection
    if new.activity_id is not None and sale_rows.request_of_activity(connection, new.activity_id) != found.id:
        raise Invalid("The activity is not one of this request.")
    row = {
        "request_id": found.id,
        "activity_id": new.activity_id,
        "effective": new.effective,
        "efficient": new.efficient,
        "text": new.text.strip(),
        "at": unit.session.now(),
        "author": actor.name,
    }
    number = sale_rows.add_review(connection, row)
    note(unit, found.id, actor, "reviewed")
    return next(one for one in sale_rows.reviews_of(connection, [found.id]) if one.id == number)


def reviews(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> list[ReviewRow]:
    """Of a request and those that were merged into it, the oldest first. They are internal."""
    authorise(actor, "request.internal", subject_of(unit, request_id))
    found = request(unit, OUTBOX, request_id)
    connection = unit.session.connection
    return sale_rows.reviews_of(connection, document_rows.with_merged(connection, found.id))
