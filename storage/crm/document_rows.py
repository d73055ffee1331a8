"""Tickets, quotes and meetings. Rows are added and read; but for the status of a ticket nothing is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, or_, select, update

from storage.session import chunks
from storage.tables import document_lines as lines
from storage.tables import documents, requests, statuses

_LOCK = (
    select(documents.c.id)
    .where(documents.c.id == bindparam("number"))
    .with_for_update()
    .with_hint(documents, "WITH (UPDLOCK, ROWLOCK)", "mssql")
)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document, without its lines."""

    id: int
    kind: str
    number: str
    request_id: int
    request_number: str
    status_id: int | None
    status_name: str
    title: str
    text: str
    currency: str
    net_cents: int
    tax_cents: int
    total_cents: int
    valid_until: datetime | None
    activity_id: int | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of a quote."""

    document_id: int
    position: int
    text: str
    quantity_thousandths: int
    unit: str
    price_cents: int
    discount_basis_points: int
    tax_basis_points: int
    net_cents: int


def add(connection: Connection, row: dict[str, Any], its_lines: Sequence[dict[str, Any]] = ()) -> int:
    """Gives its id. `row` and `its_lines` are columns by name."""
    added = connection.execute(insert(documents).values(**row)).inserted_primary_key
    assert added is not None
    number = int(added[0])
    if its_lines:
        connection.execute(insert(lines), [{**line, "document_id": number} for line in its_lines])
    return number


def document(connection: Connection, number: int) -> DocumentRow | None:
    """By its id."""
    found = _read(connection, _rows().where(documents.c.id == number))
    return found[0] if found else None


def lock(connection: Connection, number: int) -> None:
    """Nobody else sells this quote until the end of this transaction."""
    connection.execute(_LOCK, {"number": number})


def of_request(connection: Connection, request_ids: Sequence[int]) -> list[DocumentRow]:
    """Of a request and those that were merged into it, the oldest first."""
    parts = (_rows().where(documents.c.request_id.in_(part)).order_by(documents.c.id) for part in chunks(request_ids))
    return [row for wanted in parts for row in _read(connection, wanted)]


def with_merged(connection: Connection, request_id: int) -> list[int]:
    """A request, and those that were merged into it."""
    r = requests.c
    wanted = select(r.id).where(or_(r.id == request_id, r.merged_into_id == request_id)).order_by(r.id)
    return [int(number) for number in connection.execute(wanted).scalars()]


def listed(
    connection: Connection,
    *,
    seen: ColumnElement[bool],
    kind: str = "",
    status_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[DocumentRow]:
    """The newest first, of the requests that `seen` (storage.crm.scope) lets through."""
    wanted = _rows().where(seen).order_by(documents.c.id.desc()).limit(limit)
    if kind:
        wanted = wanted.where(documents.c.kind == kind)
    if status_id is not None:
        wanted = wanted.where(documents.c.status_id == status_id)
    if before is not None:
        wanted = wanted.where(documents.c.id < before)
    return _read(connection, wanted)


def lines_of(connection: Connection, document_ids: Sequence[int]) -> list[LineRow]:
    """Of some documents, by document and position."""
    columns = [lines.c[name] for name in LineRow.__dataclass_fields__]
    wanted = select(*columns).where(lines.c.document_id.in_(list(document_ids)))
    rows = connection.execute(wanted.order_by(lines.c.document_id, lines.c.position)).mappings()
    return [LineRow(**row) for row in rows]


def set_ticket_status(connection: Connection, number: int, old: int | None, new: int) -> bool:
    """False when somebody else changed it meanwhile."""
    d = documents.c
    wanted = update(documents).where(d.id == number, d.kind == "ticket", d.status_id == old)
    return bool(connection.execute(wanted.values(status_id=new)).rowcount)


def _rows() -> Select[Any]:
    d = documents.c
    names = [name for name in DocumentRow.__dataclass_fields__ if name not in ("request_number", "status_name")]
    joined = documents.join(requests, requests.c.id == d.request_id).outerjoin(statuses, statuses.c.id == d.status_id)
    more = (requests.c.number.label("request_number"), statuses.c.name.label("status_name"))
    return select(*(d[name] for name in names), *more).select_from(joined)


def _read(connection: Connection, wanted: Select[Any]) -> list[DocumentRow]:
    rows = connection.execute(wanted).mappings()
    return [DocumentRow(**{**row, "status_name": row["status_name"] or ""}) for row in rows]
