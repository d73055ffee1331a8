"""Lists of requests, page after page, and counts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from storage.crm.request_rows import with_names
from storage.session import chunks
from storage.tables import requests

R = requests.c
CARD = (
    *(R.id, R.number, R.subject, R.type_id, R.status_id, R.responsible_id, R.customer_id, R.customer_name),
    *(R.customer_address, R.weight, R.priority, R.effort, R.mailbox, R.is_open, R.spam, R.rank, R.version),
    *(R.created_at, R.changed_at, R.last_message_at, R.closed_at),
)
ORDERS: Mapping[str, ColumnElement[Any]] = {"changed": R.changed_at, "created": R.id, "weight": R.weight}

FEW = 4000  # cards of a board: read and sorted at once in a moment

Cards: TypeAlias = Sequence[RowMapping]
Place: TypeAlias = tuple[Any, int]
"""What a list is ordered by, and the id, of the last request that was shown."""


def page(connection: Connection, condition: ColumnElement[bool], order: str, after: Place | None, limit: int) -> Cards:
    """The newest, or the heaviest, first."""
    by = ORDERS[order]
    wanted = select(R.id).where(condition)
    if after is not None:
        # The first half alone lets every database begin in the index at this place.
        wanted = wanted.where(by <= after[0], or_(by < after[0], R.id < after[1]))
    wanted = wanted.order_by(by.desc(), *([] if order == "created" else [R.id.desc()]))
    return cards(connection, _ids(connection, wanted, limit))


def column(
    connection: Connection, condition: ColumnElement[bool], status_id: int, after: Place | None, limit: int
) -> Cards:
    """Open requests of a status, in the order people put them."""
    return cards(connection, _in_column(connection, condition, status_id, after, limit))


def columns(connection: Connection, condition: ColumnElement[bool], often: Mapping[int, int], limit: int) -> Cards:
    """The first cards of all columns, column after column. `often`: what `counts_by_status` found.

    Few in all are read together: they were found by an index that is not the board's. Of many, each column is read by
    itself in the order of the board, where the first ones are found soon.
    """
    if sum(often.values()) > FEW:
        found = [number for status in often for number in _in_column(connection, condition, status, None, limit)]
        return cards(connection, found)
    place = func.row_number().over(partition_by=R.status_id, order_by=(R.rank, R.id)).label("place")
    placed = select(R.id, R.status_id, place).where(R.is_open.is_(True), condition).subquery("placed")
    wanted = select(placed.c.id).where(placed.c.place <= limit).order_by(placed.c.status_id, placed.c.place)
    return cards(connection, connection.execute(wanted).scalars().all())


def one_card(connection: Connection, condition: ColumnElement[bool], number: int) -> Cards:
    """The card of one request, if the condition holds of it."""
    return cards(connection, _ids(connection, select(R.id).where(R.id == number, condition), 1))


def of_customer(
    connection: Connection, condition: ColumnElement[bool], customer_id: int | None, address: str, limit: int
) -> Cards:
    """The newest of a customer, by contact or address."""
    ways = [R.customer_id == customer_id] if customer_id is not None else []
    ways += [R.customer_address == address] if address else []
    if not ways:
        return ()
    return cards(connection, _ids(connection, select(R.id).where(condition, or_(*ways)).order_by(R.id.desc()), limit))


def cards(connection: Connection, numbers: Sequence[int]) -> Cards:
    """What is shown of these requests, in their order.

    Apart from the question which ones: joined to it, the names would be looked up for all that match, not for a page.
    """
    found = {}
    for part in chunks(numbers):
        wanted = with_names(*CARD).where(R.id.in_(part))
        found.update({row["id"]: row for row in connection.execute(wanted).mappings()})
    return [found[number] for number in numbers]


def _in_column(
    connection: Connection, condition: ColumnElement[bool], status_id: int, after: Place | None, limit: int
) -> Sequence[int]:
    wanted = select(R.id).where(R.is_open.is_(True), R.status_id == status_id, condition)
    if after is not None:
        wanted = wanted.where(R.rank >= after[0], or_(R.rank > after[0], R.id > after[1]))
    return _ids(connection, wanted.order_by(R.rank, R.id), limit)


def _ids(connection: Connection, wanted: Select[int], limit: int) -> Sequence[int]:
    return connection.execute(wanted.limit(limit)).scalars().all()


def counts(connection: Connection, condition: ColumnElement[bool]) -> Sequence[RowMapping]:
    """How many of each status, type and responsible together: not more rows than there are such triples."""
    columns = (R.status_id, R.type_id, R.responsible_id)
    wanted = select(*columns, func.count().label("often")).where(condition).group_by(*columns)
    return connection.execute(wanted).mappings().all()


def counts_by_status(connection: Connection, condition: ColumnElement[bool]) -> dict[int, int]:
    """How many open requests are in each column."""
    wanted = select(R.status_id, func.count().label("often")).where(and_(R.is_open.is_(True), condition))
    return {row.status_id: row.often for row in connection.execute(wanted.group_by(R.status_id))}
