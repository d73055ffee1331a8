"""Lists of requests, page after page, and counts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from storage.crm.request_rows import with_names
from storage.tables import requests

R = requests.c
CARD = (
    *(R.id, R.number, R.subject, R.type_id, R.status_id, R.responsible_id, R.customer_id, R.customer_name),
    *(R.customer_address, R.weight, R.priority, R.effort, R.mailbox, R.is_open, R.spam, R.rank, R.version),
    *(R.created_at, R.changed_at, R.last_message_at, R.closed_at),
)
ORDERS: Mapping[str, ColumnElement[Any]] = {"changed": R.changed_at, "created": R.id, "weight": R.weight}

Place: TypeAlias = tuple[Any, int]
"""What a list is ordered by, and the id, of the last request that was shown."""


def page(
    connection: Connection, condition: ColumnElement[bool], order: str, after: Place | None, limit: int
) -> Sequence[RowMapping]:
    """The newest, or the heaviest, first."""
    by = ORDERS[order]
    wanted = with_names(*CARD).where(condition)
    if after is not None:
        # The first half alone lets every database begin in the index at this place.
        wanted = wanted.where(by <= after[0], or_(by < after[0], R.id < after[1]))
    return _rows(connection, wanted.order_by(by.desc(), *([] if order == "created" else [R.id.desc()])), limit)


def column(
    connection: Connection, condition: ColumnElement[bool], status_id: int, after: Place | None, limit: int
) -> Sequence[RowMapping]:
    """Open requests of a status, in the order people put them."""
    wanted = with_names(*CARD).where(R.is_open.is_(True), R.status_id == status_id, condition)
    if after is not None:
        wanted = wanted.where(R.rank >= after[0], or_(R.rank > after[0], R.id > after[1]))
    return _rows(connection, wanted.order_by(R.rank, R.id), limit)


def one_card(connection: Connection, condition: ColumnElement[bool], number: int) -> RowMapping | None:
    """The card of one request, if the condition holds of it."""
    return connection.execute(with_names(*CARD).where(R.id == number, condition)).mappings().first()


def of_customer(
    connection: Connection, condition: ColumnElement[bool], customer_id: int | None, address: str, limit: int
) -> Sequence[RowMapping]:
    """The newest of a customer, by contact or address."""
    ways = [R.customer_id == customer_id] if customer_id is not None else []
    ways += [R.customer_address == address] if address else []
    if not ways:
        return ()
    return _rows(connection, with_names(*CARD).where(condition, or_(*ways)).order_by(R.id.desc()), limit)


def _rows(connection: Connection, wanted: Select[Any], limit: int) -> Sequence[RowMapping]:
    return connection.execute(wanted.limit(limit)).mappings().all()


def counts(connection: Connection, condition: ColumnElement[bool]) -> Sequence[RowMapping]:
    """How many of each status, type and responsible together: not more rows than there are such triples."""
    columns = (R.status_id, R.type_id, R.responsible_id)
    wanted = select(*columns, func.count().label("often")).where(condition).group_by(*columns)
    return connection.execute(wanted).mappings().all()


def counts_by_status(connection: Connection, condition: ColumnElement[bool]) -> dict[int, int]:
    """How many open requests are in each column."""
    wanted = select(R.status_id, func.count().label("often")).where(and_(R.is_open.is_(True), condition))
    return {row.status_id: row.often for row in connection.execute(wanted.group_by(R.status_id))}
