"""Documents as they were made."""

from __future__ import annotations

from crm.actor import Actor
from crm.document.model import KINDS, Document, KeptLine
from crm.document.sums import taxes_of
from crm.errors import Invalid, NotThere
from crm.request.reading import current_id, subject_of
from crm.rights import authorise, scope_of
from storage.crm import document_rows
from storage.crm.document_rows import DocumentRow, LineRow
from storage.crm.scope import within
from storage.unit_of_work import SqlUnitOfWork

NOTHING_THERE = "There is no such document."


def document(unit: SqlUnitOfWork, actor: Actor, number: int) -> Document:
    """By its id. Raises `NotThere`."""
    row = document_rows.document(unit.session.connection, number)
    if row is None:
        raise NotThere(NOTHING_THERE)
    try:
        authorise(actor, "request.read", subject_of(unit, row.request_id))
    except NotThere:
        raise NotThere(NOTHING_THERE) from None
    return _whole(row, document_rows.lines_of(unit.session.connection, [row.id]))


def documents(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> list[Document]:
    """Of a request and those that were merged into it, the oldest first."""
    authorise(actor, "request.read", subject_of(unit, request_id))
    connection = unit.session.connection
    ids = document_rows.with_merged(connection, current_id(unit, request_id) or request_id)
    rows = document_rows.of_request(connection, ids)
    lines = document_rows.lines_of(connection, [row.id for row in rows])
    return [_whole(row, [line for line in lines if line.document_id == row.id]) for row in rows]


def listed(
    unit: SqlUnitOfWork,
    actor: Actor,
    *,
    kind: str = "",
    status_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Document]:
    """Of all requests that the actor may see, the newest first, without lines. `before`: the last id of a page."""
    if kind and kind not in KINDS:
        raise Invalid(f"A document is one of {', '.join(KINDS)}.")
    reach = scope_of(actor, "request.read")
    seen = within(reach, user_id=actor.user_id, address=actor.address, groups=actor.groups)
    limit = min(max(limit, 1), 200)
    rows = document_rows.listed(
        unit.session.connection, seen=seen, kind=kind, status_id=status_id, before=before, limit=limit
    )
    return [_whole(row, []) for row in rows]


def _whole(row: DocumentRow, lines: list[LineRow]) -> Document:
    own = {name: getattr(row, name) for name in DocumentRow.__dataclass_fields__}
    kept = tuple(KeptLine(**{name: getattr(line, name) for name in KeptLine.__dataclass_fields__}) for line in lines)
    return Document(**own, lines=kept, taxes=taxes_of([(line.tax_basis_points, line.net_cents) for line in kept]))
